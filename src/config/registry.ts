/** What does a registry of the multiplexer declare, or what is wrong with it? All of it at once, each with its line. */
import { checkShape, isTable } from '#config/check';
import { folderOf } from '#config/paths';
import { type ConfigProblem, type Finding, type KeyPath, keyText, type Report, remedyText } from '#config/problem';
import { type RegistryOverrides, resolveGpus, resolveModels, resolvePolicy } from '#config/registry-resolve';
import { knownKeysOnly, type Shaped, shaped } from '#config/registry-rows';
import { checkRegistry, modelNamed } from '#config/registry-rules';
import { type ModelRow, type RegistryFile, registrySchema } from '#config/registry-schema';
import { registryWarnings } from '#config/registry-warnings';
import type { Engines } from '#core/engine';
import type { Registry } from '#core/registry';
import type { SettingsWarning } from '#core/settings';

export interface RegistryInput {
  readonly text: string;
  /** Absolute. */
  readonly path: string;
  /** The parsed text: integers as `bigint`. */
  readonly document: unknown;
  /** Line of a key or of its nearest ancestor. */
  readonly locate: (path: KeyPath) => number | undefined;
  /** v0.9 had JSON and overlooked keys that it did not know; there they are warnings, in TOML errors. */
  readonly unknownKeys: 'refused' | 'overlooked';
  readonly env: (name: string) => string | undefined;
  /** Lower-case hex. */
  readonly sha256: (text: string) => string;
  readonly engines: Engines;
  readonly overrides?: RegistryOverrides;
}

export type RegistryResult =
  | { readonly ok: true; readonly registry: Registry; readonly warnings: readonly SettingsWarning[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** More models than any host has room for; a mistake. */
const MODELS_MAX = 500;
/** Problems reported at once. */
const PROBLEMS_MAX = 100;
const DIGEST_DIGITS = 16;

/** Checks and resolves a registry. Pure: the world comes in as arguments. */
export const readRegistry = (input: RegistryInput): RegistryResult => {
  const { document, inText } = shaped(input.document);
  const findings: Finding[] = [];
  const overlooked: Finding[] = [];
  const report: Report = (finding) => void findings.push(finding);
  const known = knownKeysOnly(document, (finding) =>
    (input.unknownKeys === 'refused' ? findings : overlooked).push(finding),
  );
  const file = checkFile(known, input.engines, report);
  // What is missing may be there under another spelling.
  if (findings.length > 0) findings.push(...overlooked.filter((finding) => remedyText(finding).startsWith('did you')));
  const problems = problemsOf(findings, document, inText, input);
  if (problems.length > 0 || file === undefined) return { ok: false, problems };
  const settings = resolvePolicy(file.multiplexer, input.overrides);
  const { env, engines } = input;
  const models = resolveModels(file, { folder: folderOf(input.path), env, engines, gpus: file.gpus });
  const registry: Registry = {
    path: input.path,
    digest: input.sha256(input.text).slice(0, DIGEST_DIGITS),
    models,
    gpus: resolveGpus(file),
    settings,
  };
  const asWarning = (finding: Finding) => ({
    path: finding.path,
    message: `${finding.message}, overlooked: ${remedyText(finding)}`,
  });
  const found = [...overlooked.map(asWarning), ...registryWarnings(file, { models, settings }, engines)];
  const warnings = found.map(({ path, message }) => {
    const line = input.locate(inText(path));
    return { key: keyText(inText(path)), ...(line === undefined ? {} : { line }), message: inPrint(message) };
  });
  return { ok: true, registry, warnings };
};

/** The file, when nothing was reported. */
const checkFile = (document: unknown, engines: Engines, report: Report): RegistryFile | undefined => {
  if (!isTable(document) || document.models === undefined) {
    const remedy = 'add [[models]] with name, model_path and port; see configs/multiplexer.example.toml';
    report({ path: [], message: 'no models', remedy });
    return undefined;
  }
  if (Array.isArray(document.models) && document.models.length > MODELS_MAX) {
    const message = `has ${document.models.length} models, more than ${MODELS_MAX}`;
    report({ path: ['models'], message, remedy: 'split the file' });
    return undefined;
  }
  const unsound = new Set<unknown>();
  const plain = checkShape(registrySchema, document, [], (finding) => {
    unsound.add(finding.path[0] === 'models' ? finding.path[1] : finding.path[0]);
    report(finding);
  });
  // Parts without findings have the schema's type; the others are passed over.
  const file = plain as RegistryFile;
  if (!Array.isArray(file.models) || unsound.has('gpus') || unsound.has('multiplexer')) return undefined;
  const rows: readonly (ModelRow | undefined)[] = file.models.map((row, index) =>
    unsound.has(index) ? undefined : row,
  );
  checkRegistry(file, rows, engines, report);
  return file;
};

/** Names of the file may hold what a terminal acts on. */
const inPrint = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '·');

/** In the order of the text; the first ones in full, the rest as a count. */
const problemsOf = (
  findings: readonly Finding[],
  document: unknown,
  inText: Shaped['inText'],
  { path: file, locate }: Pick<RegistryInput, 'path' | 'locate'>,
): readonly ConfigProblem[] => {
  const placed = findings
    .map((finding) => ({ finding, line: locate(inText(finding.path)) }))
    .sort((left, right) => (left.line ?? 0) - (right.line ?? 0));
  const problems: ConfigProblem[] = placed.slice(0, PROBLEMS_MAX).map(({ finding, line }) => {
    const name = modelNamed(finding.path, document);
    return {
      file,
      key: keyText(inText(finding.path)),
      ...(line === undefined ? {} : { line }),
      message: inPrint(name === undefined ? finding.message : `model "${name}": ${finding.message}`),
      remedy: inPrint(remedyText(finding)),
    };
  });
  if (placed.length <= PROBLEMS_MAX) return problems;
  const message = `${placed.length - PROBLEMS_MAX} more problems`;
  return [...problems, { file, key: '', message, remedy: 'correct those above first' }];
};
