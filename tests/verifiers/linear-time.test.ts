/** Does the work grow in step with the text, even for text made to hurt? Steps are counted, so no clock can flicker. */
import { expect, test } from 'bun:test';
import { contextOf, cut, partsOf } from '#tests/verifiers/support';
import { createChain } from '#verifiers/chain';
import { createDiffHunks } from '#verifiers/diff-hunks';
import { createFenceReader, FENCE_HEAD_CHARS } from '#verifiers/fences';
import { JsonPrefix } from '#verifiers/json-prefix';
import { createTextLines } from '#verifiers/text-lines';

const MEGABYTE = 1_048_576;
const fill = (pattern: string, characters: number): string =>
  pattern.repeat(Math.ceil(characters / pattern.length)).slice(0, characters);

const hostile: readonly [title: string, pattern: string][] = [
  ['backticks without end', '`'],
  ['backticks in lines of three', '```\n'],
  ['backticks between letters', 'a`'],
  ['opening fences that never close', '```js\n'],
  ['tildes and backticks in turn', '~~~\n```\n'],
  ['line breaks only', '\n'],
  ['blanks only', ' '],
  ['hunk headers only', '@@ -1,9 +1,9 @@\n'],
  ['one line of text', 'word '],
  ['diff fences opened and closed', '```diff\n+a\n```\n'],
];

const textSteps = (text: string, size: number): number => {
  const fences = createFenceReader();
  const hunks = createDiffHunks();
  const lines = createTextLines(FENCE_HEAD_CHARS, (line) => {
    fences.read(line);
    hunks.line(line.head);
  });
  for (const piece of cut(text, [size])) lines.observe({ type: 'text-delta', index: 0, text: piece });
  lines.finish();
  return lines.steps + hunks.steps;
};

test.each(hostile)('%s: a megabyte costs at most three steps per character', (_title, pattern) => {
  for (const size of [17, MEGABYTE]) expect(textSteps(fill(pattern, MEGABYTE), size)).toBeLessThanOrEqual(3 * MEGABYTE);
});

test.each(hostile)('%s: four times the text costs about four times the steps', (_title, pattern) => {
  const small = textSteps(fill(pattern, 65_536), 64) + 64;
  const large = textSteps(fill(pattern, 4 * 65_536), 64);
  expect(large).toBeLessThanOrEqual(4.1 * small);
});

const documents: readonly [title: string, text: string][] = [
  ['one long string', `"${'x'.repeat(MEGABYTE)}"`],
  ['a string of escapes', `"${'\\u0041\\n'.repeat(MEGABYTE / 8)}"`],
  ['nesting up to the limit, over and over', `[${`${'['.repeat(500)}${']'.repeat(500)},`.repeat(1000)}0]`],
  ['a number without end', '9'.repeat(MEGABYTE)],
  ['exponents without end', `[${'1e5,'.repeat(MEGABYTE / 4)}0]`],
  ['blanks without end', ' '.repeat(MEGABYTE)],
];

test.each(documents)('JSON, %s: at most two steps per character', (_title, text) => {
  for (const size of [13, text.length]) {
    const json = new JsonPrefix();
    expect(cut(text, [size]).find((piece) => json.push(piece) !== undefined)).toBeUndefined();
    expect(json.steps).toBeGreaterThanOrEqual(text.length);
    expect(json.steps).toBeLessThanOrEqual(2 * text.length);
  }
});

test('brackets nested beyond the limit stop being read there', () => {
  const json = new JsonPrefix();
  expect(json.push('['.repeat(MEGABYTE))).toEqual({ kind: 'too-deep', position: 512 });
  expect(json.steps).toBe(513);
});

test('no verifier throws or gives up on any hostile text', () => {
  for (const [, pattern] of hostile) {
    const text = fill(pattern, MEGABYTE / 8);
    const context = contextOf({ outputFormat: { kind: 'json' } });
    const chain = createChain({ level: 'full', context, micros: () => 0 });
    for (const part of partsOf({ text, calls: [{ json: text }] }, [23])) chain.observe(part);
    chain.finish({ usage: undefined });
    expect(chain.results().map(({ verdict }) => verdict)).not.toContain('no-opinion');
  }
});
