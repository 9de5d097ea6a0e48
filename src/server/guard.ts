/** Who is calling: checks the access token of a request, in either header clients use. */
import { sameDigest, secretDigest } from '#platform/secret';

/** A named access token with its value, as read from the environment. */
export interface GrantedToken {
  readonly name: string;
  readonly secret: string;
}

export type Access =
  | { readonly ok: true; readonly token: string | undefined }
  /** `why` is for the caller, in words. */
  | { readonly ok: false; readonly why: string };

export interface Guard {
  /** Looks at `Authorization: Bearer` and `x-api-key`; one valid token is enough. Without tokens everybody may pass but web pages of other sites. */
  check(headers: Headers): Access;
}

const NO_TOKEN: Access = { ok: false, why: 'invalid or missing API key' };
/**
 * Whoever looks at a web page anywhere would otherwise have their browser use the models of their own machine: a request
 * whose answer the page may not read is sent all the same. Browsers say so in this header (Fetch Metadata, W3C).
 */
const ELSEWHERE: Access = {
  ok: false,
  why: 'a web page of another site may not use a server without an access token: set one, or serve the page from this machine',
};

const BEARER = /^bearer\s+(\S.*)$/i;

const offered = (headers: Headers): readonly string[] => {
  const bearer = BEARER.exec(headers.get('authorization') ?? '')?.[1]?.trim();
  const key = headers.get('x-api-key')?.trim();
  return [bearer, key].filter((value): value is string => value !== undefined && value !== '');
};

/** Creates a guard; every token is compared every time, so the order tells nothing. */
export const createGuard = (tokens: readonly GrantedToken[]): Guard => {
  const known = tokens.map(({ name, secret }) => ({ name, digest: secretDigest(secret) }));
  return {
    check(headers) {
      if (known.length === 0)
        return headers.get('sec-fetch-site') === 'cross-site' ? ELSEWHERE : { ok: true, token: undefined };
      let found: string | undefined;
      for (const value of offered(headers)) {
        const digest = secretDigest(value);
        for (const token of known) if (sameDigest(token.digest, digest)) found = token.name;
      }
      return found === undefined ? NO_TOKEN : { ok: true, token: found };
    },
  };
};
