/** Where do `decisions` and `explain` read: a file, the file a configuration names, or a running router? */
import type { FlagSpecs } from '#cli/command';
import type { Io } from '#cli/io';
import { CliError, EXIT, printable } from '#cli/output';
import { ask, DEFAULT_URL, type Reply } from '#cli/router-client';
import { formatProblems } from '#config/problem';
import type { DecisionRecord } from '#core/decision';
import type { DecisionPage } from '#store/decision-reader';
import type { DecisionQuery } from '#store/decision-row';

export const SOURCE_FLAGS = {
  store: { kind: 'text', value: 'PATH', help: 'Read this decision file' },
  config: { kind: 'text', value: 'PATH', help: 'Read the decision file that this configuration names' },
  mode: { kind: 'text', value: 'MODE', help: 'Read the decision file of this mode: agentic or flexibility' },
  url: { kind: 'text', value: 'URL', help: 'Ask the running router at this address' },
  'token-env': {
    kind: 'text',
    value: 'NAME',
    help: 'Variable that holds the access token, where a router is asked',
    default: 'ANVIL_TOKEN',
  },
} as const satisfies FlagSpecs;

export const SOURCE_DETAILS = `Where to read is --store, else --url, else the configuration of
--config, --mode or ANVIL_CONFIG, else the router at ${DEFAULT_URL}.
A file can be read while a router writes it.`;

export interface SourceFlags {
  readonly store: string | undefined;
  readonly config: string | undefined;
  readonly mode: string | undefined;
  readonly url: string | undefined;
  readonly 'token-env': string;
}

export interface DecisionSource {
  list(query: DecisionQuery): Promise<DecisionPage>;
  get(id: string): Promise<DecisionRecord | undefined>;
  close(): void;
}

/** The body of `GET /v1/decisions`. */
interface DecisionList {
  readonly data: readonly DecisionRecord[];
  readonly next: string | null;
}

const TIMEOUT_MS = 10_000;
/** Shown of an answer that is no good. */
const REPLY_CHARS_SHOWN = 300;
const NOT_OURS = 'is that address an anvil-serving router?';

/** @throws CliError when nothing can be read there, with the remedy */
export const openDecisionSource = async (flags: SourceFlags, io: Io): Promise<DecisionSource> => {
  if (flags.store !== undefined) return fileSource(flags.store, io);
  if (flags.url !== undefined) return routerSource(flags.url, flags['token-env'], io);
  const path = await configuredStore(flags, io);
  return path === undefined ? routerSource(DEFAULT_URL, flags['token-env'], io) : fileSource(path, io);
};

/** The path that the configuration names; undefined when there is no configuration. */
const configuredStore = async (flags: SourceFlags, io: Io): Promise<string | undefined> => {
  const { loadConfigFile, resolveConfigSource } = await import('#ops/load-config');
  const { effects } = io;
  const source = await resolveConfigSource(flags, effects.env, effects.files);
  if (source.kind === 'none') return undefined;
  if (source.kind === 'problem') throw new CliError(formatProblems([source.problem]), EXIT.usage);
  const loaded = await loadConfigFile(source.path, source.mode, effects);
  if (!loaded.ok) throw new CliError(formatProblems(loaded.problems), EXIT.usage);
  const { path } = loaded.settings.store;
  if (path !== undefined) return path;
  const remedy = `ask the running router with --url ${DEFAULT_URL}, or set [router.store] path`;
  throw new CliError(`${source.path} keeps decisions in memory only — ${remedy}`, EXIT.usage);
};

const fileSource = async (path: string, io: Io): Promise<DecisionSource> => {
  if (!(await io.effects.files.exists(path))) {
    throw new CliError(`there is no decision file ${path} — a router writes it with its first request`, EXIT.failed);
  }
  const { readDecisions } = await import('#store/decision-reader');
  const reader = readDecisions(path);
  return { list: async (query) => reader.list(query), get: async (id) => reader.get(id), close: reader.close };
};

const routerSource = (url: string, tokenEnv: string, io: Io): DecisionSource => {
  const asking = (path: string): Promise<Reply> => ask({ url, path, timeoutMs: TIMEOUT_MS, tokenEnv }, io);
  return {
    list: async (query) => {
      const list = readReply<DecisionList>(await asking(`/v1/decisions?${queryText(query)}`), tokenEnv);
      if (!Array.isArray(list.data))
        throw new CliError(`the answer is not a list of decisions; ${NOT_OURS}`, EXIT.failed);
      return { records: list.data, ...(typeof list.next === 'string' ? { next: list.next } : {}) };
    },
    get: async (id) => {
      const reply = await asking(`/v1/decisions/${encodeURIComponent(id)}`);
      return reply.status === 404 ? undefined : readReply<DecisionRecord>(reply, tokenEnv);
    },
    close: () => {},
  };
};

/** The query of `GET /v1/decisions`: keys in snake case, absent ones left out. */
const queryText = (query: DecisionQuery): string => {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined)
      parameters.set(
        key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        `${value}`,
      );
  }
  return parameters.toString();
};

const readReply = <Body>({ status, text }: Reply, tokenEnv: string): Body => {
  if (status === 401) {
    throw new CliError(
      `the router wants an access token — set ${tokenEnv}, or name another with --token-env`,
      EXIT.failed,
    );
  }
  if (status !== 200) {
    throw new CliError(`the router answered ${status}: ${printable(text.slice(0, REPLY_CHARS_SHOWN))}`, EXIT.failed);
  }
  try {
    return JSON.parse(text) as Body;
  } catch {
    throw new CliError(`the answer is not JSON; ${NOT_OURS}`, EXIT.failed);
  }
};
