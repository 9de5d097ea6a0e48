/** How is a process recognised after we were killed and started again: which one was it, and what was it started as? */
import { identityOf, type ServeSpec } from '#core/serve-spec';

/** Kept outside the process, by name of the serve. Synchronous, so that no start goes unnoted for long. */
export interface ProcessNotes {
  get(name: string): string | undefined;
  set(name: string, text: string | undefined): void;
}

export interface ProcessNote {
  /** Of the leader of its group, and the number of that group. */
  readonly pid: number;
  /** As `Commands.startedAt` said: the number alone may have gone to another process. */
  readonly startedAt: string;
  /** Digests of the parts of its identity, in the order of `identityOf`. */
  readonly identity: readonly string[];
  readonly logPath?: string;
  readonly logFrom: number;
  /** That it was started on. */
  readonly port?: number;
}

/** What the parts of `identityOf` are, in its order. */
const PARTS = ['command', 'port', 'environment', 'secrets', 'GPUs'] as const;

/** Characters of each digest: it tells apart, it protects nothing. */
const DIGEST_CHARS = 16;

/**
 * Digests of what makes the serve this one. GPUs count as declared: their numbers cannot change their meaning while a
 * process lives, and asking for them can fail.
 */
export const identityParts = (
  spec: ServeSpec,
  secrets: Readonly<Record<string, string>>,
  sha256: (text: string) => string,
): readonly string[] => {
  const digests = Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, sha256(value)]));
  const parts: unknown = JSON.parse(identityOf(spec, spec.gpus, digests));
  return Array.isArray(parts) ? parts.map((part) => sha256(JSON.stringify(part)).slice(0, DIGEST_CHARS)) : [];
};

/** The names of the parts that differ, in words; empty when all are the same. */
export const changedParts = (running: readonly string[], declared: readonly string[]): readonly string[] => {
  const count = Math.max(running.length, declared.length);
  return Array.from({ length: count }, (_, index) => index)
    .filter((index) => running[index] !== declared[index])
    .map((index) => `${PARTS[index] ?? 'declaration'} changed`);
};

const writeNote = (note: ProcessNote): string => JSON.stringify(note);

/** Undefined for what is no note: somebody else's text, or that of another version. */
export const readNote = (text: string | undefined): ProcessNote | undefined => {
  try {
    const note: unknown = JSON.parse(text ?? 'null');
    if (typeof note !== 'object' || note === null) return undefined;
    const { pid, startedAt, identity, logPath, logFrom, port } = note as Partial<Record<keyof ProcessNote, unknown>>;
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 1) return undefined;
    if (typeof startedAt !== 'string' || !Array.isArray(identity)) return undefined;
    return {
      pid,
      startedAt,
      identity: identity.map(String),
      ...(typeof logPath === 'string' ? { logPath } : {}),
      logFrom: typeof logFrom === 'number' ? logFrom : 0,
      ...(typeof port === 'number' ? { port } : {}),
    };
  } catch {
    return undefined;
  }
};

/** Names under which processes are noted. No serve has a blank in its name. */
const STARTED = 'started serves';

/** Names of the serves whose processes are noted. */
export const startedNames = (notes: ProcessNotes): readonly string[] => {
  try {
    const names: unknown = JSON.parse(notes.get(STARTED) ?? '[]');
    return Array.isArray(names) ? names.map(String) : [];
  } catch {
    return [];
  }
};

const portKey = (port: number): string => `port ${port}`;

/** Who was started on a port, whatever its name. */
export const noteOfPort = (notes: ProcessNotes, port: number): ProcessNote | undefined =>
  readNote(notes.get(portKey(port)));

/** Notes a process under its name and its port. */
export const keepNote = (notes: ProcessNotes, name: string, port: number, note: ProcessNote): void => {
  const text = writeNote({ ...note, port });
  notes.set(name, text);
  notes.set(portKey(port), text);
  const names = startedNames(notes);
  if (!names.includes(name)) notes.set(STARTED, JSON.stringify([...names, name]));
};

/** Forgets a process, unless a note is of a later one by now. */
export const dropNote = (notes: ProcessNotes, name: string, port: number, pid: number): void => {
  if (noteOfPort(notes, port)?.pid === pid) notes.set(portKey(port), undefined);
  if (readNote(notes.get(name))?.pid !== pid) return;
  notes.set(name, undefined);
  const left = startedNames(notes).filter((other) => other !== name);
  notes.set(STARTED, left.length === 0 ? undefined : JSON.stringify(left));
};
