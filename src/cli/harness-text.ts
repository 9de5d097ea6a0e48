/** How does `harness env` speak: the plan as text and as JSON, what would change, what has changed? */
import { printable } from '#cli/output';
import { diffLines } from '#ops/harness-env/diff';
import type { HarnessFacts } from '#ops/harness-env/facts';
import { freshText, type MergedFile, type WrittenFile } from '#ops/harness-env/merge';
import type { HarnessPlan } from '#ops/harness-env/plan';

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`# ${title}`, ...lines, ''];

const keyNote = ({ keyEnv, keyChecked }: HarnessFacts): string =>
  keyChecked
    ? `The key is read from the variable ${keyEnv}; it must be set where the harness runs.`
    : `The router checks no key; set ${keyEnv} to any word, because harnesses want one.`;

/** Sections with their files as they would be when new. */
export const planText = (plan: HarnessPlan, facts: HarnessFacts): string =>
  [
    ...plan.files.flatMap((file) => section(`~/${file.path}`, [freshText(file).trimEnd()])),
    ...section('shell', plan.shell),
    ...section('run', [plan.run]),
    ...section(
      `${plan.title}: good to know`,
      [keyNote(facts), ...plan.notes].map((note) => `- ${note}`),
    ),
  ].join('\n');

export const planJson = (harness: string, plan: HarnessPlan, facts: HarnessFacts): unknown => ({
  harness,
  files: plan.files.map((file) => ({ path: `~/${file.path}`, format: file.format, content: freshText(file) })),
  shell: plan.shell,
  run: plan.run,
  notes: [keyNote(facts), ...plan.notes],
});

export const dryRunText = (files: readonly MergedFile[]): string =>
  files
    .flatMap(({ path, before, after, changed }) =>
      changed
        ? [
            `${before === undefined ? 'new file' : 'changes'} ${path}`,
            ...diffLines(before ?? '', after).map(printable),
            '',
          ]
        : [`${path} says it already`, ''],
    )
    .join('\n');

interface KeptSetting {
  readonly path: string;
  readonly key: string;
}

export const writtenText = (plan: HarnessPlan, written: readonly WrittenFile[], kept: readonly KeptSetting[]): string =>
  [
    ...(written.length === 0 ? ['nothing to change: the files say it already'] : []),
    ...written.map(({ path, backup }) => `wrote ${path}${backup === undefined ? '' : ` (before: ${backup})`}`),
    ...kept.map(({ path, key }) => `did not set ${key} in ${path}: what it says already comes first`),
    ...plan.shell.map((line) => `shell: ${line}`),
    `run: ${plan.run}`,
    '',
  ].join('\n');
