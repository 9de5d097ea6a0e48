/** What may be asked of a Docker Engine? The part of its HTTP API that starting and watching model servers needs. */

/** One container as the engine describes it. */
export interface ContainerFacts {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  /** `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`. */
  readonly status: string;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly restartCount: number;
  /** Epoch milliseconds; undefined before its first start. */
  readonly startedAt: number | undefined;
  /** As given at creation, and the image id it resolved to. */
  readonly image: string;
  readonly imageId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly args: readonly string[];
  /** `NAME=value`, secrets included: never to be shown. */
  readonly env: readonly string[];
  readonly ports: readonly { readonly container: number; readonly host: number; readonly address: string }[];
}

export interface LogLine {
  readonly stream: 'out' | 'err';
  /** Without its line end; at most `LOG_LINE_CHARS_MAX`. */
  readonly text: string;
  /** When it was printed, as the engine wrote it down (RFC 3339, UTC, nine decimals: texts sort as times do). */
  readonly at?: string;
}

/** Characters kept of one line of output. */
export const LOG_LINE_CHARS_MAX = 16_384;

export interface LogWish {
  /** Lines from the end; absent: all. */
  readonly tail?: number;
  /** Epoch seconds, with fractions. */
  readonly since?: number;
  readonly follow: boolean;
}

export interface DockerEngine {
  /** Where it listens, for messages. */
  readonly address: string;
  /** Version of the engine. @throws DockerError */
  version(signal?: AbortSignal): Promise<string>;
  /** By name or id; undefined when there is none. @throws DockerError */
  inspect(name: string, signal?: AbortSignal): Promise<ContainerFacts | undefined>;
  /** Containers of any state with this label, `key` or `key=value`. @throws DockerError */
  list(label: string, signal?: AbortSignal): Promise<readonly ContainerFacts[]>;
  /** Name of the running container that publishes this port of the host, whoever made it. @throws DockerError */
  portHolder(port: number, signal?: AbortSignal): Promise<string | undefined>;
  /** Whether there is a volume of that name. @throws DockerError */
  hasVolume(name: string, signal?: AbortSignal): Promise<boolean>;
  /** Id of a local image; undefined when it is not there. @throws DockerError */
  imageId(image: string, signal?: AbortSignal): Promise<string | undefined>;
  /** `body` as the API's `POST /containers/create` has it; returns the id. @throws DockerError */
  create(name: string, body: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<string>;
  start(name: string, signal?: AbortSignal): Promise<void>;
  /** SIGTERM, then SIGKILL after `graceMs`; resolves when it has stopped. @throws DockerError */
  stop(name: string, graceMs: number, signal?: AbortSignal): Promise<void>;
  unpause(name: string, signal?: AbortSignal): Promise<void>;
  /** Removes it, killing it first if it runs; one that is gone already is no error. @throws DockerError */
  remove(name: string, signal?: AbortSignal): Promise<void>;
  /**
   * Resolves with the exit code when it is not running (any more). Gives up with `timeout` after four minutes, so that no
   * dead connection is waited on for ever: ask again. @throws DockerError
   */
  wait(name: string, signal?: AbortSignal): Promise<number>;
  /** Ends when the container does, or with the signal. @throws DockerError */
  logs(name: string, wish: LogWish, signal?: AbortSignal): AsyncIterable<LogLine>;
}

/**
 * Why the engine did not do it: `unreachable` nobody answers there; `conflict` a name or port is taken; `missing` no such
 * container or image; `refused` it said no for another reason; `timeout` it said nothing.
 */
export type DockerFault = 'unreachable' | 'conflict' | 'missing' | 'refused' | 'timeout';

/** The message is for people: what was asked, what the engine said, what to do. */
export class DockerError extends Error {
  override readonly name = 'DockerError';
  readonly fault: DockerFault;

  constructor(fault: DockerFault, message: string) {
    super(message);
    this.fault = fault;
  }
}
