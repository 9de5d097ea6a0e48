/** The requests that real harnesses sent, as recorded (texts replaced by filler), for replay through the real server. */
import type { DialectName } from '#core/message';
import { dialects } from '#dialects/dialect';
import type { Json } from '#tests/server/strict';

const FOLDER = new URL('../fixtures/recordings/', import.meta.url).pathname;

export interface Recording {
  /** `client/number-what`. */
  readonly name: string;
  readonly client: string;
  readonly dialect: DialectName;
  /** With the query, as sent. */
  readonly target: string;
  /** As sent, without those that belong to the connection. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
  readonly stream: boolean;
}

interface Stored {
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
}

/** Of the connection it was recorded on, or written by whoever sends. */
const OF_THE_CONNECTION = new Set(['host', 'connection', 'content-length', 'accept-encoding', 'authorization']);

const dialectAt = (path: string): DialectName => {
  const served = Object.values(dialects).find((dialect) => dialect.path === path);
  if (!served) throw new Error(`no dialect is served at ${path}`);
  return served.name;
};

const load = async (file: string): Promise<Recording> => {
  const { path, query, headers, body } = (await Bun.file(FOLDER + file).json()) as Stored;
  return {
    name: file.replace(/\.json$/, ''),
    client: file.split('/')[0] ?? '',
    dialect: dialectAt(path),
    target: path + query,
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_THE_CONNECTION.has(name))),
    body,
    stream: body.stream === true,
  };
};

const all = await Promise.all([...new Bun.Glob('*/*.json').scanSync(FOLDER)].sort().map(load));

/** Stateful threads are refused on purpose, in the form upon which the client sends the whole conversation. */
export const THREADS = all.filter(({ body }) => body.thread !== undefined);
export const RECORDINGS = all.filter(({ body }) => body.thread === undefined);
