/** What does a `serves.toml` declare, or what is wrong with it? All of it at once, each with its line. */
import { checkShape, isTable } from '#config/check';
import { toMs } from '#config/durations';
import { nearestName } from '#config/nearest';
import { expandHome, pathFrom } from '#config/paths';
import { type ConfigProblem, type Finding, type KeyPath, keyText, type Report, remedyText } from '#config/problem';
import { type Mode, type ModesTable, modesSchema } from '#config/schema';
import type { SchemaNode } from '#config/schema-node';
import { SERVE_DEFAULTS, type ServeDriver, type ServeTable, serveSchema, servesSchema } from '#config/serves-schema';
import { splitWords } from '#config/serves-words';
import type { SettingsWarning } from '#core/settings';

/** The first one is the program. */
export type Words = readonly [string, ...string[]];

export interface DeclaredServe {
  readonly name: string;
  readonly driver: ServeDriver;
  /** Absent for a process. */
  readonly container?: string;
  readonly port: number;
  readonly health: string;
  readonly model?: string;
  /** What brings it up, with everything filled in; for a process the server itself. */
  readonly up?: Words;
  /** Absolute. */
  readonly cwd?: string;
  readonly envFrom: readonly string[];
  readonly gpus: readonly string[];
  /** Absent: all. */
  readonly modes?: readonly Mode[];
  readonly waitMs: number;
  readonly stopMs: number;
}

export interface ServesManifest {
  /** As the operator gave it. */
  readonly path: string;
  /** Its absolute folder. */
  readonly folder: string;
  readonly serves: readonly DeclaredServe[];
  /** Absent: it has no `[modes]` table. */
  readonly modes?: ModesTable;
}

export interface ServesInput {
  readonly path: string;
  /** Absolute. */
  readonly folder: string;
  /** The parsed text: integers as `bigint`. */
  readonly document: unknown;
  readonly locate: (path: KeyPath) => number | undefined;
  readonly env: (name: string) => string | undefined;
}

export type ServesResult =
  | { readonly ok: true; readonly manifest: ServesManifest; readonly warnings: readonly SettingsWarning[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** More would take longer to list than to run; a mistake in any case. */
const SERVES_MAX = 200;

/** Checks and resolves a manifest. v0.9 overlooked keys it did not know, so they are warnings here. */
export const readServes = (input: ServesInput): ServesResult => {
  const findings: Finding[] = [];
  const warnings: { readonly path: KeyPath; readonly message: string }[] = [];
  const warn = (path: KeyPath, message: string): void => void warnings.push({ path, message });
  const report: Report = (finding) => void findings.push(finding);
  const top = knownKeys(isTable(input.document) ? input.document : {}, servesSchema, [], warn);
  const serves = entriesOf(top.serve, report).map((entry, index) => {
    const at = ['serve', index];
    return isTable(entry) ? readServe(knownKeys(entry, serveSchema, at, warn), at, input, report) : entry;
  });
  const modes =
    top.modes === undefined ? undefined : (checkShape(modesSchema, top.modes, ['modes'], report) as ModesTable);
  if (findings.length > 0) return { ok: false, problems: problemsOf(findings, input) };
  const declared = serves as readonly DeclaredServe[];
  twins(declared, warn);
  return {
    ok: true,
    manifest: { path: input.path, folder: input.folder, serves: declared, ...(modes === undefined ? {} : { modes }) },
    warnings: warnings.map(({ path, message }) => {
      const line = input.locate(path);
      return { key: keyText(path), ...(line === undefined ? {} : { line }), message };
    }),
  };
};

const entriesOf = (serve: unknown, report: Report): readonly unknown[] => {
  if (serve === undefined) return [];
  if (!Array.isArray(serve) || !serve.every(isTable)) {
    report({ path: ['serve'], message: 'must be an array of tables', remedy: 'write [[serve]], in two brackets' });
    return [];
  }
  if (serve.length <= SERVES_MAX) return serve;
  report({
    path: ['serve'],
    message: `has ${serve.length} entries, more than ${SERVES_MAX}`,
    remedy: 'split the file',
  });
  return [];
};

const knownKeys = (
  value: Readonly<Record<string, unknown>>,
  node: SchemaNode,
  path: KeyPath,
  warn: (path: KeyPath, message: string) => void,
): Readonly<Record<string, unknown>> => {
  const known = Object.keys(node.properties ?? {});
  const entries = Object.entries(value).filter(([key]) => {
    if (known.includes(key)) return true;
    const near = nearestName(key, known);
    warn([...path, key], `unknown key, overlooked${near === undefined ? '' : ` — did you mean "${near}"?`}`);
    return false;
  });
  return Object.fromEntries(entries);
};

const readServe = (
  value: Readonly<Record<string, unknown>>,
  path: KeyPath,
  input: ServesInput,
  report: Report,
): DeclaredServe | undefined => {
  let sound = true;
  const name = typeof value.name === 'string' && value.name !== '' ? `serve "${value.name}": ` : '';
  const withName: Report = (finding) => {
    sound = false;
    report({ ...finding, message: `${name}${finding.message}` });
  };
  const table = checkShape(serveSchema, value, path, withName) as ServeTable;
  if (!sound) return undefined;
  const words = wordsOf(table, path, input, withName);
  const driver = driverOf(table, words);
  checkDriver(table, driver, path, withName);
  return sound ? resolveServe(table, driver, words, input) : undefined;
};

/** The line that brings it up, split and filled in; undefined when there is none. */
const wordsOf = (table: ServeTable, path: KeyPath, input: ServesInput, report: Report): Words | undefined => {
  const key = table.command === undefined ? 'up' : 'command';
  const line = table[key];
  if (line === undefined || line.trim() === '') return undefined;
  const split = splitWords(line);
  if (!split.ok) {
    report({
      path: [...path, key],
      message: split.message,
      remedy: 'close every quote; words are split as a shell does',
    });
    return undefined;
  }
  const filled: Readonly<Record<string, string>> =
    key === 'up'
      ? { dir: input.folder }
      : { dir: input.folder, port: String(table.port), model: table.model ?? table.name, name: table.name };
  const [program, ...rest] = split.words.map((word) =>
    word.replace(/\{([a-z]+)\}/g, (whole, place: string) =>
      Object.hasOwn(filled, place) ? (filled[place] ?? '') : whole,
    ),
  );
  return program === undefined ? undefined : [program, ...rest];
};

export const isCompose = ([program, second]: Words): boolean =>
  program === 'docker-compose' || (program === 'docker' && second === 'compose');

const driverOf = (table: ServeTable, words: Words | undefined): ServeDriver => {
  if (table.driver !== undefined) return table.driver;
  if (table.command !== undefined) return 'process';
  return words !== undefined && isCompose(words) ? 'compose' : 'script';
};

const checkDriver = (table: ServeTable, driver: ServeDriver, path: KeyPath, report: Report): void => {
  const at = (key: string): KeyPath => [...path, key];
  if (table.command !== undefined && table.up !== undefined) {
    report({
      path: at('command'),
      message: 'up and command exclude each other',
      remedy: 'keep up for a container, command for a process',
    });
  } else if (driver === 'process' && table.command === undefined) {
    report({
      path,
      message: 'a process needs a command',
      remedy: 'add command = "llama-server --port {port} -m model.gguf"',
    });
  } else if (driver !== 'process' && table.command !== undefined) {
    report({
      path: at('driver'),
      message: `${driver} runs up, not command`,
      remedy: 'write driver = "process", or up instead of command',
    });
  }
  if (driver === 'process' && table.container !== undefined) {
    report({
      path: at('container'),
      message: 'a process has no container',
      remedy: 'remove the key, or write up instead of command',
    });
  } else if (driver !== 'process' && table.container === undefined) {
    report({
      path,
      message: 'required key is missing: container',
      remedy: 'add container: the name of the container that up makes',
    });
  }
};

const resolveServe = (
  table: ServeTable,
  driver: ServeDriver,
  up: Words | undefined,
  { folder, env }: ServesInput,
): DeclaredServe => {
  const { container, model, modes } = table;
  const cwd = table.cwd === undefined ? undefined : pathFrom(folder, expandHome(table.cwd, env));
  const ownFolder = cwd ?? (driver === 'process' ? folder : undefined);
  return {
    name: table.name,
    driver,
    ...(container === undefined ? {} : { container }),
    port: table.port,
    health: table.health ?? SERVE_DEFAULTS.health,
    ...(model === undefined || model === '' ? {} : { model }),
    ...(up === undefined ? {} : { up }),
    ...(ownFolder === undefined ? {} : { cwd: ownFolder }),
    envFrom: table.env_from ?? [],
    gpus: table.gpus ?? [],
    ...(modes === undefined ? {} : { modes }),
    waitMs: toMs(table.wait_seconds ?? SERVE_DEFAULTS.waitSeconds),
    stopMs: toMs(table.stop_seconds ?? SERVE_DEFAULTS.stopSeconds),
  };
};

/** Names must lead to one serve; v0.9 took both, so this is a warning. */
const twins = (serves: readonly DeclaredServe[], warn: (path: KeyPath, message: string) => void): void => {
  const seen = new Map<string, string>();
  for (const [index, { name, container }] of serves.entries()) {
    for (const word of new Set([name, container ?? name])) {
      const other = seen.get(word);
      if (other !== undefined)
        warn(['serve', index], `"${word}" also means serve "${other}": verbs act on both, rm and logs refuse`);
      else seen.set(word, name);
    }
  }
};

const problemsOf = (findings: readonly Finding[], { path: file, locate }: ServesInput): readonly ConfigProblem[] =>
  findings
    .map((finding) => {
      const line = locate(finding.path);
      const key = keyText(finding.path);
      return {
        file,
        key,
        ...(line === undefined ? {} : { line }),
        message: finding.message,
        remedy: remedyText(finding),
      };
    })
    .sort((left, right) => (left.line ?? 0) - (right.line ?? 0));
