/** Who may import whom, and what the pure folders may not mention. */
import { describe, expect, test } from 'bun:test';
import { importTable, resolveImport, type SourceFile, sourceFiles } from '#tests/architecture/source';

interface Layer {
  /** Folders it may import besides itself. */
  readonly folders: readonly string[];
  /** Packages and built-in modules it may import; a name covers its subpaths. */
  readonly packages: readonly string[];
  /** No clock, no random, no environment, no input or output. */
  readonly pure: boolean;
}

const PURE_ROWS = ['core', 'config', 'dialects', 'verifiers', 'repair', 'engines'] as const;
const ADAPTERS = ['platform', 'upstream', 'store', 'drivers'] as const;
const APPLICATION = [...PURE_ROWS, ...ADAPTERS, 'machines'] as const;

/** The rows of docs/adr/0002-layers.md, lowest first. */
const LAYERS: Readonly<Record<string, Layer>> = {
  core: { folders: [], packages: [], pure: true },
  config: { folders: ['core'], packages: ['typebox'], pure: true },
  dialects: { folders: ['core'], packages: [], pure: true },
  verifiers: { folders: ['core'], packages: ['typebox'], pure: true },
  repair: { folders: ['core', 'verifiers'], packages: [], pure: true },
  engines: { folders: ['core'], packages: [], pure: true },
  machines: { folders: ['core'], packages: ['xstate'], pure: true },
  platform: {
    folders: PURE_ROWS,
    packages: [
      'smol-toml',
      'jsonc-parser',
      'yaml',
      'pino',
      'web-tree-sitter',
      '@vscode/tree-sitter-wasm',
      '@tree-sitter-grammars/tree-sitter-toml',
      '@tree-sitter-grammars/tree-sitter-yaml',
      'tree-sitter-c',
      'tree-sitter-html',
      'xstate',
      'prom-client',
      'node:',
    ],
    pure: false,
  },
  upstream: { folders: [...PURE_ROWS, 'platform'], packages: [], pure: false },
  store: { folders: [...PURE_ROWS, 'platform'], packages: ['bun:sqlite'], pure: false },
  drivers: { folders: [...PURE_ROWS, 'platform'], packages: [], pure: false },
  multiplexer: { folders: APPLICATION, packages: ['xstate'], pure: false },
  router: { folders: APPLICATION, packages: ['xstate'], pure: false },
  ops: { folders: APPLICATION, packages: [], pure: false },
  server: {
    folders: [...APPLICATION, 'router', 'multiplexer', 'ops'],
    packages: ['elysia', '@elysiajs/stream'],
    pure: false,
  },
  cli: { folders: [...APPLICATION, 'router', 'multiplexer', 'ops', 'server'], packages: [], pure: false },
  main: { folders: ['cli', 'platform'], packages: [], pure: false },
};

/** What the pure folders may not name. */
const IMPURE: readonly RegExp[] = [
  /\bBun\./,
  /\bprocess\./,
  /\bfetch\(/,
  /\bDate\.now\b/,
  /\bnew Date\(\)/,
  /\bMath\.random\b/,
  /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\(/,
  /\bconsole\b/,
  /\bcrypto\./,
  /\bperformance\./,
];
/** Names of the runtime, for the world's own folder. `server` may listen. */
const RUNTIME = /\bBun\./;
const WORLD_FOLDERS: ReadonlySet<string> = new Set(['platform', 'server']);

/** `src/core/tier.ts` is of core, `machines/…` of machines, `src/main.ts` of main. */
const layerOf = (path: string): string => {
  const [top = '', folder = ''] = path.split('/');
  return top === 'src' ? folder.replace(/\.ts$/, '') : top;
};

/** A package itself or one of its subpaths; `node:` covers every module of that scheme. */
const isOf = (specifier: string, name: string): boolean =>
  specifier === name || specifier.startsWith(name.endsWith(':') ? name : `${name}/`);

const importProblems = (file: SourceFile, table: Readonly<Record<string, string>>): readonly string[] => {
  const own = layerOf(file.path);
  const layer = LAYERS[own];
  if (layer === undefined) return [`${file.path}: folder ${own} is not in the table of layers`];
  return file.imports.flatMap((specifier) => {
    const target = resolveImport(file.path, specifier, table);
    if (target === undefined) {
      const known = layer.packages.some((name) => isOf(specifier, name));
      return known ? [] : [`${file.path} → package ${specifier}`];
    }
    if (target === 'package.json') return [];
    const other = layerOf(target);
    return other === own || layer.folders.includes(other) ? [] : [`${file.path} → ${other} (${specifier})`];
  });
};

const mentions = (file: SourceFile, pattern: RegExp): readonly string[] =>
  file.code
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1}: ${line.trim()}`] : []));

const files = await sourceFiles('src', 'machines');
const table = await importTable();

describe('layers', () => {
  test('every folder imports only what lies below it', () => {
    expect(files.flatMap((file) => importProblems(file, table))).toEqual([]);
  });

  test('an import that goes up is found', () => {
    const imports = ['#router/router', '#core/tier', 'elysia'];
    const found = importProblems({ path: 'src/core/tier.ts', text: '', code: '', imports }, table);
    expect(found).toEqual(['src/core/tier.ts → router (#router/router)', 'src/core/tier.ts → package elysia']);
  });

  test('the same file is never reached by two names', () => {
    const climbing = files.filter(({ imports }) =>
      imports.some((specifier) => specifier.startsWith('.') && !specifier.endsWith('.json')),
    );
    expect(climbing.map(({ path }) => path)).toEqual([]);
  });

  test('pure folders know no clock, no random, no environment, no world', () => {
    const pure = files.filter(({ path }) => LAYERS[layerOf(path)]?.pure === true);
    expect(pure.length).toBeGreaterThan(0);
    expect(pure.flatMap((file) => IMPURE.flatMap((pattern) => mentions(file, pattern)))).toEqual([]);
  });

  test('only platform speaks to the runtime, and server, which listens', () => {
    const others = files.filter(({ path }) => !WORLD_FOLDERS.has(layerOf(path)));
    expect(others.flatMap((file) => mentions(file, RUNTIME))).toEqual([]);
  });
});
