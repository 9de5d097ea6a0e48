/** Which mode do the verbs of serves act for? As the router chooses its own, with the manifest's own table in between. */
import type { ConfigProblem } from '#config/problem';
import type { ServesManifest } from '#config/serves';
import { modeNamed, readModesManifest } from '#ops/load-config';
import { type ChosenMode, MODE_FLAG } from '#ops/serves/select';
import type { Effects } from '#platform/effects';

/**
 * `--mode`, else `ANVIL_MODE`, else `active_mode` in the `[modes]` of the manifest, else in that of the file that
 * `ANVIL_MODES_CONFIG` names. Undefined when nothing chooses one: then serves of every mode are meant, as before modes.
 */
export const chooseMode = async (
  flag: string | undefined,
  { path, modes }: ServesManifest,
  { env, files }: Pick<Effects, 'env' | 'files'>,
): Promise<ChosenMode | undefined | { readonly problem: ConfigProblem }> => {
  if (flag !== undefined) return named(flag, 'command line', MODE_FLAG);
  const variable = env('ANVIL_MODE');
  if (variable !== undefined) return named(variable, 'environment', 'ANVIL_MODE');
  if (modes?.active_mode !== undefined) return { mode: modes.active_mode, from: `[modes] of ${path}` };
  const other = await readModesManifest(env, files);
  if ('problem' in other) return other;
  const { active_mode: mode } = other.modes;
  return mode === undefined ? undefined : { mode, from: `[modes] of ${other.path}` };
};

const named = (asked: string, file: string, from: string): ChosenMode | { readonly problem: ConfigProblem } => {
  const mode = modeNamed(asked, file, from);
  return typeof mode === 'string' ? { mode, from } : mode;
};
