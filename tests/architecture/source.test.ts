/** The reader that the architecture tests rest on sees what a person sees. */
import { describe, expect, test } from 'bun:test';
import { importsOf, resolveImport, stripped } from '#tests/architecture/source';

describe('code without comments and strings', () => {
  const cases: readonly (readonly [source: string, code: string])[] = [
    ['a(); // Bun.file', 'a();            '],
    ['a(/* Bun. */ b)', 'a(           b)'],
    ["a('Bun.file')", "a('        ')"],
    ['a("it\'s", b)', 'a("    ", b)'],
    ['`Bun ${Bun.x} // y`', '`     {Bun.x}     `'],
    ['`${`${Bun.x}`}` + Bun.y', '` {` {Bun.x}`}` + Bun.y'],
    ['const a = /["\'`]\\/\\/[/]/g; b', 'const a = /             g; b'],
    ['a = b / c; // d / e', 'a = b / c;         '],
    ['`\\`Bun.x`', '`       `'],
  ];
  for (const [source, code] of cases) {
    test(`of ${source}`, () => {
      expect(stripped(source, true)).toBe(code);
    });
  }

  test('keeps every line where it was', () => {
    const source = '/** one\n two */\nconst a = `x\n${1}\n`;\n';
    expect(stripped(source, true).split('\n').length).toBe(source.split('\n').length);
  });
});

describe('imports', () => {
  test('are found in every form, type-only ones included, and not in comments', () => {
    const source = `import 'one';
import type { A } from '#core/two';
export { b } from "three";
const c = await import('#four');
// from 'five'
import {
  d,
} from './six';`;
    expect(importsOf(source)).toEqual(['one', '#core/two', 'three', '#four', './six']);
  });

  test('resolve through the table of package.json and relative to their file', () => {
    const table = { '#core/*': './src/core/*.ts', '#package': './package.json' };
    expect(resolveImport('src/cli/main.ts', '#core/a/b', table)).toBe('src/core/a/b.ts');
    expect(resolveImport('src/cli/main.ts', '#package', table)).toBe('package.json');
    expect(resolveImport('src/cli/main.ts', '../core/tier', table)).toBe('src/core/tier.ts');
    expect(resolveImport('src/cli/main.ts', 'elysia', table)).toBeUndefined();
  });
});
