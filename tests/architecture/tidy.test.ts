/** Properties of the code itself: sizes, first comments, dead files, and habits that are banned. */
import { describe, expect, test } from 'bun:test';
import { importTable, resolveImport, type SourceFile, sourceFiles } from '#tests/architecture/source';

const LINES_MAX = 400;
const FIRST_COMMENT_LINES_MAX = 3;

interface Ban {
  readonly what: string;
  /** Files the ban is for. */
  readonly where: RegExp;
  readonly except?: RegExp;
  readonly pattern: RegExp;
  /** A line that must be caught, so that a pattern cannot rot. */
  readonly caught: { readonly path: string; readonly line: string };
}

const BANS: readonly Ban[] = [
  {
    what: 'a default export, outside the verbs of the command line',
    where: /^(?:src|machines|scripts|tests|bench)\//,
    except: /^src\/cli\/commands\//,
    pattern: /\bexport\s+default\b/,
    caught: { path: 'src/ops/a.ts', line: 'export default 1;' },
  },
  {
    what: 'an actor without the factory that observes its errors',
    where: /^(?:src|machines)\//,
    except: /^src\/platform\/actors\.ts$/,
    pattern: /\b(?:createActor|interpret)\(/,
    caught: { path: 'src/router/a.ts', line: 'const a = createActor(machine);' },
  },
  {
    what: 'a generator that answers a request: it hides a dying upstream and can end the process',
    where: /^src\/server\//,
    pattern: /\basync\s+function\s*\*|\basync\s*\*|\bfunction\s*\*|\byield\b/,
    caught: { path: 'src/server/a.ts', line: '.get(path, async function* () {' },
  },
  {
    what: 'headers beside the Response: with them set, Elysia decodes a relayed body anew',
    where: /^src\/server\//,
    pattern: /\bset\.(?:headers|status|cookie|redirect)\b/,
    caught: { path: 'src/server/a.ts', line: 'set.headers.x = y;' },
  },
  {
    what: 'a stream returned bare: model traffic leaves as a Response',
    where: /^src\/(?:server|router)\//,
    pattern: /\breturn\s+new\s+(?:ReadableStream|TransformStream)\b/,
    caught: { path: 'src/server/a.ts', line: 'return new ReadableStream({' },
  },
  {
    what: 'a test that waits on the wall clock',
    where: /^tests\/.*\.test\.ts$/,
    pattern: /\bBun\.sleep(?:Sync)?\(|(?<![.\w])setTimeout\(/,
    caught: { path: 'tests/core/a.test.ts', line: 'await Bun.sleep(5);' },
  },
];

const files = await sourceFiles('src', 'machines', 'scripts', 'bench', 'tests');
const table = await importTable();

const violations = (file: SourceFile, { what, where, except, pattern }: Ban): readonly string[] => {
  if (!where.test(file.path) || except?.test(file.path) === true) return [];
  return file.code
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1}: ${what}`] : []));
};

/** Lines of the comment that opens the file, behind a shebang; 0 when there is none. */
const firstCommentLines = (text: string): number => {
  const body = text.replace(/^#![^\n]*\n/, '');
  const block = /^\/\*[\s\S]*?\*\//.exec(body)?.[0] ?? /^(?:\/\/[^\n]*\n)+/.exec(body)?.[0];
  return block === undefined ? 0 : block.trimEnd().split('\n').length;
};

/** Everything that the entry files import, directly or not. */
const reachable = (entries: readonly string[]): ReadonlySet<string> => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const seen = new Set<string>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const specifier of byPath.get(path)?.imports ?? []) {
      const target = resolveImport(path, specifier, table);
      if (target !== undefined) waiting.push(target);
    }
  }
  return seen;
};

const pathsIn = (pattern: RegExp): readonly string[] =>
  files.map(({ path }) => path).filter((path) => pattern.test(path));

describe('tidiness', () => {
  test(`no file has more than ${LINES_MAX} lines`, () => {
    const long = files.filter(({ text }) => text.split('\n').length - 1 > LINES_MAX);
    expect(long.map(({ path, text }) => `${path}: ${text.split('\n').length - 1}`)).toEqual([]);
  });

  test(`every file begins with a comment of at most ${FIRST_COMMENT_LINES_MAX} lines that says what it is for`, () => {
    const wrong = files.filter(({ text }) => {
      const lines = firstCommentLines(text);
      return lines === 0 || lines > FIRST_COMMENT_LINES_MAX;
    });
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  for (const ban of BANS) {
    test(`nowhere is ${ban.what}`, () => {
      const { path, line } = ban.caught;
      expect(violations({ path, text: line, code: line, imports: [] }, ban)).toEqual([`${path}:1: ${ban.what}`]);
      expect(files.flatMap((file) => violations(file, ban))).toEqual([]);
    });
  }

  test('every file of the program is reached from src/main.ts or a script', () => {
    const live = reachable(['src/main.ts', ...pathsIn(/^(?:scripts|bench)\//)]);
    // Declarations of types hold for the whole program without being imported.
    const code = pathsIn(/^(?:src|machines)\/(?!.*\.d\.ts$)/);
    expect(code.filter((path) => !live.has(path))).toEqual([]);
  });

  test('every file of the tests is a test, a program that one starts (-program.ts), or used by one', () => {
    const live = reachable(pathsIn(/^tests\/.*\.test\.ts$|^(?:scripts|bench)\//));
    const spawned = pathsIn(/^tests\/.*-program\.ts$/);
    expect(pathsIn(/^tests\//).filter((path) => !live.has(path) && !spawned.includes(path))).toEqual([]);
  });
});
