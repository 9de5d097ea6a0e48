/** What `/v1/models` says: every name the config gives a meaning, with the limits a client should know. */
import { nameOf, normaliseModel, PICKER_PREFIXES, withoutPickerPrefix } from '#core/model-names';
import type { Preset, Settings } from '#core/settings';
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
  /** The same by Anthropic's name. */
  readonly max_input_tokens: number;
  readonly max_output_tokens?: number;
  /** The same by Anthropic's name; null where no tier states one. */
  readonly max_tokens: number | null;
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

const entry = (id: string, title: string, description: string, tiers: readonly Tier[]): ModelEntry => {
  const outputs = tiers.map((tier) => tier.maxOutputTokens).filter((limit) => limit !== undefined);
  const window = Math.max(0, ...tiers.map((tier) => tier.contextLimit));
  const output = outputs.length > 0 ? Math.max(...outputs) : undefined;
  return {
    id,
    object: 'model',
    type: 'model',
    name: title,
    display_name: title,
    description,
    owned_by: 'anvil-serving',
    created: CREATED,
    created_at: CREATED_AT,
    context_window: window,
    max_input_tokens: window,
    ...(output === undefined ? {} : { max_output_tokens: output }),
    max_tokens: output ?? null,
  };
};

const presetRank = (name: string): number => {
  const rank = (PRESET_NAMES as readonly string[]).indexOf(name);
  return rank < 0 ? PRESET_NAMES.length : rank;
};

const describe = ({ name, tiers }: Preset): string =>
  isPresetName(name) ? DESCRIPTIONS[name] : `custom preset over ${tiers.join(', ')}`;

/** How a preset's title reads in a picker, where other models stand beside it. */
const TITLE_OF_PREFIX: Record<(typeof PICKER_PREFIXES)[number], (title: string) => string> = {
  'claude-anvil-': (title) => `Anvil ${title}`,
  'anthropic/': (title) => title,
};

/**
 * Presets in canonical order, custom presets, exact aliases; then the presets again under the prefixes that pickers let
 * through. Every id is there once, and means what a request for it gets: a name that another one shadows, or that no
 * request can ask for, is left out. Derived from the settings alone.
 */
export const modelList = (settings: Settings): readonly ModelEntry[] => {
  const tiersOf = (ids: readonly string[]): readonly Tier[] =>
    ids.map((id) => settings.tierById.get(id)).filter((tier) => tier !== undefined);
  const presets = [...settings.presets.values()].sort((left, right) => presetRank(left.name) - presetRank(right.name));
  const means = (id: string, preset: Preset): boolean => {
    const named = nameOf(id, settings);
    return named.kind === 'preset' && named.preset === preset;
  };
  const spelled = (prefix: string, titled: (title: string) => string): readonly ModelEntry[] =>
    presets
      .filter((preset) => means(prefix + preset.name, preset))
      .map((preset) =>
        entry(prefix + preset.name, titled(titleOf(preset.name)), describe(preset), tiersOf(preset.tiers)),
      );
  const aliases = [...settings.aliases].filter(([name]) => !settings.presets.has(name));
  return [
    ...spelled('', (title) => title),
    ...aliases.map(([name, tier]) => entry(name, titleOf(name), `exactly the tier ${tier}`, tiersOf([tier]))),
    ...PICKER_PREFIXES.flatMap((prefix) => spelled(prefix, TITLE_OF_PREFIX[prefix])),
  ];
};

/**
 * The entry of the list that a name stands for, in the spellings of the generation routes: any case, `anvil/` before it,
 * or the prefix of a picker. Tier ids are served but not listed.
 */
export const modelNamed = (settings: Settings, name: string): ModelEntry | undefined => {
  const list = modelList(settings);
  const listed = (wanted: string | undefined) => list.find(({ id }) => id.toLowerCase() === wanted);
  const token = normaliseModel(name);
  return listed(token) ?? listed(withoutPickerPrefix(token));
};
