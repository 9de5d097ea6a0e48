/** Which configuration file is meant, and what does it say? The way from flags and variables to settings. */

import { checkShape, isTable } from '#config/check';
import { BUILT_IN, pathsToProbe, type ReadResult, readSettings } from '#config/load';
import { nearestName } from '#config/nearest';
import { expandHome, folderOf, pathFrom } from '#config/paths';
import { type ConfigProblem, type Finding, keyText, remedyText } from '#config/problem';
import { MODES, type Mode, type ModesTable, modesSchema } from '#config/schema';
import { messageOf } from '#core/thrown';
import type { Effects, Files } from '#platform/effects';
import { parseToml, type TomlTable } from '#platform/toml';

/** What the command line says; both at once is a mistake. */
export interface ConfigSelection {
  readonly config?: string | undefined;
  readonly mode?: string | undefined;
}

export type ConfigSource =
  | {
      readonly kind: 'file';
      readonly path: string;
      /** Absent when a file was named outright: then no mode is active. */
      readonly mode?: Mode;
      /** Who named the path: `--config`, a variable, the manifest, or the built-in default. */
      readonly from: string;
    }
  /** Nothing names a configuration. */
  | { readonly kind: 'none' }
  | { readonly kind: 'problem'; readonly problem: ConfigProblem };

type Env = Effects['env'];

/** Shipped with a source checkout, looked for below the working directory. */
const BUILT_IN_PATHS: Record<Mode, string> = {
  agentic: 'configs/example.toml',
  flexibility: 'configs/example-flexibility.toml',
};

/** Characters of a configuration; real ones have a few thousand. */
const TEXT_MAX = 256 * 1024;

/**
 * Finds the configuration file: `--config`; else `--mode`; else `ANVIL_CONFIG` (a path, as the container sets it);
 * else the mode that `ANVIL_MODE` or the manifest in `ANVIL_MODES_CONFIG` names; else none. The file of a mode is
 * `ANVIL_CONFIG_<MODE>`, else the manifest's entry, else the example of a source checkout.
 */
export const resolveConfigSource = async (
  selection: ConfigSelection,
  env: Env,
  files: Pick<Files, 'read' | 'exists'>,
): Promise<ConfigSource> => {
  const { config, mode } = selection;
  if (config !== undefined && mode !== undefined) {
    return refuse('command line', '--mode', '--config and --mode exclude each other', 'give one of them');
  }
  if (config !== undefined) return { kind: 'file', path: expandHome(config, env), from: '--config' };
  if (mode !== undefined) return sourceOfMode(mode, 'command line', '--mode', env, files);
  const path = env('ANVIL_CONFIG');
  if (path !== undefined) return { kind: 'file', path: expandHome(path, env), from: 'ANVIL_CONFIG' };
  const modeOfEnv = env('ANVIL_MODE');
  if (modeOfEnv !== undefined) return sourceOfMode(modeOfEnv, 'environment', 'ANVIL_MODE', env, files);
  if (env('ANVIL_MODES_CONFIG') !== undefined) return sourceOfMode(undefined, '', '', env, files);
  return { kind: 'none' };
};

/** Reads a configuration file. All that can be wrong with it is in the answer; nothing is thrown. */
export const loadConfigFile = async (
  path: string,
  mode: Mode | undefined,
  effects: Pick<Effects, 'env' | 'files' | 'sha256'>,
): Promise<ReadResult> => {
  const read = await readText(path, effects.files, 'check the path; configs/example.toml is a start');
  if ('problem' in read) return { ok: false, problems: [read.problem] };
  return loadConfigText(read.text, { path, mode }, effects);
};

/** Reads a configuration that is already text: a file's, or one that the program wrote itself (then without a path). */
export const loadConfigText = async (
  text: string,
  origin: { readonly path?: string | undefined; readonly mode?: Mode | undefined },
  effects: Pick<Effects, 'env' | 'files' | 'sha256'>,
): Promise<ReadResult> => {
  const { env, files, sha256 } = effects;
  const parsed = parseToml(text);
  if (!parsed.ok) {
    return { ok: false, problems: [{ file: origin.path ?? BUILT_IN, key: '', ...parsed.problem }] };
  }
  const { document, locate } = parsed;
  const present = new Set<string>();
  for (const probe of pathsToProbe({ document, path: origin.path, env })) {
    if (await files.exists(probe)) present.add(probe);
  }
  return readSettings({ text, ...origin, document, locate, env, sha256, exists: (path) => present.has(path) });
};

/** The configuration of a mode; `asked` absent leaves the choice to the manifest. */
const sourceOfMode = async (
  asked: string | undefined,
  file: string,
  key: string,
  env: Env,
  files: Pick<Files, 'read' | 'exists'>,
): Promise<ConfigSource> => {
  const known = asked === undefined ? undefined : modeNamed(asked, file, key);
  if (typeof known === 'object') return { kind: 'problem', problem: known.problem };
  const manifest = await readModesManifest(env, files);
  if ('problem' in manifest) return { kind: 'problem', problem: manifest.problem };
  const mode = known ?? manifest.modes.active_mode ?? 'agentic';
  const variable = `ANVIL_CONFIG_${mode.toUpperCase()}`;
  const ofEnv = env(variable);
  if (ofEnv !== undefined) return { kind: 'file', path: expandHome(ofEnv, env), mode, from: variable };
  const entry = manifest.modes[mode];
  if (entry !== undefined) {
    const path = pathFrom(folderOf(manifest.path), expandHome(entry, env));
    return { kind: 'file', path, mode, from: `[modes] ${mode} of ${manifest.path}` };
  }
  const path = BUILT_IN_PATHS[mode];
  if (await files.exists(path)) return { kind: 'file', path, mode, from: 'the example of the source checkout' };
  const remedy = `set ${variable}, or name its file under [modes] in the file that ANVIL_MODES_CONFIG names`;
  return refuse(file || manifest.path, key, `mode "${mode}" has no configuration file`, remedy);
};

/** The mode of that name, or that there is none; `file` and `key` say who named it. */
export const modeNamed = (asked: string, file: string, key: string): Mode | { readonly problem: ConfigProblem } => {
  const known = MODES.find((name) => name === asked);
  if (known !== undefined) return known;
  const near = nearestName(asked, MODES);
  const remedy = near === undefined ? `modes are ${MODES.join(' and ')}` : `did you mean "${near}"?`;
  return { problem: { file, key, message: `there is no mode "${asked}"`, remedy } };
};

type Manifest = { readonly path: string; readonly modes: ModesTable } | { readonly problem: ConfigProblem };

/** The file that `ANVIL_MODES_CONFIG` names; empty when the variable is not set. Only its `[modes]` table is read. */
export const readModesManifest = async (env: Env, files: Pick<Files, 'read'>): Promise<Manifest> => {
  const named = env('ANVIL_MODES_CONFIG');
  if (named === undefined) return { path: '', modes: {} };
  const path = expandHome(named, env);
  const read = await readText(path, files, 'correct ANVIL_MODES_CONFIG, or unset it; see configs/modes.example.toml');
  if ('problem' in read) return read;
  const parsed = parseToml(read.text);
  if (!parsed.ok) return { problem: { file: path, key: '', ...parsed.problem } };
  return checkManifest(path, parsed.document, parsed.locate);
};

const checkManifest = (
  path: string,
  document: TomlTable,
  locate: (path: Finding['path']) => number | undefined,
): Manifest => {
  if (!isTable(document.modes)) {
    const remedy = 'add [modes] with agentic = "path" and flexibility = "path"';
    return { problem: { file: path, key: 'modes', message: 'no [modes] table', remedy } };
  }
  const findings: Finding[] = [];
  const modes = checkShape(modesSchema, document.modes, ['modes'], (finding) => findings.push(finding));
  const [first] = findings;
  if (first === undefined) return { path, modes: modes as ModesTable };
  const line = locate(first.path);
  const key = keyText(first.path);
  const remedy = remedyText(first);
  return { problem: { file: path, key, ...(line === undefined ? {} : { line }), message: first.message, remedy } };
};

const readText = async (
  path: string,
  files: Pick<Files, 'read'>,
  remedy: string,
): Promise<{ readonly text: string } | { readonly problem: ConfigProblem }> => {
  const problem = (message: string, how = remedy) => ({ problem: { file: path, key: '', message, remedy: how } });
  let text: string | undefined;
  try {
    text = await files.read(path);
  } catch (error) {
    return problem(`cannot be read: ${messageOf(error)}`);
  }
  if (text === undefined) return problem('there is no such file');
  if (text.length > TEXT_MAX)
    return problem(`has ${text.length} characters, more than ${TEXT_MAX}`, 'split or shorten it');
  return { text };
};

const refuse = (file: string, key: string, message: string, remedy: string): ConfigSource => ({
  kind: 'problem',
  problem: { file, key, message, remedy },
});
