/** How a configuration comes into force: read, checked, completed from the world, or refused with the reason. */
import { formatProblems } from '#config/problem';
import { buildProfile, type Profile } from '#core/profile';
import type { Settings } from '#core/settings';
import { adoptModels } from '#ops/adopt-models';
import { checkSlots, registryPathOf, type SlotsCheck } from '#ops/check-slots';
import { checkConfig } from '#ops/config-check';
import { loadConfigFile, loadConfigText } from '#ops/load-config';
import type { Effects } from '#platform/effects';
import type { Generation } from '#router/exchange';
import { buildGeneration, missingKeys } from '#router/generation';
import type { GrantedToken } from '#server/guard';
import { syncPrices } from '#store/prices';
import { loadProfileFile } from '#store/profile-file';

export type ConfigOrigin =
  | { readonly kind: 'file'; readonly path: string; readonly mode?: 'agentic' | 'flexibility' | undefined }
  /** Text made by the program itself: the demo's, or what discovery found. */
  | { readonly kind: 'text'; readonly text: string };

export type RegistryFile = { readonly path: string } & ({ readonly digest: string } | { readonly problem: string });

export interface Configured {
  readonly generation: Generation;
  readonly tokens: readonly GrantedToken[];
  /** For the log; none is fatal. */
  readonly warnings: readonly string[];
  /** The registry file of swap groups in this process, as it stands: its digest, or what is wrong with it. */
  readonly registry?: RegistryFile;
}

export type Configuring = ({ readonly ok: true } & Configured) | { readonly ok: false; readonly reason: string };

const refuse = (reason: string): Configuring => ({ ok: false, reason });

const loadProfile = async (settings: Settings, effects: Effects): Promise<Profile | string> => {
  if (settings.profilePath === undefined) return buildProfile();
  const read = await loadProfileFile(settings.profilePath, effects.files);
  return read.ok ? buildProfile(read.document) : read.problems.join('\n');
};

const readTokens = ({ server }: Settings, env: Effects['env']): readonly GrantedToken[] | string => {
  const tokens: GrantedToken[] = [];
  for (const { name, env: variable } of server.tokens) {
    const secret = env(variable);
    if (secret === undefined)
      return `token ${name}: environment variable ${variable} is unset or blank; set it, or remove the token from [server]`;
    tokens.push({ name, secret });
  }
  return tokens;
};

const withPrices = async (settings: Settings, effects: Effects, warnings: string[]): Promise<Settings> => {
  if (!settings.costSync) return settings;
  const session = effects.openSession();
  const home = effects.env('XDG_CACHE_HOME') ?? `${effects.env('HOME') ?? '.'}/.cache`;
  const synced = await syncPrices(
    settings.tiers,
    { fetch: session.fetch, files: effects.files, clock: effects.clock },
    { cachePath: `${home}/anvil-serving/prices.json` },
  );
  session.close();
  warnings.push(...synced.problems.map((problem) => `cost_sync: ${problem}`));
  return { ...settings, tiers: synced.tiers, tierById: new Map(synced.tiers.map((tier) => [tier.id, tier])) };
};

const registryFileOf = (settings: Settings, check: SlotsCheck): RegistryFile | undefined => {
  const path = registryPathOf(settings);
  if (path === undefined) return undefined;
  if (!check.ok) return { path, problem: formatProblems(check.problems) };
  return check.digest === undefined ? undefined : { path, digest: check.digest };
};

/** Reads and completes a configuration. Nothing that is in force is touched. */
export const configure = async (origin: ConfigOrigin, effects: Effects, before?: Generation): Promise<Configuring> => {
  const read =
    origin.kind === 'file'
      ? await loadConfigFile(origin.path, origin.mode, effects)
      : await loadConfigText(origin.text, {}, effects);
  if (!read.ok) return refuse(formatProblems(read.problems));
  const warnings = read.warnings.map(
    ({ key, line, message }) => `${line === undefined ? '' : `line ${line}: `}${key}: ${message}`,
  );
  const adopted = await adoptModels(read.settings, effects);
  if (adopted.problems.length > 0) return refuse(adopted.problems.join('\n'));
  const settings = await withPrices(adopted.settings, effects, warnings);
  const profile = await loadProfile(settings, effects);
  if (typeof profile === 'string') return refuse(profile);
  const tokens = readTokens(settings, effects.env);
  if (typeof tokens === 'string') return refuse(tokens);
  const generation = buildGeneration(settings, profile, effects, before);
  const keyless = missingKeys(generation);
  if (keyless.length === settings.tiers.length) return refuse(`no serviceable tiers:\n${keyless.join('\n')}`);
  const check = checkConfig(settings, profile, { hasCredential: (tierId) => generation.keys.has(tierId) });
  // A registry that is wrong is refused by whoever opens it.
  const slots = await checkSlots(settings, effects);
  const registry = registryFileOf(settings, slots);
  if (slots.ok) warnings.push(...slots.warnings.map(({ key, message }) => `${key}: ${message}`));
  return {
    ok: true,
    generation,
    tokens,
    warnings: [...warnings, ...adopted.warnings, ...check.warnings.map(({ message }) => message)],
    ...(registry === undefined ? {} : { registry }),
  };
};
