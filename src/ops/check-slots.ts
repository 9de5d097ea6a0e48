/** Which models of the tiers are swapped by whom, and does the registry agree with the tiers about them? */
import { nearestName } from '#config/nearest';
import type { ConfigProblem } from '#config/problem';
import type { Registry, RegistryModel } from '#core/registry';
import type { Settings, SettingsWarning, SwapGroup } from '#core/settings';
import type { Tier } from '#core/tier';
import { loadRegistry } from '#ops/load-registry';
import type { Effects } from '#platform/effects';

/** One tier that shares a GPU. */
export interface SlotRow {
  readonly tier: string;
  readonly swapGroup: string;
  readonly model: string;
  /** Registry file or address of its multiplexer; absent when no group of that name is declared. */
  readonly multiplexer?: string;
}

const placeOf = ({ source }: SwapGroup): string => (source.kind === 'registry' ? source.path : source.url);

const groupOf = ({ swapGroup }: Tier, { swapGroups }: Settings): SwapGroup | undefined =>
  swapGroups.find(({ name }) => name === swapGroup);

/** In the order of the tiers; those that share nothing are left out. */
export const slotRows = (settings: Settings): readonly SlotRow[] =>
  settings.tiers.flatMap((tier) => {
    if (tier.swapGroup === undefined) return [];
    const group = groupOf(tier, settings);
    const row = { tier: tier.id, swapGroup: tier.swapGroup, model: tier.model ?? '' };
    return [group === undefined ? row : { ...row, multiplexer: placeOf(group) }];
  });

export const SLOT_HEADER: readonly string[] = ['tier', 'swap group', 'model', 'swapped by'];

export const formatSlots = (rows: readonly SlotRow[]): readonly (readonly string[])[] =>
  rows.map(({ tier, swapGroup, model, multiplexer }) => [tier, swapGroup, model || '-', multiplexer ?? 'nobody']);

/** The registry of this process, as the settings have it: there is one at most. */
export const registryPathOf = ({ swapGroups }: Pick<Settings, 'swapGroups'>): string | undefined => {
  for (const { source } of swapGroups) if (source.kind === 'registry') return source.path;
  return undefined;
};

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);
/** Models that a warning lists. */
const NAMES_SHOWN_MAX = 20;

const unknownModel = (tier: Tier, names: readonly string[], path: string): string => {
  const near = nearestName(tier.model ?? '', names);
  const hint =
    near === undefined ? `it has ${names.slice(0, NAMES_SHOWN_MAX).join(', ') || 'none'}` : `did you mean "${near}"?`;
  return `tier "${tier.id}" asks for model "${tier.model}", which ${path} does not have: ${hint}`;
};

/** Requests go to `base_url`, whoever has loaded the model: another port there means another server. */
const addressProblem = ({ id, baseUrl }: Tier, { serve }: RegistryModel): string | undefined => {
  const url = URL.parse(baseUrl);
  if (url === null) return undefined;
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  if (LOOPBACK.has(url.hostname) && port === serve.port) return undefined;
  return `base_url of tier "${id}" leads to ${url.host}, but its model is served at 127.0.0.1:${serve.port}`;
};

/** The engine hears the tier's own word for the model. */
const nameProblem = ({ id, model }: Tier, { serve }: RegistryModel): string | undefined =>
  serve.servedModel === undefined || serve.servedModel === model
    ? undefined
    : `tier "${id}" asks for model "${model}", but its server calls it "${serve.servedModel}": name both alike`;

/** What will fail at the first request, although both files are right by themselves. */
const registryMismatches = (settings: Settings, registry: Registry): readonly SettingsWarning[] => {
  const names = registry.models.map(({ swap }) => swap.name);
  return settings.tiers.flatMap((tier): SettingsWarning[] => {
    if (groupOf(tier, settings)?.source.kind !== 'registry') return [];
    const key = `router.tiers.${tier.id}`;
    const model = registry.models.find(({ swap }) => swap.name === tier.model);
    if (model === undefined) return [{ key: `${key}.model`, message: unknownModel(tier, names, registry.path) }];
    const address = addressProblem(tier, model);
    const name = nameProblem(tier, model);
    return [
      ...(address === undefined ? [] : [{ key: `${key}.base_url`, message: address }]),
      ...(name === undefined ? [] : [{ key: `${key}.model`, message: name }]),
    ];
  });
};

export type SlotsCheck =
  | {
      readonly ok: true;
      readonly warnings: readonly SettingsWarning[];
      /** Of the registry file as it stands; absent without one. */
      readonly digest?: string;
    }
  | { readonly ok: false; readonly path: string; readonly problems: readonly ConfigProblem[] };

/** Reads the registry that the settings name, if any. Starts nothing and asks nobody. */
export const checkSlots = async (
  settings: Settings,
  effects: Pick<Effects, 'env' | 'files' | 'sha256'>,
): Promise<SlotsCheck> => {
  const path = registryPathOf(settings);
  if (path === undefined) return { ok: true, warnings: [] };
  const loaded = await loadRegistry(path, effects);
  if (!loaded.ok) return { ok: false, path, problems: loaded.problems };
  // Lines of another file than the configuration, so that the key says where.
  const ofRegistry = loaded.warnings.map(({ key, line, message }) => ({
    key: `${path}${line === undefined ? '' : `:${line}`}: ${key}`,
    message,
  }));
  const { registry } = loaded;
  return { ok: true, warnings: [...registryMismatches(settings, registry), ...ofRegistry], digest: registry.digest };
};
