/** Which model does a local tier serve, when its configuration does not say? Asked once, at load. */
import type { Settings } from '#core/settings';
import type { Tier } from '#core/tier';
import type { Effects } from '#platform/effects';

const DEADLINE_MS = 5_000;
const ANSWER_CHARS_MAX = 1_000_000;

export interface Adoption {
  readonly settings: Settings;
  readonly warnings: readonly string[];
  /** Fatal: a tier whose model cannot be told apart. */
  readonly problems: readonly string[];
}

type Found = { readonly ids: readonly string[] } | { readonly reason: string };

const listUrl = (baseUrl: string): string => {
  const base = baseUrl.replace(/\/+$/, '');
  return `${base.endsWith('/v1') ? base : `${base}/v1`}/models`;
};

const idsIn = (text: string): readonly string[] => {
  const parsed: unknown = JSON.parse(text);
  const data = typeof parsed === 'object' && parsed !== null && 'data' in parsed ? parsed.data : undefined;
  if (!Array.isArray(data)) return [];
  return data.flatMap((entry: unknown) =>
    typeof entry === 'object' && entry !== null && 'id' in entry && typeof entry.id === 'string' ? [entry.id] : [],
  );
};

const ask = async (tier: Tier, effects: Pick<Effects, 'clock' | 'openSession'>): Promise<Found> => {
  const controller = new AbortController();
  const timer = effects.clock.setTimeout(
    () => controller.abort(new Error(`no answer within ${DEADLINE_MS / 1000} s`)),
    DEADLINE_MS,
  );
  const session = effects.openSession();
  try {
    const response = await session.fetch(listUrl(tier.baseUrl), { redirect: 'manual', signal: controller.signal });
    if (!response.ok) return { reason: `HTTP ${response.status}` };
    const text = await response.text();
    return text.length > ANSWER_CHARS_MAX ? { reason: 'an oversized answer' } : { ids: idsIn(text) };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : 'no answer' };
  } finally {
    effects.clock.clearTimeout(timer);
    session.close();
  }
};

const withModels = (settings: Settings, models: ReadonlyMap<string, string>): Settings => {
  const tiers = settings.tiers.map((tier) => {
    const model = models.get(tier.id);
    return model === undefined ? tier : { ...tier, model };
  });
  return { ...settings, tiers, tierById: new Map(tiers.map((tier) => [tier.id, tier])) };
};

/**
 * Asks every local tier without `model` for its model list. One id is adopted; none or several is a problem, because
 * the caller's own string would reach an engine that does not know it; no answer is a warning.
 */
export const adoptModels = async (
  settings: Settings,
  effects: Pick<Effects, 'clock' | 'openSession'>,
): Promise<Adoption> => {
  const asking = settings.tiers.filter((tier) => tier.privacy === 'local' && tier.model === undefined);
  if (asking.length === 0) return { settings, warnings: [], problems: [] };
  const models = new Map<string, string>();
  const warnings: string[] = [];
  const problems: string[] = [];
  const answers = await Promise.all(asking.map(async (tier) => ({ tier, found: await ask(tier, effects) })));
  for (const { tier, found } of answers) {
    const [only] = 'ids' in found ? found.ids : [];
    if ('reason' in found)
      warnings.push(
        `tier ${tier.id}: ${tier.baseUrl} did not list its models (${found.reason}); the caller's model name is forwarded until a reload finds it — set model to be sure`,
      );
    else if (found.ids.length === 1 && only !== undefined) models.set(tier.id, only);
    else
      problems.push(
        `tier ${tier.id}: ${tier.baseUrl} lists ${found.ids.length} models${found.ids.length > 0 ? ` (${found.ids.slice(0, 8).join(', ')})` : ''}; name one with model = "…"`,
      );
  }
  return { settings: withModels(settings, models), warnings, problems };
};
