/** How do the verbs of a multiplexer ask one that runs: its state, once or as it changes, and a change by hand? */
import type { ArgumentSpec, FlagSpecs } from '#cli/command';
import type { Io } from '#cli/io';
import { CliError, EXIT, printable } from '#cli/output';
import { ask, type Reply, targetOf } from '#cli/router-client';
import type { SlotsStatus } from '#core/slots-status';
import { parseSlotsStatus, readSlotsStatus } from '#upstream/slots-reading';
import { askWire } from '#upstream/slots-wire';
import { createSseSplitter } from '#upstream/sse';

export const CLIENT_FLAGS = {
  url: { kind: 'text', value: 'URL', help: 'Address of the multiplexer', default: 'http://127.0.0.1:8001' },
  'auth-env': { kind: 'text', value: 'NAME', help: 'Variable that holds its access token' },
} as const satisfies FlagSpecs;

export interface ClientFlags {
  readonly url: string;
  readonly 'auth-env': string | undefined;
}

/** Of the verbs that change a slot. */
export const CHANGE_FLAGS = {
  'timeout-seconds': {
    kind: 'integer',
    value: 'N',
    min: 1,
    max: 86_400,
    default: 1800,
    help: 'Longest wait; the change goes on behind it',
  },
  json: { kind: 'switch', help: "Print the model's slot as JSON" },
  ...CLIENT_FLAGS,
} as const satisfies FlagSpecs;

export const MODEL = { help: 'Name of the model in the registry' } as const satisfies ArgumentSpec;

export interface ChangeFlags extends ClientFlags {
  readonly 'timeout-seconds': number;
}

const STATUS_MS = 10_000;
/** Its heartbeats come every 15 seconds. */
const SILENCE_MS = 40_000;
const STATUS_BYTES_MAX = 4 * 1024 * 1024;
/** Shown of an answer that is no good. */
const REPLY_CHARS_SHOWN = 300;

/** The document, and what of it can be believed. */
export interface ReadStatus {
  readonly document: unknown;
  readonly status: SlotsStatus;
}

const readStatus = (text: string): ReadStatus | undefined => {
  const status = parseSlotsStatus(text);
  return status === undefined ? undefined : { document: JSON.parse(text), status };
};

const tokenOf = ({ 'auth-env': name }: ClientFlags, { effects }: Io): string | undefined => {
  const token = name === undefined ? undefined : effects.env(name);
  if (name !== undefined && token === undefined)
    throw new CliError(`--auth-env ${name}: that environment variable is unset or blank; set it`, EXIT.usage);
  return token;
};

interface ToldError {
  readonly message: string;
  readonly lines: readonly string[];
}

/** The error document of the multiplexer; undefined for anything else. */
const errorIn = (text: string): ToldError | undefined => {
  try {
    const { error } = JSON.parse(text) as { readonly error?: { readonly message?: unknown; readonly lines?: unknown } };
    if (typeof error?.message !== 'string') return undefined;
    const lines = Array.isArray(error.lines) ? error.lines.filter((line) => typeof line === 'string') : [];
    return { message: error.message, lines };
  } catch {
    return undefined;
  }
};

/** @throws CliError unless it is the answer to a question that was understood and done */
const checked = ({ url, 'auth-env': name }: ClientFlags, { status, text }: Reply): string => {
  if (status === 200) return text;
  if (status === 401)
    throw new CliError(
      name === undefined
        ? `the multiplexer at ${url} wants an access token — give --auth-env NAME`
        : `the multiplexer at ${url} does not take the access token in ${name} — it is that of its own --auth-env`,
      EXIT.failed,
    );
  const told = errorIn(text);
  if (told === undefined) {
    const shown = printable(text.slice(0, REPLY_CHARS_SHOWN));
    throw new CliError(`${url} answered ${status}: ${shown} — is that a multiplexer?`, EXIT.failed);
  }
  const lines = told.lines.map((line) => `\n  ${printable(line)}`).join('');
  throw new CliError(`${printable(told.message)}${lines}`, EXIT.failed);
};

const asking = (flags: ClientFlags, path: string, timeoutMs: number) => ({
  url: flags.url,
  path,
  timeoutMs,
  tokenEnv: flags['auth-env'],
  startedBy: 'multiplexer',
});

/** What a router knows of a multiplexer elsewhere: its page says it of each swap group; the first counts of which anything is known. */
const readRouter = (text: string): ReadStatus | undefined => {
  try {
    const { slots } = JSON.parse(text) as { readonly slots?: unknown };
    for (const document of Object.values(typeof slots === 'object' && slots !== null ? slots : {})) {
      const status = readSlotsStatus(document);
      if (status !== undefined) return { document, status };
    }
  } catch {
    // It says something that is no JSON.
  }
  return undefined;
};

/** @throws CliError when nobody answers, or somebody else does */
export const askStatus = async (flags: ClientFlags, io: Io): Promise<ReadStatus> => {
  tokenOf(flags, io);
  const reply = await ask(asking(flags, '/v1/slots', STATUS_MS), io);
  if (reply.status === 404) {
    const ofRouter = readRouter((await ask(asking(flags, '/healthz?verbose', STATUS_MS), io)).text);
    if (ofRouter !== undefined) return ofRouter;
  }
  const read = readStatus(checked(flags, reply));
  if (read === undefined) throw new CliError(`what answers at ${flags.url} is no multiplexer`, EXIT.failed);
  return read;
};

/**
 * Hears of the state at once and whenever it changes, until `onStatus` says false.
 * @throws CliError when the line cannot be had, or ends
 */
export const watchStatus = async (
  flags: ClientFlags,
  io: Io,
  onStatus: (read: ReadStatus) => Promise<boolean>,
): Promise<void> => {
  // Whoever cannot be watched is told why in the words of a single question.
  await askStatus(flags, io);
  const token = tokenOf(flags, io);
  const session = io.effects.openSession();
  const { clock } = io.effects;
  const wire = { url: targetOf({ url: flags.url, path: '' }), token, session, clock };
  let unwatched = false;
  const ended = await askWire(
    wire,
    '/v1/slots/events',
    'text/event-stream',
    new AbortController().signal,
    async (next) => {
      const splitter = createSseSplitter(STATUS_BYTES_MAX);
      for (;;) {
        const chunk = await next(SILENCE_MS);
        if (chunk === undefined) return 'it has hung up';
        for (const { data } of splitter.push(chunk)) {
          const read = data === '' ? undefined : readStatus(data);
          if (read !== undefined && !(await onStatus(read))) {
            unwatched = true;
            return undefined;
          }
        }
        if (splitter.overflow) return 'its status is too large';
      }
    },
  ).finally(() => session.close());
  if (unwatched) return;
  const absent = 'what answers there tells of no changes; ask it without --watch';
  const why = ended === 'absent' ? absent : (ended.problem ?? 'it has hung up');
  throw new CliError(`watching ${flags.url} has ended: ${why}`, EXIT.failed);
};

/** Asks for a model to be loaded or unloaded, and waits until it is. @throws CliError with the reason when it is not */
export const changeSlot = async (
  change: 'load' | 'unload',
  model: string,
  flags: ChangeFlags,
  io: Io,
): Promise<unknown> => {
  tokenOf(flags, io);
  const timeoutMs = flags['timeout-seconds'] * 1_000;
  const path = `/v1/slots/${encodeURIComponent(model)}/${change}`;
  const late = `${printable(model)} is not ${change}ed after ${timeoutMs / 1_000} s; that goes on — see \`multiplexer status\``;
  const reply = await ask({ ...asking(flags, path, timeoutMs), method: 'POST', late }, io);
  return JSON.parse(checked(flags, reply));
};
