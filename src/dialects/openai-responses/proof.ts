/** How does thinking that is signed or hidden travel as `encrypted_content`, and come back as what it was? */
import type { DialectName } from '#core/message';
import { unwrapProof, wrapProof } from '#dialects/carried-proof';

const SPOKEN: DialectName = 'openai-responses';

/** Marks a foreign redacted payload; signatures are base64 and never begin so. */
const REDACTED = 'redacted:';

export interface Proof {
  /** `redacted`: the payload is the thinking itself, hidden; `signature`: it vouches for the text beside it. */
  readonly kind: 'signature' | 'redacted';
  readonly text: string;
  readonly origin: DialectName;
}

/** The `encrypted_content` of a reasoning item. */
export const writeEncrypted = ({ kind, text, origin }: Proof): string =>
  wrapProof(kind === 'redacted' && origin !== SPOKEN ? REDACTED + text : text, origin, SPOKEN);

/** What an `encrypted_content` that a caller sent back stands for. */
export const readEncrypted = (encrypted: string): Proof => {
  const { proof, origin } = unwrapProof(encrypted, SPOKEN);
  return origin !== SPOKEN && proof.startsWith(REDACTED)
    ? { kind: 'redacted', text: proof.slice(REDACTED.length), origin }
    : { kind: 'signature', text: proof, origin };
};
