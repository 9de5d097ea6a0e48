/** How does this process get limits that Bun reads only at start-up: parallel fetches and the size of request heads? */
import { messageOf } from '#core/thrown';

/** Bun's default is 256 for the whole process; the next fetch waits in silence. 65,535 is the most it takes. */
const FETCHES_MAX = 16_384;
const FETCHES_VARIABLE = 'BUN_CONFIG_MAX_HTTP_REQUESTS';
/** Bun's default is 16 KiB. A compiled binary carries this flag inside (scripts/build.ts). */
const HEAD_FLAG = '--max-http-header-size';
const HEAD_BYTES_MAX = 65_536;
/** Set once the process has replaced itself, so that it never does so twice. */
const DONE_VARIABLE = 'ANVIL_SERVING_LIMITS_RAISED';

/** Why the process goes on as it is. */
export type LimitsOutcome =
  /** The limits were raised, here or by whoever started the process. */
  | { readonly kind: 'raised' }
  /** Windows cannot replace a process: 256 fetches, 16 KiB heads unless the caller set both from outside. */
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'failed'; readonly reason: string };

/** Inside a compiled binary the entry point lies in Bun's virtual folder. */
const isCompiled = (): boolean => Bun.main.startsWith('/$bunfs/') || /^[A-Za-z]:[\\/]~BUN[\\/]/.test(Bun.main);

/**
 * Replaces the process by itself with higher limits (same process id, same arguments); returns only where that is not
 * needed or not possible. Call it before anything is opened: nothing of this process survives. Costs 4 ms in a binary,
 * 7 ms from source (measured on 2 cores).
 */
export const raiseProcessLimits = (): LimitsOutcome => {
  const { env, argv, argv0, execArgv, execPath } = process;
  const alreadyDone = env[DONE_VARIABLE] !== undefined;
  delete env[DONE_VARIABLE];
  const hasFetches = env[FETCHES_VARIABLE] !== undefined;
  const hasHead = execArgv.some((argument) => argument.startsWith(`${HEAD_FLAG}=`));
  if (alreadyDone || (hasFetches && hasHead)) return { kind: 'raised' };
  const flags = hasHead ? execArgv : [...execArgv, `${HEAD_FLAG}=${HEAD_BYTES_MAX}`];
  const command = isCompiled() ? [argv0, ...argv.slice(2)] : [execPath, ...flags, ...argv.slice(1)];
  if (process.platform === 'win32' || process.execve === undefined) return { kind: 'unsupported' };
  try {
    process.execve(execPath, command, {
      ...env,
      [FETCHES_VARIABLE]: env[FETCHES_VARIABLE] ?? String(FETCHES_MAX),
      [DONE_VARIABLE]: '1',
    });
    return { kind: 'failed', reason: 'process.execve returned' };
  } catch (error) {
    return { kind: 'failed', reason: messageOf(error) };
  }
};
