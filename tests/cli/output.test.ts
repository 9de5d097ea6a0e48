/** What is printed lines up, and cannot steer the terminal. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { printable, table } from '#cli/output';

describe('a table', () => {
  test('lines up its columns and leaves no spaces at the end', () => {
    const text = table(
      ['id', 'name'],
      [
        ['1', 'a'],
        ['1000', ''],
      ],
    );
    expect(text).toBe('id    name\n1     a\n1000\n');
  });

  test('keeps its widths when cells are coloured', () => {
    const text = table(['a', 'b'], [['x', 'y']], (cell, _column, row) => (row === 0 ? `<${cell}>` : cell));
    expect(text).toBe('a  b\n<x>  <y>\n');
  });

  test('has one line per row, whatever the cells hold', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string({ unit: 'binary' })), { maxLength: 5 }), (rows) => {
        expect(table(['a', 'b'], rows).split('\n').length).toBe(rows.length + 2);
      }),
    );
  });
});

describe('text from elsewhere', () => {
  const cases: readonly (readonly [text: string, shown: string])[] = [
    ['plan\u001b[2Jning', 'plan\ufffd[2Jning'],
    ['a\nb\tc\rd', 'a\ufffdb\ufffdc\ufffdd'],
    ['\u009b31m', '\ufffd31m'],
    ['abc\u202etxt', 'abc\ufffdtxt'],
    ['Größe 大きい 🙂', 'Größe 大きい 🙂'],
  ];
  for (const [text, shown] of cases) {
    test(`${JSON.stringify(text)} is shown as ${JSON.stringify(shown)}`, () => {
      expect(printable(text)).toBe(shown);
    });
  }
});
