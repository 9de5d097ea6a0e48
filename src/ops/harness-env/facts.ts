/** What does a harness have to know about the router: its address, the presets with their real limits, the key's name? */
import type { ModelEntry } from '#core/models';
import { modelList } from '#core/models';
import type { Settings } from '#core/settings';

export interface PresetFacts {
  readonly name: string;
  readonly title: string;
  /** Tokens, prompt and answer together: the largest window among the preset's tiers. */
  readonly contextTokens: number;
  /** Tokens of one answer that a client may ask for. */
  readonly outputTokens: number;
  readonly readsImages: boolean;
}

export interface HarnessFacts {
  /** Without `/v1` and without a slash at the end. */
  readonly url: string;
  readonly keyEnv: string;
  /** Whether the router checks the key; where it does not, any value will do. */
  readonly keyChecked: boolean;
  /** Never empty. */
  readonly presets: readonly PresetFacts[];
  /** For the main work, for small work beside it, and for delegated work. */
  readonly main: PresetFacts;
  readonly small: PresetFacts;
  readonly review: PresetFacts;
}

export const KEY_ENV_OTHERWISE = 'ANVIL_KEY';
/** Where no tier states a limit: what clients ask for by habit. */
const OUTPUT_TOKENS_OTHERWISE = 32_000;
/** An answer is asked for with at most this share of the window, or no prompt would fit beside it. */
const OUTPUT_SHARE_MAX = 4;

/** What of a listed model is needed; `/v1/models` of a running router gives the same. */
export type ListedModel = Pick<ModelEntry, 'id' | 'display_name' | 'context_window' | 'max_output_tokens'>;

const presetOf = (entry: ListedModel, readsImages: boolean): PresetFacts => {
  const wanted = entry.max_output_tokens ?? OUTPUT_TOKENS_OTHERWISE;
  return {
    name: entry.id,
    title: entry.display_name,
    contextTokens: entry.context_window,
    outputTokens: Math.min(wanted, Math.floor(entry.context_window / OUTPUT_SHARE_MAX)),
    readsImages,
  };
};

/** The address as written into files. @throws Error when it is none */
const originOf = (url: string): string => {
  const base = /^https?:\/\//i.test(url) ? url : `http://${url}`;
  if (!URL.canParse(base)) throw new Error(`--url ${url} is not an address; write http://127.0.0.1:8000`);
  return base.replace(/\/+$/, '').replace(/\/v1$/, '');
};

interface FactsOptions {
  readonly url: string;
  readonly keyEnv: string;
  readonly keyChecked: boolean;
}

const assemble = (presets: readonly PresetFacts[], { url, keyEnv, keyChecked }: FactsOptions): HarnessFacts => {
  const named = (...names: readonly string[]): PresetFacts | undefined => {
    const name = names.find((one) => presets.some((preset) => preset.name === one));
    return presets.find((preset) => preset.name === name);
  };
  const main = named('planning') ?? presets[0];
  if (main === undefined) throw new Error('the configuration has no preset — add one under [router.presets]');
  return {
    url: originOf(url),
    keyEnv,
    keyChecked,
    presets,
    main,
    small: named('quick-edit', 'chat') ?? main,
    review: named('review') ?? main,
  };
};

/**
 * Facts of a configuration. A preset reads images unless every one of its tiers is declared not to.
 * @throws Error when there is no preset, or the address is none
 */
export const factsOfSettings = (
  settings: Settings,
  options: { readonly url: string; readonly keyEnv?: string | undefined },
): HarnessFacts => {
  const [token] = settings.server.tokens;
  const entries = new Map(modelList(settings).map((entry) => [entry.id, entry]));
  const presets = [...settings.presets.values()].flatMap((preset) => {
    const entry = entries.get(preset.name);
    const readsImages = preset.tiers.some((id) => settings.tierById.get(id)?.input?.includes('image') ?? true);
    return entry === undefined ? [] : [presetOf(entry, readsImages)];
  });
  const rank = [...entries.keys()];
  const sorted = presets.toSorted((a, b) => rank.indexOf(a.name) - rank.indexOf(b.name));
  return assemble(sorted, {
    url: options.url,
    keyEnv: options.keyEnv ?? token?.env ?? KEY_ENV_OTHERWISE,
    keyChecked: token !== undefined,
  });
};

/** Names that repeat a preset under a prefix, for pickers that want one. */
const PICKER_NAME = /^(?:claude-anvil-|anthropic\/)/;

/**
 * Facts of a running router, from its own list of models; images are taken to be readable, which the router decides.
 * @throws Error when the list is empty, or the address is none
 */
export const factsOfModels = (models: readonly ListedModel[], options: FactsOptions): HarnessFacts =>
  assemble(
    models.filter(({ id }) => !PICKER_NAME.test(id)).map((entry) => presetOf(entry, true)),
    options,
  );
