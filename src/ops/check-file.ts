/** What does checking a configuration find, from the command line's choice to the matrix? */
import type { ConfigProblem } from '#config/problem';
import { buildProfile, type Profile } from '#core/profile';
import type { Settings, SettingsWarning } from '#core/settings';
import { checkSlots } from '#ops/check-slots';
import { type ConfigCheck, checkConfig } from '#ops/config-check';
import { type ConfigSelection, loadConfigFile, resolveConfigSource } from '#ops/load-config';
import type { Effects } from '#platform/effects';
import { loadProfileFile } from '#store/profile-file';

export type FileCheck =
  | { readonly kind: 'none' }
  /** The choice itself is wrong: two at once, an unknown mode, a manifest that cannot be read. */
  | { readonly kind: 'unresolved'; readonly problem: ConfigProblem }
  | { readonly kind: 'invalid'; readonly path: string; readonly problems: readonly ConfigProblem[] }
  | {
      readonly kind: 'valid';
      readonly path: string;
      /** Who named the path. */
      readonly from: string;
      readonly settings: Settings;
      readonly check: ConfigCheck;
      /** Those of the file first, then those of the matrix, then those about swapped models. */
      readonly warnings: readonly SettingsWarning[];
    };

/** Reads the configuration, its profile and its registry, and plans a plain request for every preset. Calls no tier. */
export const checkConfigFile = async (
  selection: ConfigSelection,
  effects: Pick<Effects, 'env' | 'files' | 'sha256'>,
): Promise<FileCheck> => {
  const source = await resolveConfigSource(selection, effects.env, effects.files);
  if (source.kind === 'none') return source;
  if (source.kind === 'problem') return { kind: 'unresolved', problem: source.problem };
  const { path, from } = source;
  const loaded = await loadConfigFile(path, source.mode, effects);
  if (!loaded.ok) return { kind: 'invalid', path, problems: loaded.problems };
  const { settings } = loaded;
  const profile = await readProfile(settings, path, effects);
  if (!profile.ok) return { kind: 'invalid', path, problems: profile.problems };
  const slots = await checkSlots(settings, effects);
  if (!slots.ok) return { kind: 'invalid', path: slots.path, problems: slots.problems };
  const hasCredential = (tierId: string): boolean => {
    const tier = settings.tierById.get(tierId);
    return tier !== undefined && effects.env(tier.authEnv) !== undefined;
  };
  const check = checkConfig(settings, profile.profile, { hasCredential });
  const warnings = [...loaded.warnings, ...check.warnings, ...slots.warnings];
  return { kind: 'valid', path, from, settings, check, warnings };
};

const readProfile = async (
  settings: Settings,
  file: string,
  effects: Pick<Effects, 'files'>,
): Promise<
  { readonly ok: true; readonly profile: Profile } | { readonly ok: false; readonly problems: readonly ConfigProblem[] }
> => {
  if (settings.profilePath === undefined) return { ok: true, profile: buildProfile() };
  const read = await loadProfileFile(settings.profilePath, effects.files);
  if (read.ok) return { ok: true, profile: buildProfile(read.document) };
  const remedy = 'correct the profile, or remove profile_path to run on the built-in one';
  const key = 'router.profile_path';
  return { ok: false, problems: read.problems.map((message) => ({ file, key, message, remedy })) };
};
