/** How do `serves up` and `serves adopt` go about it: bring up, wait where asked to, tell, and exit? */
import type { FlagSpecs } from '#cli/command';
import type { Io } from '#cli/io';
import { CliError, EXIT, type ExitCode } from '#cli/output';
import { finish } from '#cli/serves-text';
import type { OpenedServes } from '#cli/serves-world';
import type { DeclaredServe } from '#config/serves';
import type { Outcome } from '#ops/serves/outcome';
import { bringUp } from '#ops/serves/up';
import { bringUpReady } from '#ops/serves/wait';

const DAY_SECONDS = 86_400;

export const UP_FLAGS = {
  wait: { kind: 'switch', help: 'Return when every serve is ready, or has failed' },
  'timeout-seconds': {
    kind: 'integer',
    value: 'N',
    min: 1,
    max: DAY_SECONDS,
    help: "Longest wait with --wait, instead of each serve's wait_seconds",
  },
  'dry-run': { kind: 'switch', help: 'Show what would be done' },
  json: { kind: 'switch', help: 'Print the outcome as JSON' },
} as const satisfies FlagSpecs;

export interface UpFlags {
  readonly wait: boolean;
  readonly 'timeout-seconds': number | undefined;
  readonly 'dry-run': boolean;
  readonly json: boolean;
}

/** @throws CliError when the flags contradict each other */
export const checkUpFlags = (flags: UpFlags): void => {
  if (flags['timeout-seconds'] !== undefined && !flags.wait) {
    throw new CliError('--timeout-seconds limits --wait; give both, or none', EXIT.usage);
  }
};

/** @param before what was done to make room */
export const upAndTell = async (
  serves: readonly DeclaredServe[],
  recreate: boolean,
  flags: UpFlags,
  { manifest, world, scrub }: OpenedServes,
  io: Io,
  before: readonly Outcome[] = [],
): Promise<ExitCode> => {
  const seconds = flags['timeout-seconds'];
  const waitMs = seconds === undefined ? undefined : seconds * 1000;
  const options = { recreate, dryRun: flags['dry-run'] };
  const came = flags.wait
    ? await bringUpReady(serves, manifest, { ...options, waitMs }, world)
    : await bringUp(serves, manifest, options, world);
  return finish([...before, ...came], flags.json, scrub, io);
};
