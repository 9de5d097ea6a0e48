/** What must the folders under `examples` say, given the example configuration? */

import { exampleFiles } from '#ops/harness-env/example';
import { factsOfSettings } from '#ops/harness-env/facts';
import { HARNESS_NAMES, HARNESSES } from '#ops/harness-env/harnesses';
import { loadConfigFile } from '#ops/load-config';
import { bunEffects } from '#platform/bun-effects';

const CONFIG = Bun.fileURLToPath(new URL('../configs/example.toml', import.meta.url));
const URL_SHOWN = 'http://127.0.0.1:8000';

/** Texts by path from the root of the project. @throws Error when the example configuration is not valid */
export const renderExamples = async (): Promise<Readonly<Record<string, string>>> => {
  const loaded = await loadConfigFile(CONFIG, undefined, { ...bunEffects(), env: () => undefined });
  if (!loaded.ok) throw new Error('configs/example.toml is not valid: run `anvil-serving config check`');
  const facts = factsOfSettings(loaded.settings, { url: URL_SHOWN });
  return Object.fromEntries(
    HARNESS_NAMES.flatMap((harness) =>
      Object.entries(exampleFiles(harness, HARNESSES[harness](facts), facts)).map(([name, text]) => [
        `examples/${harness}/${name}`,
        text,
      ]),
    ),
  );
};
