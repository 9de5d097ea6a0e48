/** The world as an argument: everything outside the pure rings that the shell may touch, as one interface. */

export type TimerHandle = object | number;

export interface Clock {
  /** Monotonic milliseconds, fractional. */
  now(): number;
  /** Epoch milliseconds. */
  wall(): number;
  setTimeout(callback: () => void, ms: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
}

export interface Files {
  /** UTF-8 text; undefined when the file does not exist. Throws on any other error. */
  read(path: string): Promise<string | undefined>;
  /** Writes through a temporary file in the same folder, fsync and rename. */
  replace(path: string, text: string): Promise<void>;
  exists(path: string): Promise<boolean>;
}

export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

/** One pool of upstream connections; no proxy, no redirects, nothing shared between tiers. */
export interface FetchSession {
  readonly fetch: FetchLike;
  /** Closes idle connections. */
  close(): void;
}

export interface Effects {
  readonly clock: Clock;
  /** 24 hex digits, unique per call. */
  readonly id: () => string;
  readonly openSession: () => FetchSession;
  /** Resolves when a TCP connection to host:port opens (and is closed again) within `timeoutMs`; rejects otherwise. */
  readonly reach: (host: string, port: number, timeoutMs: number) => Promise<void>;
  readonly sha256: (text: string) => string;
  /** 16 hex digits of a fast hash, stable between runs; tells texts apart, protects nothing. */
  readonly hash64: (text: string) => string;
  readonly files: Files;
  /** Value of an environment variable, surrounding whitespace removed; undefined when unset or blank. */
  readonly env: (name: string) => string | undefined;
}
