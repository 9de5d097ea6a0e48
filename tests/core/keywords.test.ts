// Which keyword tables are accepted, and what is said about the others.
import { expect, test } from 'bun:test';
import { BUILT_IN_KEYWORDS, parseKeywords } from '#core/keywords';

test('the built-in table is the one of v0.9: order is priority', () => {
  expect(BUILT_IN_KEYWORDS.map(({ workClass, phrases }) => [workClass, phrases.length])).toEqual([
    ['review', 4],
    ['planning', 9],
    ['multi-file-refactor', 4],
    ['bounded-edit', 7],
  ]);
});

test('phrases are trimmed, lower-cased and freed of repeats; remarks are skipped', () => {
  expect(parseKeywords({ _comment: 1, review: [' Look  AT ', 'look at'] })).toEqual({
    ok: true,
    table: [{ workClass: 'review', phrases: ['look at'] }],
  });
});

test.each([
  [[], ['expected an object: work class to array of phrases']],
  [null, ['expected an object: work class to array of phrases']],
  [
    { reviews: ['x'] },
    ['reviews: not a work class; use one of chat, bounded-edit, multi-file-refactor, planning, review, long-context'],
  ],
  [{ review: [] }, ['review: expected a non-empty array of phrases']],
  [
    { review: ['ok', 3, ''] },
    ['review[1]: expected a phrase of 1 to 64 characters', 'review[2]: expected a phrase of 1 to 64 characters'],
  ],
  [{ review: Array.from({ length: 65 }, (_, index) => `p${index}`) }, ['review: 65 phrases, at most 64 are allowed']],
] as const)('%j is refused with every problem named', (document, problems) => {
  expect(parseKeywords(document)).toEqual({ ok: false, problems: [...problems] });
});
