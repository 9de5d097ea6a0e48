/** What do the verbs of model servers need of the world? Handed over by the command line; opened when first used. */

import type { Driver } from '#drivers/driver';
import type { Commands } from '#platform/commands';
import type { DockerEngine } from '#platform/docker-engine';
import type { Effects } from '#platform/effects';

export interface ServesWorld {
  readonly effects: Effects;
  readonly commands: Commands;
  /** The engine that this machine uses; not asked for by a file of processes only. @throws DockerError */
  docker(): Promise<DockerEngine>;
  /** Runs programs, and finds those again that an earlier run of ours started. */
  readonly processes: Driver;
  /** Where the output of a process goes. */
  processLog(serve: string): string;
  readonly signal: AbortSignal;
  /** Hears of what is going on, a line at a time. */
  readonly tell: (line: string) => void;
}
