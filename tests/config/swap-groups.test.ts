/** What do `[[router.swap_groups]]` come to, and which of them are refused or worth a word? */
import { describe, expect, test } from 'bun:test';
import { lineOf, minimal, problemsOf, settingsOf, tierToml, warningsOf } from '#tests/config/support';

const PRESETS = ['[router.presets]', 'chat = ["a"]'];
const group = (...lines: string[]): string => ['[[router.swap_groups]]', ...lines].join('\n');
const EMBEDDED = group('name = "gpu0"', 'registry = "models.toml"');
const REMOTE = group('name = "gpu0"', 'url = "http://box:8001"');

/** One tier, in the group unless `lines` say otherwise. */
const file = (groups: readonly string[], ...lines: string[]): string =>
  ['[router]', 'mapping_version = "1"', tierToml('a', ['swap_group = "gpu0"', ...lines]), ...PRESETS, ...groups].join(
    '\n',
  );

describe('a group', () => {
  test('is not there unless declared', () => {
    expect(settingsOf(minimal()).swapGroups).toEqual([]);
    expect(settingsOf(file([])).swapGroups).toEqual([]);
  });

  test('of this process names its registry beside the file, and keeps callers alive after ten seconds', () => {
    expect(settingsOf(file([EMBEDDED]), { path: '/etc/anvil/router.toml' }).swapGroups).toEqual([
      { name: 'gpu0', source: { kind: 'registry', path: '/etc/anvil/models.toml' }, keepaliveAfterMs: 10_000 },
    ]);
  });

  test.each([
    ['/srv/models.toml', '/srv/models.toml'],
    ['~/models.toml', '/home/me/models.toml'],
  ])('finds its registry %s at %s', (written, path) => {
    const text = file([group('name = "gpu0"', `registry = "${written}"`)]);
    const { swapGroups } = settingsOf(text, { path: '/etc/anvil/router.toml', env: { HOME: '/home/me' } });
    expect(swapGroups).toMatchObject([{ source: { path } }]);
  });

  test.each(['http://box:8001', 'http://box:8001/', 'http://box:8001/v1', 'http://box:8001/v1/'])(
    'elsewhere is reached at the same origin, written as %s',
    (url) => {
      const text = file([
        group('name = "gpu0"', `url = "${url}"`, 'auth_env = "MUX"', 'keepalive_after_seconds = 2.5'),
      ]);
      expect(settingsOf(text).swapGroups).toEqual([
        { name: 'gpu0', source: { kind: 'url', url: 'http://box:8001', authEnv: 'MUX' }, keepaliveAfterMs: 2_500 },
      ]);
    },
  );

  test('may lie below a path of a proxy', () => {
    const text = file([group('name = "gpu0"', 'url = "https://box/mux/v1"')]);
    expect(settingsOf(text).swapGroups).toMatchObject([{ source: { url: 'https://box/mux' } }]);
  });

  test('leaves its servers running at the end where it says so', () => {
    const sourceOf = (line: string) => settingsOf(file([`${EMBEDDED}\n${line}`])).swapGroups[0]?.source;
    expect(sourceOf('keep_serves = true')).toMatchObject({ keepServes: true });
    expect(sourceOf('keep_serves = false')).not.toHaveProperty('keepServes');
  });

  test('may share its registry with another', () => {
    const text = file([EMBEDDED, EMBEDDED.replace('gpu0', 'gpu1')]);
    expect(settingsOf(text).swapGroups.map(({ name }) => name)).toEqual(['gpu0', 'gpu1']);
  });
});

describe('refused', () => {
  test.each([
    ['a group without a source', [group('name = "gpu0"')], 'router.swap_groups[0]', /neither registry nor url/],
    ['a group with two sources', [`${EMBEDDED}\nurl = "http://h"`], 'router.swap_groups[0].url', /exclude each other/],
    [
      'a token for a multiplexer in this process',
      [`${EMBEDDED}\nauth_env = "MUX"`],
      'router.swap_groups[0].auth_env',
      /wants no token/,
    ],
    [
      'servers of a multiplexer elsewhere',
      [`${REMOTE}\nkeep_serves = true`],
      'router.swap_groups[0].keep_serves',
      /looks after its own servers/,
    ],
    ['a second group of that name', [EMBEDDED, REMOTE], 'router.swap_groups[1].name', /a second swap group is called/],
    [
      'a second registry',
      [EMBEDDED, group('name = "gpu1"', 'registry = "more.toml"')],
      'router.swap_groups[1].registry',
      /a second registry beside "models.toml"/,
    ],
    ['an address that is none', [group('name = "gpu0"', 'url = "http://"')], 'router.swap_groups[0].url', /no URL/],
    [
      'an address with a query',
      [group('name = "gpu0"', 'url = "http://h/?a=b"')],
      'router.swap_groups[0].url',
      /query/,
    ],
    [
      'an address of another kind',
      [group('name = "gpu0"', 'url = "unix:/x"')],
      'router.swap_groups[0].url',
      /must start with http/,
    ],
    [
      'a wait of nothing',
      [`${EMBEDDED}\nkeepalive_after_seconds = 0`],
      'router.swap_groups[0].keepalive_after_seconds',
      /./,
    ],
  ])('%s', (_what, groups, key, message) => {
    const found = problemsOf(file(groups));
    expect(found).toMatchObject([{ key, message: expect.stringMatching(message) }]);
    expect(found[0]?.remedy.length).toBeGreaterThan(5);
  });

  test('credentials in an address, which are not repeated', () => {
    const found = problemsOf(file([group('name = "gpu0"', 'url = "http://me:hunter2@h"')]));
    expect(found).toMatchObject([{ key: 'router.swap_groups[0].url', message: 'carries credentials' }]);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  test('a cloud tier in a declared group, at its line', () => {
    const text = file([REMOTE], 'privacy = "cloud"');
    expect(problemsOf(text)).toMatchObject([
      { key: 'router.tiers[0].swap_group', line: lineOf(text, 'swap_group = "gpu0"') },
    ]);
    expect(problemsOf(file([], 'privacy = "cloud"'))).toEqual([]);
  });

  test('a tier of a declared group that names no model', () => {
    expect(problemsOf(file([REMOTE], 'model = ""'))).toMatchObject([
      { key: 'router.tiers[0]', message: expect.stringContaining('cannot tell what to load') },
    ]);
    expect(problemsOf(file([], 'model = ""'))).toEqual([]);
  });
});

describe('worth a word', () => {
  test('is a group that no tier is in', () => {
    expect(warningsOf(file([EMBEDDED], 'swap_group = "gpu7"'))).toEqual([
      expect.stringMatching(/router\.swap_groups\[0\]\.name: no tier has swap_group = "gpu0"/),
      expect.stringMatching(/router\.tiers\[0\]\.swap_group: tier "a" is in swap group "gpu7", which no/),
    ]);
  });

  test.each([
    ['http://127.0.0.1:8001/v1', 'http://localhost:8001', 0],
    ['http://box:8001/v1', 'http://box:8001', 0],
    ['https://box/v1', 'https://box', 0],
    ['http://box:8002/v1', 'http://box:8001', 1],
    ['http://127.0.0.1:30001/v1', 'http://box:8001', 1],
    ['https://box/v1', 'http://box', 1],
  ])('is base_url %s beside a multiplexer at %s: %d', (baseUrl, url, count) => {
    const text = file([group('name = "gpu0"', `url = "${url}"`)], `base_url = "${baseUrl}"`);
    const found = warningsOf(text);
    expect(found).toHaveLength(count);
    for (const line of found)
      expect(line).toMatch(/^5 router\.tiers\[0\]\.base_url: .*does not lead to the multiplexer/);
  });

  test('is nothing where group and tier meet, or where no group is declared', () => {
    expect(warningsOf(file([EMBEDDED]))).toEqual([]);
    expect(warningsOf(file([]))).toEqual([]);
  });

  test('is no longer a gap between keepalives: groups send them', () => {
    const gap = '[router.hold]\nkeepalive_every_seconds = 5';
    expect(warningsOf(file([gap]))).toHaveLength(1);
    expect(warningsOf(file([gap, EMBEDDED]))).toEqual([]);
  });
});
