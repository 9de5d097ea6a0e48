/** What `/v1/models` says: every name the config gives a meaning, with the limits a client should know. */
import type { Settings } from '#core/settings';
import type { Tier } from '#core/tier';
import { isPresetName, PRESET_NAMES, type PresetName } from '#core/work-class';

/** One entry, in a form that readers of both list shapes accept. */
export interface ModelEntry {
  readonly id: string;
  readonly object: 'model';
  readonly type: 'model';
  readonly name: string;
  readonly display_name: string;
  readonly description: string;
  readonly owned_by: 'anvil-serving';
  readonly created: number;
  readonly created_at: string;
  /** Largest window among the tiers that may serve it, in tokens: a smaller number makes clients cap their answers. */
  readonly context_window: number;
  readonly max_output_tokens?: number;
}

/** Fixed, so that the list is byte-stable. */
const CREATED = 1_700_000_000;
const CREATED_AT = '2023-11-14T22:13:20Z';

const DESCRIPTIONS: Record<PresetName, string> = {
  planning: 'plans and architecture: break work down and weigh options before editing',
  'quick-edit': 'small edits with a clear scope, in one file or a few',
  review: 'code review and reasoning across files',
  chat: 'questions and conversation, nothing to edit',
  'long-context': 'reasoning over very long input in one request',
};

const titleOf = (name: string): string =>
  name.replace(
    /(^|[-_ ])(\p{L})/gu,
    (_match, gap: string, letter: string) => `${gap === '' ? '' : ' '}${letter.toUpperCase()}`,
  );

const entry = (id: string, description: string, tiers: readonly Tier[]): ModelEntry => {
  const outputs = tiers.map((tier) => tier.maxOutputTokens).filter((limit) => limit !== undefined);
  return {
    id,
    object: 'model',
    type: 'model',
    name: titleOf(id),
    display_name: titleOf(id),
    description,
    owned_by: 'anvil-serving',
    created: CREATED,
    created_at: CREATED_AT,
    context_window: Math.max(0, ...tiers.map((tier) => tier.contextLimit)),
    ...(outputs.length > 0 ? { max_output_tokens: Math.max(...outputs) } : {}),
  };
};

const presetRank = (name: string): number => {
  const rank = (PRESET_NAMES as readonly string[]).indexOf(name);
  return rank < 0 ? PRESET_NAMES.length : rank;
};

/** Presets in canonical order, custom presets, then exact aliases. Derived from the settings alone. */
export const modelList = (settings: Settings): readonly ModelEntry[] => {
  const tiersOf = (ids: readonly string[]): readonly Tier[] =>
    ids.map((id) => settings.tierById.get(id)).filter((tier) => tier !== undefined);
  const presets = [...settings.presets.values()].sort((left, right) => presetRank(left.name) - presetRank(right.name));
  return [
    ...presets.map((preset) =>
      entry(
        preset.name,
        isPresetName(preset.name) ? DESCRIPTIONS[preset.name] : `custom preset over ${preset.tiers.join(', ')}`,
        tiersOf(preset.tiers),
      ),
    ),
    ...[...settings.aliases].map(([name, tier]) => entry(name, `exactly the tier ${tier}`, tiersOf([tier]))),
  ];
};
