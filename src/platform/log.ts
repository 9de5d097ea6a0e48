/** How does the router log: which levels, which shape, and what keeps secrets and callers' text out? */
import pino from 'pino';
import type { DecisionRecord } from '#core/decision';
import { createScrubber, redact, type Scrubber } from '#core/redact';
import { createBatch } from '#platform/batch';
import type { Clock } from '#platform/effects';
import { prettyLine } from '#platform/log-pretty';
import { requestLevel, requestLine } from '#platform/log-request';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const isLogLevel = (text: string): text is LogLevel => (LOG_LEVELS as readonly string[]).includes(text);

export interface LogOptions {
  readonly level: LogLevel;
  readonly clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>;
  /** `json`: one document per line. `pretty`: for a person at a terminal. */
  readonly format: 'json' | 'pretty';
  /** Takes one line, newline included; must neither block nor throw (`log-output.ts`). */
  readonly write: (line: string) => void;
  /** Colours in `pretty`. */
  readonly colour?: boolean;
  /** Secrets known by value (keys of tiers, tokens of callers): masked wherever they turn up. */
  readonly secrets?: readonly string[];
}

export type LogFields = Readonly<Record<string, unknown>>;

/** The message is a constant; what varies goes into fields. */
export type LogCall = (message: string, fields?: LogFields) => void;

export interface Log {
  readonly debug: LogCall;
  readonly info: LogCall;
  readonly warn: LogCall;
  readonly error: LogCall;
  /** The one line of a request, from an allow-list of its decision record; written a few milliseconds later. */
  request(record: DecisionRecord): void;
  /** Writes the lines of requests that still wait. */
  flush(): void;
  /** Replaces the secrets known by value of one owner; that of the configuration when none is named. */
  setSecrets(secrets: readonly string[], owner?: string): void;
}

/** Request lines written together: the code that writes them runs far cheaper in a row. A lone one waits `waitMs`. */
const REQUEST_LINES = { itemsMax: 16, waitMs: 5 };

const sha256 = (text: string): string => new Bun.CryptoHasher('sha256').update(text).digest('hex');

const CONFIGURATION = 'configuration';

/** Names that the logger itself writes. */
const RESERVED: ReadonlySet<string> = new Set(['level', 'time', 'msg']);

const safeFields = (fields: LogFields, scrub: Scrubber): Record<string, unknown> => {
  const safe = redact(fields, { scrub, sha256 }) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(safe).map(([name, value]) => [RESERVED.has(name) ? `${name}_` : name, value]),
  );
};

/**
 * A log without transports: those start a thread, which a compiled binary cannot load. Fields of ordinary lines go
 * through the name and shape rules of `core/redact`; the request line is an allow-list whose texts are scrubbed.
 */
export const createLog = (options: LogOptions): Log => {
  const { level, clock, format, write, colour = false } = options;
  const secretsOf = new Map([[CONFIGURATION, options.secrets ?? []]]);
  let scrub = createScrubber(options.secrets);
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: format === 'json' ? write : (line: string) => write(prettyLine(line, colour)) },
  );
  const lines = createBatch<DecisionRecord>({
    clock,
    ...REQUEST_LINES,
    take: (record) => logger[requestLevel(record)](requestLine(record, scrub), 'request'),
  });
  const call =
    (name: 'debug' | 'info' | 'warn' | 'error'): LogCall =>
    (message, fields) => {
      if (!logger.isLevelEnabled(name)) return;
      lines.flush();
      logger[name](fields === undefined ? {} : safeFields(fields, scrub), scrub(message));
    };
  return {
    debug: call('debug'),
    info: call('info'),
    warn: call('warn'),
    error: call('error'),
    request(record) {
      if (logger.isLevelEnabled(requestLevel(record))) lines.add(record);
    },
    flush: lines.flush,
    setSecrets(secrets, owner = CONFIGURATION) {
      secretsOf.set(owner, secrets);
      scrub = createScrubber([...secretsOf.values()].flat());
    },
  };
};
