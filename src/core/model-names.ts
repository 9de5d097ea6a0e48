/** Which configured name does a `model` string mean, in any of the spellings that clients use for it? */
import type { Preset, Settings } from '#core/settings';
import type { Tier } from '#core/tier';

/** Prefixes under which presets are offered besides their own name: pickers hide ids without "claude" or "anthropic". */
export const PICKER_PREFIXES = ['claude-anvil-', 'anthropic/'] as const;

/** Names a refusal lists. */
const NAMES_SHOWN_MAX = 40;

/** Lower case, trimmed, without one leading `anvil/` or `anvil:`. */
export const normaliseModel = (model: string): string => {
  const token = model.trim().toLowerCase();
  return token.startsWith('anvil/') || token.startsWith('anvil:') ? token.slice(6).trim() : token;
};

/** A normalised name without one picker prefix; undefined when it has none, or nothing but one. */
export const withoutPickerPrefix = (token: string): string | undefined => {
  const prefix = PICKER_PREFIXES.find((each) => token.startsWith(each));
  const rest = prefix === undefined ? '' : token.slice(prefix.length).trim();
  return rest === '' ? undefined : rest;
};

export type NamedModel =
  | { readonly kind: 'preset'; readonly preset: Preset; readonly token: string }
  | { readonly kind: 'alias'; readonly tier: string }
  | { readonly kind: 'tier'; readonly tier: Tier }
  /** No name was sent. */
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' };

const exactly = (token: string, settings: Settings): NamedModel | undefined => {
  const preset = settings.presets.get(token);
  if (preset !== undefined) return { kind: 'preset', preset, token };
  const alias = settings.aliases.get(token);
  if (alias !== undefined) return { kind: 'alias', tier: alias };
  const tier = settings.tierById.get(token) ?? settings.tiers.find(({ id }) => id.toLowerCase() === token);
  return tier === undefined ? undefined : { kind: 'tier', tier };
};

/**
 * What a `model` string names. A preset shadows an alias or tier of the same name, an alias shadows a tier. A name of
 * the configuration that begins with a picker prefix itself is found as it stands, before the prefix is taken away.
 */
export const nameOf = (model: string, settings: Settings): NamedModel => {
  const token = normaliseModel(model);
  if (token === '') return { kind: 'none' };
  const found = exactly(token, settings);
  if (found !== undefined) return found;
  const bare = withoutPickerPrefix(token);
  const byPrefix = bare === undefined ? undefined : exactly(bare, settings);
  return byPrefix ?? { kind: 'unknown' };
};

/** Every name a request may ask for, presets first; for refusals. Ends in "…" when there are too many. */
export const validNames = (settings: Settings): string => {
  const presets = [...settings.presets.values()].map(({ name }) => name);
  const names = [...new Set([...presets, ...settings.aliases.keys(), ...settings.tiers.map(({ id }) => id)])];
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(', ');
  return names.length > NAMES_SHOWN_MAX ? `${shown}, …` : shown;
};
