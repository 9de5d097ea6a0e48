// From a path to a registry: which parser, which problems, what the command line may say over the file.
import { describe, expect, test } from 'bun:test';
import { symlink } from 'node:fs/promises';
import { loadRegistry } from '#ops/load-registry';
import { bunEffects } from '#platform/bun-effects';
import { simulatedEffects } from '#tests/support/effects';
import { tmpdir } from '#tests/support/tmp';

const TOML = '[[models]]\nname = "m"\nmodel_path = "/m"\nport = 1\n';
const JSON_TEXT = '[{"name": "m", "model_path": "/m", "port": 1, "note": "x"}]';

const effects = simulatedEffects({
  env: { HOME: '/home/ann' },
  files: {
    '/r.toml': TOML,
    '/R.TOML': TOML,
    '/r.json': JSON_TEXT,
    '/registry': JSON_TEXT,
    '/home/ann/r.toml': TOML,
    '/bad.toml': '[[models]\n',
    '/bad.json': '{"models": [',
    '/wrong.toml': `${TOML}pinned = 3\n`,
    '/long.toml': `# ${'x'.repeat(300_000)}\n${TOML}`,
  },
});

const problems = async (path: string): Promise<readonly string[]> => {
  const read = await loadRegistry(path, effects);
  return read.ok ? [] : read.problems.map(({ file, line, message }) => `${file}:${line ?? '-'} ${message}`);
};

describe('a registry', () => {
  test.each(['/r.toml', '/R.TOML', '/r.json', '/registry', '~/r.toml'])('%s is read', async (path) => {
    const read = await loadRegistry(path, effects);
    expect(read.ok && read.registry.models.map(({ swap }) => swap.name)).toEqual(['m']);
  });
  test('in JSON overlooks unknown keys with a warning', async () => {
    const read = await loadRegistry('/r.json', effects);
    expect(read.ok && read.warnings).toEqual([
      { key: '[0].note', line: 1, message: expect.stringContaining('unknown key, overlooked') },
    ]);
  });
  test('is built by the engines of this program', async () => {
    const read = await loadRegistry('/r.toml', effects);
    expect(read.ok && read.registry.models[0]?.serve.launch).toMatchObject({ entrypoint: ['python3'] });
  });
});

describe('a problem', () => {
  test.each([
    ['/missing.toml', ['/missing.toml:- there is no such file']],
    ['/bad.toml', ['/bad.toml:1 TOML: expected end of table array declaration']],
    ['/bad.json', ['/bad.json:1 JSON: close bracket expected']],
    ['/wrong.toml', ['/wrong.toml:5 model "m": must be true or false, not the whole number 3']],
    ['/long.toml', ['/long.toml:- has 300052 characters, more than 262144']],
  ])('of %s is told with file and line', async (path, expected) => {
    expect(await problems(path)).toEqual(expected);
  });

  test('of a file that cannot be read is no exception', async () => {
    const failing = {
      ...effects,
      files: { ...effects.files, read: () => Promise.reject(new Error('permission denied')) },
    };
    const read = await loadRegistry('/r.toml', failing);
    expect(read.ok ? [] : read.problems.map(({ message }) => message)).toEqual(['cannot be read: permission denied']);
  });

  test.each([
    [{ drainTimeoutSeconds: -1 }, '--drain-timeout'],
    [{ drainTimeoutSeconds: Number.NaN }, '--drain-timeout'],
    [{ ramCapGb: 0 }, '--ram-cap-gb'],
  ])('of the command line: %j', async (overrides, key) => {
    const read = await loadRegistry('/r.toml', effects, overrides);
    expect(read.ok ? [] : read.problems.map((problem) => [problem.file, problem.key])).toEqual([['command line', key]]);
  });
});

test('the command line wins over the file', async () => {
  const read = await loadRegistry('/r.toml', effects, { drainTimeoutSeconds: 0, ramCapGb: 12 });
  expect(read.ok && read.registry.settings).toMatchObject({ drainMs: 0, ramCapGb: 12 });
});

test('a registry opened through a link is the same registry', async () => {
  await using folder = await tmpdir();
  const path = await folder.write('real/registry.toml', TOML);
  await symlink(path, folder.file('link.toml'));
  const [direct, linked] = await Promise.all([
    loadRegistry(path, bunEffects()),
    loadRegistry(folder.file('link.toml'), bunEffects()),
  ]);
  expect(linked).toEqual(direct);
  expect(direct.ok && direct.registry.path).toStartWith('/');
});
