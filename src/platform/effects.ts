/** The world as an argument: everything outside the pure rings that the shell may touch, as one interface. */

export interface Clock {
  /** Monotonic milliseconds, fractional. */
  now(): number;
  /** Epoch milliseconds. */
  wall(): number;
  setTimeout(callback: () => void, ms: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
}

export type TimerHandle = { readonly __timer: unique symbol } | object | number;

export interface Files {
  /** UTF-8 text; undefined when the file does not exist. Throws on any other error. */
  read(path: string): Promise<string | undefined>;
  /** Writes through a temporary file in the same folder, fsync and rename. */
  replace(path: string, text: string): Promise<void>;
  exists(path: string): Promise<boolean>;
}

export interface Effects {
  readonly clock: Clock;
  /** 24 hex digits, unique per call. */
  readonly id: () => string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly files: Files;
  /** Value of an environment variable, surrounding whitespace removed; undefined when unset or blank. */
  readonly env: (name: string) => string | undefined;
}
