/** A registry of scripted model servers in a folder of its own, and the real multiplexer over it as a process. */
import { rm } from 'node:fs/promises';
import type { SlotStatus, SlotsStatus } from '#core/slots-status';
import { SERVE_LABEL } from '#drivers/docker-spec';
import type { ContainerFacts, DockerEngine } from '#platform/docker-engine';
import { freePort } from '#tests/drivers/docker-support';
import { endServers } from '#tests/e2e/multiplexer-processes';
import { type Program, type Run, type RunOptions, run, SOURCE } from '#tests/e2e/program';
import { eventsOf, readerOf } from '#tests/support/sse';
import { scriptedEngineArgv, scriptedEngineImage } from '#tests/support/scripted-image';
import { type TemporaryFolder, tmpdir } from '#tests/support/tmp';

/** Longest wait for a state of the slots, in milliseconds. */
const STATE_MS = 20_000;

type Value = string | number | boolean | readonly string[];

export interface ModelRow {
  readonly name: string;
  /** Words for the scripted server. */
  readonly script?: readonly string[];
  readonly driver?: 'docker' | 'process';
  /** Further keys of the row, over the usual ones. */
  readonly keys?: Readonly<Record<string, Value>>;
}

export interface Rules {
  readonly models: readonly ModelRow[];
  /** Keys of `[multiplexer]`, over the usual ones. */
  readonly policy?: Readonly<Record<string, Value>>;
  /** MiB of the one GPU; absent: one model at a time. */
  readonly vramMib?: number;
}

export interface Multiplexer extends Run {
  readonly url: string;
  slots(): Promise<SlotsStatus>;
  /** The first state, from now on, for which this holds. Rejects after 20 s, with the last state seen. */
  until(what: string, holds: (status: SlotsStatus) => boolean): Promise<SlotsStatus>;
  /** Sends the signal and waits for the exit code. */
  end(signal: NodeJS.Signals): Promise<number>;
}

export interface World extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  /** Path of the registry. */
  readonly registry: string;
  /** Unlike that of any other world; every server of this one has it in its words. */
  readonly id: string;
  port(model: string): number;
  container(model: string): string;
  /** Writes the registry anew; ports and names stay. */
  write(rules: Rules): Promise<void>;
  /** Starts the multiplexer and waits until it listens. */
  start(...flags: readonly string[]): Promise<Multiplexer>;
  /** The same without waiting for anything. */
  launch(...flags: readonly string[]): Promise<Run>;
  /** All containers that the drivers made for this world. */
  containers(): Promise<readonly ContainerFacts[]>;
}

export interface WorldOptions {
  readonly engine: DockerEngine;
  /** Address on which the multiplexer listens, and what its command line begins with. */
  readonly host?: string;
  readonly program?: Program;
  readonly env?: Readonly<Record<string, string>>;
}

let worlds = 0;

const toml = (table: Readonly<Record<string, Value>>): string =>
  Object.entries(table)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    .join('');

const POLICY = {
  wait_bound_seconds: 60,
  drain_timeout_seconds: 20,
  min_resident_seconds: 0,
  linger_seconds: 0,
  retry_seconds: 1,
  retry_max_seconds: 2,
} as const;

const ROW = { engine: 'custom', gpu_access: 'none', gpu: '0', load_seconds: 1, load_timeout_seconds: 20 } as const;

/** The slot of one model. */
export const slotOf = ({ slots }: SlotsStatus, model: string): SlotStatus => {
  const found = slots.find((slot) => slot.model === model);
  if (found === undefined) throw new Error(`there is no slot of ${model}`);
  return found;
};

/** For `until`: the model is in this state. */
export const inState =
  (model: string, state: SlotStatus['state']) =>
  (status: SlotsStatus): boolean =>
    slotOf(status, model).state === state;

const readSlots = async (url: string): Promise<SlotsStatus> =>
  (await (await fetch(`${url}/v1/slots`)).json()) as SlotsStatus;

const untilSlots = async (
  url: string,
  what: string,
  holds: (status: SlotsStatus) => boolean,
): Promise<SlotsStatus> => {
  const response = await fetch(`${url}/v1/slots/events`, { signal: AbortSignal.timeout(STATE_MS) });
  await using reader = readerOf(response);
  let last: SlotsStatus | undefined;
  try {
    for (let seen = 0; ; ) {
      await reader.until('\n\n');
      const { text } = reader;
      const whole = text.slice(seen, text.lastIndexOf('\n\n') + 2);
      for (const { data } of eventsOf(whole)) {
        last = JSON.parse(data) as SlotsStatus;
        if (holds(last)) return last;
      }
      seen += whole.length;
      await reader.more();
    }
  } catch (error) {
    throw new Error(`never ${what}: ${error}; last seen: ${JSON.stringify(last, null, 1)}`);
  }
};
