/** What stands in a harness's folder under `examples`: its files as they would be when new, and a page about them. */
import type { HarnessFacts } from '#ops/harness-env/facts';
import type { HarnessName } from '#ops/harness-env/harnesses';
import { freshText } from '#ops/harness-env/merge';
import type { FilePlan, HarnessPlan } from '#ops/harness-env/plan';

const nameOf = ({ path }: FilePlan): string => path.slice(path.lastIndexOf('/') + 1);

const fence = (language: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`\`\`\`${language}`, ...lines, '```', ''];

const page = (harness: HarnessName, plan: HarnessPlan, { keyEnv }: HarnessFacts): string =>
  [
    `# ${plan.title}`,
    '',
    `Written by \`anvil-serving harness env ${harness}\`; with \`--write\` it merges the same into your own files.`,
    `The key is taken from the variable \`${keyEnv}\`.`,
    '',
    ...plan.files.map((file) => `- [${nameOf(file)}](${nameOf(file)}) goes to \`~/${file.path}\``),
    ...(plan.files.length === 0 ? [] : ['']),
    ...(plan.shell.length === 0 ? [] : ['In the shell:', '', ...fence('sh', plan.shell)]),
    'Run:',
    '',
    ...fence('sh', [plan.run]),
    '## Good to know',
    '',
    ...plan.notes.map((note) => `- ${note}`),
    '',
  ].join('\n');

/** Texts by file name. */
export const exampleFiles = (
  harness: HarnessName,
  plan: HarnessPlan,
  facts: HarnessFacts,
): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(plan.files.map((file) => [nameOf(file), freshText(file)])),
  'README.md': page(harness, plan, facts),
});
