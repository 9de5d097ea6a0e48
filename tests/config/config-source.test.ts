/** Which file is read, and in which mode, for all that flags, variables and a manifest can say? */
import { describe, expect, test } from 'bun:test';
import { type ConfigSource, loadConfigFile, loadConfigText, resolveConfigSource } from '#ops/load-config';
import type { Effects, Files } from '#platform/effects';
import { fixture, minimal, sha256 } from '#tests/config/support';

type Tree = Record<string, string>;

const filesOf = (tree: Tree): Files => ({
  read: async (path) => tree[path],
  replace: () => Promise.reject(new Error('a configuration is never written')),
  exists: async (path) => Object.hasOwn(tree, path),
});

const envOf = (variables: Record<string, string>) => (name: string) => variables[name]?.trim() || undefined;

const CHECKOUT: Tree = { 'configs/example.toml': minimal(), 'configs/example-flexibility.toml': minimal() };
const MANIFEST = '[modes]\nactive_mode = "flexibility"\nagentic = "a.toml"\nflexibility = "sub/f.toml"';

const resolve = (
  selection: { config?: string; mode?: string },
  variables: Record<string, string> = {},
  tree: Tree = CHECKOUT,
): Promise<ConfigSource> => resolveConfigSource(selection, envOf(variables), filesOf(tree));

const problemIn = (source: ConfigSource): string => {
  if (source.kind !== 'problem') throw new Error(`no problem: ${JSON.stringify(source)}`);
  const { file, key, message, remedy } = source.problem;
  expect(remedy).not.toBe('');
  return `${file} ${key}: ${message}`;
};

describe('the file', () => {
  test.each<readonly [string, { config?: string; mode?: string }, Record<string, string>, Tree, object]>([
    ['nothing is named', {}, {}, CHECKOUT, { kind: 'none' }],
    ['only blanks are named', {}, { ANVIL_MODE: '  ', ANVIL_CONFIG: ' ' }, CHECKOUT, { kind: 'none' }],
    ['a mode file alone selects nothing', {}, { ANVIL_CONFIG_AGENTIC: 'x.toml' }, CHECKOUT, { kind: 'none' }],
    [
      '--config',
      { config: 'my.toml' },
      { ANVIL_MODE: 'flexibility' },
      {},
      { kind: 'file', path: 'my.toml', from: '--config' },
    ],
    [
      '--config at home',
      { config: '~/my.toml' },
      { HOME: '/h' },
      {},
      { kind: 'file', path: '/h/my.toml', from: '--config' },
    ],
    [
      'ANVIL_CONFIG',
      {},
      { ANVIL_CONFIG: '/etc/c.toml', ANVIL_MODE: 'agentic' },
      {},
      { kind: 'file', path: '/etc/c.toml', from: 'ANVIL_CONFIG' },
    ],
    [
      '--mode over ANVIL_CONFIG and ANVIL_MODE',
      { mode: 'flexibility' },
      { ANVIL_MODE: 'agentic', ANVIL_CONFIG: 'c.toml' },
      CHECKOUT,
      {
        kind: 'file',
        path: 'configs/example-flexibility.toml',
        mode: 'flexibility',
        from: 'the example of the source checkout',
      },
    ],
    [
      'ANVIL_MODE over the manifest',
      {},
      { ANVIL_MODE: 'agentic', ANVIL_MODES_CONFIG: '/m/modes.toml' },
      { '/m/modes.toml': MANIFEST },
      { kind: 'file', path: '/m/a.toml', mode: 'agentic', from: '[modes] agentic of /m/modes.toml' },
    ],
    [
      "the manifest's own mode, beside the manifest",
      {},
      { ANVIL_MODES_CONFIG: '/m/modes.toml' },
      { '/m/modes.toml': MANIFEST },
      { kind: 'file', path: '/m/sub/f.toml', mode: 'flexibility', from: '[modes] flexibility of /m/modes.toml' },
    ],
    [
      'a variable over the manifest',
      { mode: 'agentic' },
      { ANVIL_MODES_CONFIG: '/m/modes.toml', ANVIL_CONFIG_AGENTIC: '~/a.toml', HOME: '/h' },
      { '/m/modes.toml': MANIFEST },
      { kind: 'file', path: '/h/a.toml', mode: 'agentic', from: 'ANVIL_CONFIG_AGENTIC' },
    ],
    [
      'agentic when the manifest names no mode, and the example when it names no file',
      {},
      { ANVIL_MODES_CONFIG: 'modes.toml' },
      { ...CHECKOUT, 'modes.toml': '[modes]' },
      { kind: 'file', path: 'configs/example.toml', mode: 'agentic', from: 'the example of the source checkout' },
    ],
    [
      'an absolute path or one at home in a manifest',
      { mode: 'agentic' },
      { ANVIL_MODES_CONFIG: '/m/modes.toml', HOME: '/h' },
      { '/m/modes.toml': '[modes]\nagentic = "~/a.toml"' },
      { kind: 'file', path: '/h/a.toml', mode: 'agentic', from: '[modes] agentic of /m/modes.toml' },
    ],
  ])('%s', async (_what, selection, variables, tree, expected) => {
    expect(await resolve(selection, variables, tree)).toEqual(expected as ConfigSource);
  });

  test('is the one that the manifest of v0.9 names, whatever else the manifest holds', async () => {
    const tree = { '/m/modes.toml': await fixture('v09-modes.toml') };
    expect(await resolve({}, { ANVIL_MODES_CONFIG: '/m/modes.toml' }, tree)).toMatchObject({
      path: '/m/v09-example.toml',
      mode: 'agentic',
    });
  });
});

describe('a mistake', () => {
  test.each<readonly [string, { config?: string; mode?: string }, Record<string, string>, Tree, RegExp]>([
    ['two selectors', { config: 'a', mode: 'agentic' }, {}, {}, /exclude each other/],
    [
      'an unknown mode on the command line',
      { mode: 'fast' },
      {},
      CHECKOUT,
      /^command line --mode: there is no mode "fast"/,
    ],
    [
      'an unknown mode in the environment',
      {},
      { ANVIL_MODE: 'Agentic' },
      CHECKOUT,
      /^environment ANVIL_MODE: there is no mode "Agentic"/,
    ],
    [
      'an unknown mode in the manifest',
      {},
      { ANVIL_MODES_CONFIG: 'm' },
      { m: '[modes]\nactive_mode = "x"' },
      /^m modes\.active_mode: must be one of/,
    ],
    ['a manifest that is not there', {}, { ANVIL_MODES_CONFIG: 'm' }, {}, /^m : there is no such file/],
    ['a manifest that is no TOML', {}, { ANVIL_MODES_CONFIG: 'm' }, { m: '[modes' }, /^m : TOML/],
    [
      'a manifest without its table',
      {},
      { ANVIL_MODES_CONFIG: 'm' },
      { m: 'modes = 1' },
      /^m modes: no \[modes\] table/,
    ],
    [
      'a manifest with a path that is none',
      {},
      { ANVIL_MODES_CONFIG: 'm' },
      { m: '[modes]\nagentic = 1' },
      /^m modes\.agentic: must be text/,
    ],
    [
      'a manifest with an empty path',
      {},
      { ANVIL_MODES_CONFIG: 'm' },
      { m: '[modes]\nagentic = ""' },
      /must not be empty/,
    ],
    [
      'a manifest with an unknown key',
      {},
      { ANVIL_MODES_CONFIG: 'm' },
      { m: '[modes]\nagentik = "a"' },
      /^m modes\.agentik: unknown key/,
    ],
    [
      'a mode without a file',
      { mode: 'agentic' },
      {},
      {},
      /^command line --mode: mode "agentic" has no configuration file/,
    ],
  ])('is explained: %s', async (_what, selection, variables, tree, expected) => {
    expect(problemIn(await resolve(selection, variables, tree))).toMatch(expected);
  });
});

const effects = (tree: Tree, variables: Record<string, string> = {}): Pick<Effects, 'env' | 'files' | 'sha256'> => ({
  env: envOf(variables),
  files: filesOf(tree),
  sha256,
});

describe('loading', () => {
  test('reads the file, takes its digest, its path and its mode', async () => {
    const text = minimal();
    const result = await loadConfigFile('/etc/c.toml', 'agentic', effects({ '/etc/c.toml': text }));
    expect(result).toMatchObject({
      ok: true,
      settings: { path: '/etc/c.toml', mode: 'agentic', digest: sha256(text).slice(0, 16) },
    });
  });

  test('looks for a profile beside the file, then in the working directory', async () => {
    const text = minimal(['profile_path = "p.json"']);
    const beside = await loadConfigFile(
      '/etc/c.toml',
      undefined,
      effects({ '/etc/c.toml': text, '/etc/p.json': '', 'p.json': '' }),
    );
    expect(beside).toMatchObject({ settings: { profilePath: '/etc/p.json' }, warnings: [] });
    const working = await loadConfigFile('/etc/c.toml', undefined, effects({ '/etc/c.toml': text, 'p.json': '' }));
    expect(working).toMatchObject({
      settings: { profilePath: 'p.json' },
      warnings: [{ key: 'router.profile_path', line: 3 }],
    });
  });

  test('sets limits from the environment', async () => {
    const result = await loadConfigText(minimal(), {}, effects({}, { ANVIL_MAX_CONCURRENCY: '3' }));
    expect(result).toMatchObject({ ok: true, settings: { limits: { concurrencyMax: 3 } } });
    expect(result.ok && 'path' in result.settings).toBe(false);
  });

  test.each([
    ['a missing file', {}, /there is no such file/],
    ['a text that is no TOML', { 'c.toml': 'a = "' }, /^TOML: /],
    ['a text that is too long', { 'c.toml': '#'.repeat(300_000) }, /300000 characters, more than 262144/],
  ])('explains %s', async (_what, tree, message) => {
    const result = await loadConfigFile('c.toml', undefined, effects(tree));
    expect(result).toMatchObject({
      ok: false,
      problems: [{ file: 'c.toml', message: expect.stringMatching(message) }],
    });
  });

  test('explains a file that cannot be read', async () => {
    const failing = { ...filesOf({}), read: () => Promise.reject(new Error('EACCES: permission denied')) };
    const result = await loadConfigFile('c.toml', undefined, { ...effects({}), files: failing });
    expect(result).toMatchObject({ ok: false, problems: [{ message: 'cannot be read: EACCES: permission denied' }] });
  });
});
