/** What does a configuration text mean, or what is wrong with it? All of it at once, each with its line. */
import { checkShape, isTable } from '#config/check';
import { LIMIT_VARIABLES } from '#config/defaults';
import { expandHome, folderOf, isAbsolutePath, pathFrom } from '#config/paths';
import { type ConfigProblem, type Finding, type KeyPath, keyText, remedyText } from '#config/problem';
import { resolveSettings } from '#config/resolve';
import { checkRules } from '#config/rules';
import type { ConfigFile, Mode } from '#config/schema';
import { rootNode } from '#config/schema-node';
import { collectWarnings } from '#config/warnings';
import type { Settings, SettingsWarning } from '#core/settings';

export interface ReadInput {
  /** The file's text; only its digest is taken from it. */
  readonly text: string;
  /** For messages and relative paths; absent for a configuration that is no file. */
  readonly path?: string | undefined;
  /** The parsed text: integers as `bigint`, floats as `number`. */
  readonly document: unknown;
  /** Line of a key or of its nearest ancestor. */
  readonly locate: (path: KeyPath) => number | undefined;
  readonly env: (name: string) => string | undefined;
  /** Lower-case hex. */
  readonly sha256: (text: string) => string;
  /** Whether a file is there; asked for the paths of `pathsToProbe` only. */
  readonly exists: (path: string) => boolean;
  readonly mode?: Mode | undefined;
}

export type ReadResult =
  | { readonly ok: true; readonly settings: Settings; readonly warnings: readonly SettingsWarning[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** What messages call a configuration without a file. */
export const BUILT_IN = '(built-in configuration)';

/** Problems reported at once; a text that is no configuration at all would have thousands. */
const PROBLEMS_MAX = 100;
/** Findings kept before they are sorted by line. */
const FINDINGS_MAX = 10_000;
const DIGEST_DIGITS = 16;

/** Checks and resolves a configuration. Pure: the world comes in as arguments. */
export const readSettings = (input: ReadInput): ReadResult => {
  const { findings, plain } = checkDocument(input.document);
  const { limits, problems: envProblems } = limitsOfEnv(input.env);
  const problems = [...problemsOf(findings, input), ...envProblems];
  if (problems.length > 0) return { ok: false, problems };
  // Without findings the document has the schema's type; tests hold `checkShape` to the schema library's own verdict.
  const file = plain as ConfigFile;
  const profile = profilePathOf(file, input);
  const storePath = file.router.store?.path;
  const settings = resolveSettings({
    file,
    document: input.document,
    digest: input.sha256(input.text).slice(0, DIGEST_DIGITS),
    path: input.path,
    mode: input.mode,
    profilePath: profile.path,
    storePath: storePath === undefined ? undefined : besideFile(storePath, input),
    besideFile: (path) => besideFile(path, input),
    limitsOfEnv: limits,
    sha256: input.sha256,
  });
  const warnings = [...collectWarnings(file, settings), ...profile.warnings].map(({ path, message }) => {
    const line = input.locate(path);
    return { key: keyText(path), ...(line === undefined ? {} : { line }), message };
  });
  return { ok: true, settings, warnings };
};

/** The paths whose existence `readSettings` will ask for; none for a document that has the wrong shape there. */
export const pathsToProbe = ({
  document,
  path,
  env,
}: Pick<ReadInput, 'document' | 'path' | 'env'>): readonly string[] => {
  const router = isTable(document) ? document.router : undefined;
  const profile = isTable(router) ? router.profile_path : undefined;
  if (typeof profile !== 'string' || profile === '') return [];
  const expanded = expandHome(profile, env);
  return isAbsolutePath(expanded) ? [] : [besideFile(expanded, { path, env }), expanded];
};

const checkDocument = (document: unknown): { findings: readonly Finding[]; plain: unknown } => {
  const findings: Finding[] = [];
  const report = (finding: Finding): void => {
    if (findings.length < FINDINGS_MAX) findings.push(finding);
  };
  const plain = checkShape(rootNode, document, [], report);
  checkRules(plain, report);
  return { findings, plain };
};

/** In the order of the text; the first ones in full, the rest as a count. */
const problemsOf = (findings: readonly Finding[], input: ReadInput): readonly ConfigProblem[] => {
  const file = input.path ?? BUILT_IN;
  const placed = findings
    .map((finding) => ({ finding, line: input.locate(finding.path) }))
    .sort((left, right) => (left.line ?? 0) - (right.line ?? 0));
  const problems: ConfigProblem[] = placed.slice(0, PROBLEMS_MAX).map(({ finding, line }) => ({
    file,
    key: keyText(finding.path),
    ...(line === undefined ? {} : { line }),
    message: withTier(finding, input.document),
    remedy: remedyText(finding),
  }));
  if (placed.length <= PROBLEMS_MAX) return problems;
  const message = `${placed.length - PROBLEMS_MAX} more problems`;
  return [...problems, { file, key: '', message, remedy: 'correct those above first' }];
};

/** Names the tier that a finding lies in: an index alone makes people count. */
const withTier = ({ path, message }: Finding, document: unknown): string => {
  const [top, list, index] = path;
  if (top !== 'router' || list !== 'tiers' || typeof index !== 'number') return message;
  const router = isTable(document) ? document.router : undefined;
  const tiers = isTable(router) && Array.isArray(router.tiers) ? router.tiers : [];
  const tier: unknown = tiers[index];
  const id = isTable(tier) ? tier.id : undefined;
  return typeof id === 'string' && id !== '' ? `tier "${id}": ${message}` : message;
};

/** Paths in a file lie beside the file. */
const besideFile = (path: string, { path: file, env }: Pick<ReadInput, 'path' | 'env'>): string =>
  pathFrom(file === undefined ? '' : folderOf(file), expandHome(path, env));

/** v0.9 read a relative `profile_path` from the working directory; it still does where only that file exists. */
const profilePathOf = (
  file: ConfigFile,
  input: ReadInput,
): { path: string | undefined; warnings: readonly { path: KeyPath; message: string }[] } => {
  const written = file.router.profile_path;
  if (written === undefined) return { path: undefined, warnings: [] };
  const expanded = expandHome(written, input.env);
  const beside = besideFile(written, input);
  if (beside === expanded || input.exists(beside) || !input.exists(expanded)) return { path: beside, warnings: [] };
  const message = `"${written}" was found in the working directory, not beside the configuration: move it, or write the whole path`;
  return { path: expanded, warnings: [{ path: ['router', 'profile_path'], message }] };
};

type LimitsOfEnv = { -readonly [key in keyof typeof LIMIT_VARIABLES]?: number };

const limitsOfEnv = (env: ReadInput['env']): { limits: LimitsOfEnv; problems: readonly ConfigProblem[] } => {
  const limits: LimitsOfEnv = {};
  const problems: ConfigProblem[] = [];
  for (const key of ['body_bytes_max', 'concurrency_max'] as const) {
    const name = LIMIT_VARIABLES[key];
    const text = env(name)?.trim();
    if (text === undefined || text === '') continue;
    const value = Number(text);
    if (/^[0-9]+$/.test(text) && value >= 1 && Number.isSafeInteger(value)) limits[key] = value;
    else {
      const remedy = `unset it, or give it a value such as ${key === 'body_bytes_max' ? 33554432 : 64}`;
      problems.push({ file: 'environment', key: name, message: 'must be a whole number of at least 1', remedy });
    }
  }
  return { limits, problems };
};
