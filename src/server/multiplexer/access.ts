/** Who may use a multiplexer that listens on this address? */
import type { Effects } from '#platform/effects';
import type { GrantedToken } from '#server/guard';
import { isLoopback } from '#server/listen';

export interface AccessOptions {
  readonly host: string;
  /** NAME of the variable that holds the token callers must send. */
  readonly authEnv?: string | undefined;
  readonly allowPublicWithoutAuth: boolean;
}

/**
 * The tokens that callers may send; none where all who can reach the address may use it.
 * @throws Error with a remedy when others could use it although nobody has to say who he is
 */
export const readTokens = (
  { host, authEnv, allowPublicWithoutAuth }: AccessOptions,
  env: Effects['env'],
): readonly GrantedToken[] => {
  if (authEnv === undefined) {
    if (isLoopback(host) || allowPublicWithoutAuth) return [];
    throw new Error(
      `${host} may be reached from other machines and no token is set: give --auth-env NAME, bind 127.0.0.1, or say ` +
        '--allow-public-without-auth',
    );
  }
  const secret = env(authEnv);
  if (secret === undefined)
    throw new Error(`--auth-env ${authEnv}: that environment variable is unset or blank; set it`);
  return [{ name: authEnv, secret }];
};
