/** Does every key of a TOML text lead to the line that a person would point at? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseToml } from '#platform/toml';
import { type KeyPath, tomlLines } from '#platform/toml-lines';

test.each<readonly [string, string, KeyPath, number | undefined]>([
  ['a key of the top', 'a = 1', ['a'], 1],
  ['a key behind comments and blank lines', '# a = 0\n\n  # b\n a = 1 # c', ['a'], 4],
  ['a table', '\n[a.b]\nc = 1', ['a', 'b'], 2],
  ['a table that only its child names', '\n[a.b]\nc = 1', ['a'], 2],
  ['a key in a table', '[a.b]\nc = 1', ['a', 'b', 'c'], 2],
  ['a dotted key', '[a]\nb . "c d".e = 1', ['a', 'b', 'c d', 'e'], 2],
  ['an entry of an array of tables', '[[t]]\nx = 1\n[[t]]\nx = 2', ['t', 1, 'x'], 4],
  ['the header of such an entry', '[[t]]\nx = 1\n[[t]]\nx = 2', ['t', 1], 3],
  ['a table below such an entry', '[[t]]\n[[t]]\n[t.sub]\nx = 2', ['t', 1, 'sub', 'x'], 4],
  [
    'an array of tables below another',
    '[[t]]\n[[t.u]]\n[[t.u]]\ny = 1\n[[t]]\n[[t.u]]\ny = 2',
    ['t', 1, 'u', 0, 'y'],
    7,
  ],
  ['an element of a list over several lines', 'a = [\n 1, # one\n\n 2,\n]\nb = 1', ['a', 1], 4],
  ['a key after such a list', 'a = [\n 1, # ]\n 2,\n]\nb = 1', ['b'], 5],
  ['a key of an inline table', 'a = { b = 1,\n c = { d = "}" } }\ne = 1', ['a', 'c', 'd'], 2],
  ['a key after an inline table', 'a = { b = "}{" } # }\ne = 1', ['e'], 2],
  ['a key after a long string', 'a = """\n# not a comment\n[b]\nc = 1 ""\n""""\nc = 2', ['c'], 6],
  ['a key after a long literal string', "a = '''\n\\'\n'''\nc = 2", ['c'], 4],
  ['a key after an escaped quote', 'a = "\\"#\\\\"\nc = 2', ['c'], 2],
  ['a quoted key with escapes', '"\\u00e9\\t" = 1', ['é\t'], 1],
  ['a literal key', "'a\\t' = 1", ['a\\t'], 1],
  ['a key after a date with a blank', 'a = 2026-01-01 07:30:00\nb = 1', ['b'], 2],
  ['a key behind a byte order mark', '\ufeffa = 1', ['a'], 1],
  ['a key after Windows line ends', 'a = 1\r\nb = [\r\n1]\r\nc = 1\r\n', ['c'], 4],
  ['a missing key: its table', '[a]\nb = 1\n[c]', ['a', 'x', 'y'], 1],
  ['a missing table: nothing', '[a]\nb = 1', ['z', 'x'], undefined],
  ['the document: nothing', '[a]', [], undefined],
])('%s', (_what, text, path, line) => {
  const result = parseToml(text);
  if (!result.ok) throw new Error(`the test's own TOML is broken: ${result.problem.message}`);
  expect(result.locate(path)).toBe(line);
});

/** A document in the making: its lines so far, and the line of every path that they mention. */
interface Draft {
  readonly lines: string[];
  readonly places: Map<string, number>;
}

const mark = (draft: Draft, path: KeyPath): void => {
  const key = JSON.stringify(path);
  if (!draft.places.has(key)) draft.places.set(key, draft.lines.length + 1);
};

const bare = fc.stringMatching(/^[a-z][a-z0-9_-]{0,6}$/);
const quoted = fc.string({ unit: fc.constantFrom(...'ab .#=[]{}"\'\\\té😀'), maxLength: 6 });
const key = fc.oneof({ weight: 3, arbitrary: bare }, quoted);
const keyToml = (name: string): string => (/^[a-z0-9_-]+$/.test(name) ? name : basicString(name));
const basicString = (text: string): string =>
  `"${text.replace(/[\\"]/g, '\\$&').replace(/[\t\n]/g, (c) => (c === '\t' ? '\\t' : '\\n'))}"`;

type Value =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | { readonly kind: 'list'; readonly items: readonly Value[]; readonly spread: boolean }
  | { readonly kind: 'table'; readonly members: readonly (readonly [string, Value])[] };

const scalar: fc.Arbitrary<Value> = fc
  .oneof(
    fc.integer().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number.toFixed(3)),
    fc.constantFrom(
      'true',
      'false',
      '1979-05-27T07:32:00Z',
      '1979-05-27 07:32:00',
      '07:32:00',
      'inf',
      'nan',
      "''",
      "'# ]}'",
    ),
    quoted.map(basicString),
  )
  .map((text) => ({ kind: 'line', text }));

const longText: fc.Arbitrary<Value> = fc
  .tuple(
    fc.constantFrom('"""', "'''"),
    fc.array(fc.constantFrom('', 'a = 1', '[x]', '# c', '"', "'"), { maxLength: 4 }),
  )
  .map(([fence, lines]) => ({ kind: 'lines', lines: [fence, ...lines, fence] }));

const value = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    longText,
    fc.record({
      kind: fc.constant('list' as const),
      items: fc.array(tie('value'), { maxLength: 3 }),
      spread: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('table' as const),
      members: fc.uniqueArray(fc.tuple(key, tie('value')), { maxLength: 3, selector: ([name]) => name }),
    }),
  ),
})).value;

/** Writes a value behind the text of the line begun so far; answers with the text of the line that it leaves open. */
const write = (draft: Draft, path: KeyPath, given: Value, open: string): string => {
  mark(draft, path);
  switch (given.kind) {
    case 'line':
      return open + given.text;
    case 'lines': {
      const [first = '', ...rest] = given.lines;
      draft.lines.push(open + first, ...rest.slice(0, -1));
      return rest.at(-1) ?? '';
    }
    case 'list': {
      let line = `${open}[`;
      for (const [index, item] of given.items.entries()) {
        if (given.spread) {
          draft.lines.push(`${line} # ]`);
          line = '\t';
        }
        line = `${write(draft, [...path, index], item, line)}, `;
      }
      return `${line}]`;
    }
    case 'table': {
      let line = `${open}{ `;
      for (const [index, [name, member]] of given.members.entries()) {
        if (index > 0) line += ', ';
        mark(draft, [...path, name]);
        line = write(draft, [...path, name], member, `${line}${keyToml(name)} = `);
      }
      return `${line} }`;
    }
  }
};

const members = fc.uniqueArray(fc.tuple(key, value, fc.constantFrom('', ' # c', '\n', '\n# x = 1\n')), {
  maxLength: 4,
  selector: ([name]) => name,
});

const document = fc.record({
  top: members,
  tables: fc.uniqueArray(fc.tuple(bare, fc.array(key, { maxLength: 2 }), members), {
    maxLength: 3,
    selector: ([name]) => `t-${name}`,
  }),
  arrays: fc.uniqueArray(fc.tuple(bare, fc.array(fc.tuple(members, members), { minLength: 1, maxLength: 3 })), {
    maxLength: 2,
    selector: ([name]) => name,
  }),
});

type Members = typeof members extends fc.Arbitrary<infer M> ? M : never;
type Document = typeof document extends fc.Arbitrary<infer D> ? D : never;

/** `prefix` keeps the names of one table apart from those of the tables below it. */
const writeMembers = (draft: Draft, path: KeyPath, list: Members, prefix = ''): void => {
  for (const [suffix, member, after] of list) {
    const name = prefix + suffix;
    mark(draft, [...path, name]);
    const open = write(draft, [...path, name], member, `${keyToml(name)} = `);
    draft.lines.push(...`${open}${after}`.split('\n'));
  }
};

const render = (given: Document): Draft => {
  const draft: Draft = { lines: [], places: new Map() };
  writeMembers(draft, [], given.top, 'k');
  for (const [name, below, list] of given.tables) {
    const path = [`t-${name}`, ...below];
    for (let length = 1; length <= path.length; length++) mark(draft, path.slice(0, length));
    draft.lines.push(`[ ${path.map(keyToml).join(' . ')} ] # c`);
    writeMembers(draft, path, list);
  }
  for (const [name, entries] of given.arrays) {
    const path = `a-${name}`;
    for (const [index, [own, sub]] of entries.entries()) {
      mark(draft, [path]);
      mark(draft, [path, index]);
      draft.lines.push(`[[${path}]]`);
      writeMembers(draft, [path, index], own, 'o');
      mark(draft, [path, index, 'sub']);
      draft.lines.push(`[${path}.sub]`);
      writeMembers(draft, [path, index, 'sub'], sub);
    }
  }
  return draft;
};

describe('generated documents', () => {
  test.each(['\n', '\r\n'])('have every key found on its line (line end %p)', (lineEnd) => {
    fc.assert(
      fc.property(document, (given) => {
        const { lines, places } = render(given);
        const text = lines.join('\n').replaceAll('\n', lineEnd);
        const result = parseToml(text);
        if (!result.ok) throw new Error(`${result.problem.message} in\n${text}`);
        for (const [path, line] of places) {
          expect([path, result.locate(JSON.parse(path))]).toEqual([path, line]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('that are cut or mangled never hang the locator', () => {
    fc.assert(
      fc.property(
        document,
        fc.nat(),
        fc.string({ unit: fc.constantFrom(...'[]{}=.,#"\'\\\n a') }),
        (given, at, junk) => {
          const text = render(given).lines.join('\n');
          const cut = at % (text.length + 1);
          const locate = tomlLines(text.slice(0, cut) + junk + text.slice(cut));
          expect(locate([-1])).toBeUndefined();
        },
      ),
    );
  });
});
