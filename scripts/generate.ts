/** Writes every page that is made from code; with --check, says which ones are out of date and exits 1. */
import { renderCliReference } from '#cli/reference';
import { configJsonSchema, renderConfigReference } from '#config/reference';
import { registryJsonSchema, renderRegistryReference } from '#config/registry-reference';
import { renderServesReference } from '#config/serves-reference';
import { renderErrorReference } from '#core/error-reference';
import { renderTranslationReference } from '#core/loss-reference';
import { renderMachinesReadme } from '#machines/describe';
import { renderExamples } from '#scripts/examples';

/** Path from the root of the project, and what the file must say. */
const GENERATED: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/reference/cli.md': renderCliReference,
  'docs/reference/config.md': renderConfigReference,
  'docs/reference/errors.md': renderErrorReference,
  'docs/reference/registry.md': renderRegistryReference,
  'docs/reference/serves.md': renderServesReference,
  'docs/reference/translation.md': renderTranslationReference,
  'configs/schema.json': () => `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
  'configs/registry-schema.json': () => `${JSON.stringify(registryJsonSchema(), null, 2)}\n`,
  'machines/README.md': renderMachinesReadme,
  ...Object.fromEntries(Object.entries(await renderExamples()).map(([path, text]) => [path, () => text])),
};

const ROOT = new URL('..', import.meta.url);

const readText = async (path: string): Promise<string | undefined> => {
  const file = Bun.file(new URL(path, ROOT));
  return (await file.exists()) ? file.text() : undefined;
};

/** Paths whose file differs from what the code says, or is missing. */
export const staleFiles = async (): Promise<readonly string[]> => {
  const stale = await Promise.all(
    Object.entries(GENERATED).map(async ([path, render]) =>
      (await readText(path)) === (await render()) ? [] : [path],
    ),
  );
  return stale.flat();
};

const write = async (): Promise<void> => {
  for (const path of await staleFiles()) {
    const render = GENERATED[path];
    if (render === undefined) continue;
    await Bun.write(new URL(path, ROOT), await render());
    process.stdout.write(`wrote ${path}\n`);
  }
};

const check = async (): Promise<void> => {
  const stale = await staleFiles();
  if (stale.length === 0) return;
  process.stderr.write(`out of date: ${stale.join(', ')} — run \`bun run generate\`\n`);
  process.exitCode = 1;
};

if (import.meta.main) await (process.argv.includes('--check') ? check() : write());
