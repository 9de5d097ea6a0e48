/** Is a change between two requests told from another text, and a volatile word from prose? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { SEEN_TO_CHANGE, watchText } from '#core/prefix-compare';

const changesOf = (...texts: readonly string[]): readonly string[] => {
  let seen = watchText(texts[0] ?? '', undefined);
  let last = texts[0] ?? '';
  for (const text of texts.slice(1)) {
    seen = watchText(text, seen);
    last = text;
  }
  return seen.spans.filter(({ rule }) => rule === SEEN_TO_CHANGE).map(({ start, end }) => last.slice(start, end));
};

const UUID_A = '8f14e45f-ceea-467f-9a5b-1c2d3e4f5a6b';
const UUID_B = '1c2d3e4f-0000-467f-9a5b-8f14e45f5a6b';

describe('a volatile word that changed is found', () => {
  test.each([
    ['a number', 'You have 3 open files.', 'You have 14 open files.', ['14']],
    ['a date', 'As of 2026-11-21 all is well.', 'As of 2026-11-22 all is well.', ['2026-11-22']],
    ['a day and a month in words', 'Built Sat Nov 21 2026 here', 'Built Tue Dec 01 2026 here', ['Tue', 'Dec', '01']],
    ['a clock', 'Started 10:55:12 AM', 'Started 11:02:44 PM', ['11:02:44', 'PM']],
    ['a uuid', `Scratch ${UUID_A}/notes`, `Scratch ${UUID_B}/notes`, [UUID_B]],
    ['hex digits', 'HEAD is at 3f2a9bc', 'HEAD is at 77d01ef', ['77d01ef']],
    ['base64', 'Proof: eyJhbGciOi1JIUzI1N2=', 'Proof: eyJ0eXAiOi3KV1QiL5C=', ['eyJ0eXAiOi3KV1QiL5C=']],
    ['two words, one of them the same', 'a 1 b 2', 'a 1 b 3', ['3']],
  ])('%s', (_title, before, after, expected) => {
    expect(changesOf(before, after)).toEqual(expected);
  });

  test('and stays found while the text around it stays', () => {
    expect(changesOf('count 1 of 9', 'count 2 of 9', 'count 2 of 9', 'count 3 of 9')).toEqual(['3']);
  });
});

describe('nothing is found', () => {
  test.each([
    ['for one request', ['You have 3 open files.']],
    ['when nothing changed', ['You have 3 open files.', 'You have 3 open files.']],
    ['when prose changed', ['Speak English. You have 3 files.', 'Speak German. You have 4 files.']],
    ['when a word with a digit in it changed', ['Read src/foo1.ts', 'Read src/foo2.ts']],
    ['when a word came in addition', ['Files: 1 2', 'Files: 1 2 3']],
    ['when so much changed that it is another text', ['x '.repeat(20), 'y '.repeat(20)].map(numbered)],
    ['after the text around it changed', ['count 1', 'count 2', 'Count 2']],
  ])('%s', (_title, texts) => {
    expect(changesOf(...texts)).toEqual([]);
  });

  function numbered(text: string, base: number): string {
    let next = 100 * (base + 1);
    return text.replace(/[xy]/g, () => String(next++));
  }
});

test('what the rules mark is not watched as well', () => {
  expect(changesOf("Today's date: 2026-11-21, step 1", "Today's date: 2026-11-22, step 2")).toEqual(['2']);
});

test('the words restated are the line, without what is restated elsewhere', () => {
  const before = watchText('One\nCurrent date: 2026-11-21, build 4711 of main\nTwo', undefined);
  const { spans } = watchText('One\nCurrent date: 2026-11-21, build 4712 of main\nTwo', before);
  expect(spans.map(({ statement }) => statement)).toEqual([
    'Current date: 2026-11-21',
    'Current date: …, build 4712 of main',
  ]);
});

test('of a long line the words around are restated', () => {
  const line = (count: number): string => `${'before '.repeat(100)}${count} files${' after'.repeat(100)}`;
  const { spans } = watchText(line(8), watchText(line(7), undefined));
  expect(spans[0]?.statement.length).toBeLessThanOrEqual(160);
  expect(spans[0]?.statement).toContain(' 8 files');
});

test('two texts without digits and dates never differ in a volatile word', () => {
  const prose = fc
    .string()
    .map((text) => text.replace(/\d|[AaPp]\.?[Mm]|[A-Z]/g, ''))
    .filter((text) => !/[ap]\.m/.test(text));
  fc.assert(fc.property(prose, prose, (one, other) => changesOf(one, other).length === 0));
});
