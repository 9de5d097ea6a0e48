/** How is a client configured as its user would do it: by what `harness env --write` puts into its files? */

import { factsOfModels, type ListedModel } from '#ops/harness-env/facts';
import { HARNESSES } from '#ops/harness-env/harnesses';
import { mergeFiles, writeFiles } from '#ops/harness-env/merge';
import { bunEffects } from '#platform/bun-effects';
import { type Client, CONTEXT_TOKENS, KEY, KEY_ENV, type Setup } from '#scripts/harness/client';

/** Whether the recipe is for this dialect; the others are variants of the same client, configured by the driver. */
export const hasRecipe = ({ recipe, dialects }: Client, dialect: Setup['dialect']): boolean =>
  recipe !== undefined && dialects[0] === dialect;

const listModels = async (url: string): Promise<readonly ListedModel[]> => {
  const response = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${KEY}` } });
  if (!response.ok) throw new Error(`the router answered ${response.status} to /v1/models`);
  const { data } = (await response.json()) as { readonly data: readonly ListedModel[] };
  return data;
};

/** Written when the tiers still had their common window; a smaller one is the surprise of the case `overflow`. */
const withCommonWindow = (model: ListedModel): ListedModel => ({ ...model, context_window: CONTEXT_TOKENS });

/** Merges the recipe into the files below `home`. @throws Error when one of them cannot be edited */
export const applyRecipe = async ({ recipe }: Client, { home, url }: Pick<Setup, 'home' | 'url'>): Promise<void> => {
  if (recipe === undefined) return;
  const facts = factsOfModels((await listModels(url)).map(withCommonWindow), {
    url,
    keyEnv: KEY_ENV,
    keyChecked: true,
  });
  const effects = { ...bunEffects(), env: (name: string) => (name === 'HOME' ? home : undefined) };
  const merge = await mergeFiles(HARNESSES[recipe](facts).files, effects);
  if (!merge.ok) throw new Error(`${merge.path}: ${merge.problem}`);
  await writeFiles(merge.files, effects);
};
