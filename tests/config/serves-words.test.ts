/** A line becomes words as a POSIX shell would split it. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { splitWords } from '#config/serves-words';

describe('a line', () => {
  const cases: readonly (readonly [line: string, words: readonly string[]])[] = [
    ['', []],
    ['  a  b\tc\n', ['a', 'b', 'c']],
    [`a 'b c' "d e"`, ['a', 'b c', 'd e']],
    [`--x='a b'c"d"`, ['--x=a bcd']],
    [`'' ""`, ['', '']],
    ['a\\ b \\"c', ['a b', '"c']],
    [`"a \\" b \\\\ \\n"`, ['a " b \\ \\n']],
    [`'a \\ b'`, ['a \\ b']],
    ['# $HOME *', ['#', '$HOME', '*']],
  ];
  for (const [line, words] of cases) {
    test(JSON.stringify(line), () => expect(splitWords(line)).toEqual({ ok: true, words }));
  }

  test('that never closes a quote, or ends in a backslash, is no line', () => {
    expect(splitWords(`a 'b`)).toMatchObject({ ok: false });
    expect(splitWords('a "b')).toMatchObject({ ok: false });
    expect(splitWords('a \\')).toMatchObject({ ok: false });
  });
});

test('any words, each quoted, come back', () => {
  const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { maxLength: 6 }), (words) => {
      expect(splitWords(words.map(quoted).join(' '))).toEqual({ ok: true, words });
    }),
  );
});
