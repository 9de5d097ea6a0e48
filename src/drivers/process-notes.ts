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

export const writeNote = (note: ProcessNote): string => JSON.stringify(note);

/** Undefined for what is no note: somebody else's text, or that of another version. */
export const readNote = (text: string | undefined): ProcessNote | undefined => {
  try {
    const note: unknown = JSON.parse(text ?? 'null');
    if (typeof note !== 'object' || note === null) return undefined;
    const { pid, startedAt, identity, logPath, logFrom } = note as Partial<Record<keyof ProcessNote, unknown>>;
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 1) return undefined;
    if (typeof startedAt !== 'string' || !Array.isArray(identity)) return undefined;
    return {
      pid,
      startedAt,
      identity: identity.map(String),
      ...(typeof logPath === 'string' ? { logPath } : {}),
      logFrom: typeof logFrom === 'number' ? logFrom : 0,
    };
  } catch {
    return undefined;
  }
};
