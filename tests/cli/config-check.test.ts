/** `config check` tells right from wrong by its exit code and shows the matrix. */
import { describe, expect, test } from 'bun:test';
import { run } from '#tests/cli/fake-terminal';
import { minimal } from '#tests/config/support';
import { type TemporaryFolder, tmpdir } from '#tests/support/tmp';

const fixture = (name: string): string =>
  Bun.fileURLToPath(new URL(`../fixtures/configs/${name}.toml`, import.meta.url));
const EXAMPLE = fixture('v09-example');

describe('a valid file', () => {
  test('exits 0 with one row per preset and tier, warnings on standard error', async () => {
    const { exit, out, err } = await run(['config', 'check', '--config', EXAMPLE]);
    expect(exit).toBe(0);
    expect(out.split('\n')[0]).toMatch(/^preset\s+class\s+tier\s+place\s+verdict/);
    expect(out).toMatch(/^chat\s+chat\s+fast-local\s+1\s+allow /m);
    expect(out).toMatch(/^planning\s+planning\s+heavy-local\s+excluded\s+deny /m);
    expect(err).toContain('router.presets.planning: nothing can serve preset planning');
  });

  test('fails with --strict as long as there are warnings', async () => {
    expect((await run(['config', 'check', '--strict', '--config', EXAMPLE])).exit).toBe(1);
  });

  test('as JSON holds the same', async () => {
    const { exit, out, err } = await run(['config', 'check', '--json', '--config', EXAMPLE]);
    const said = JSON.parse(out);
    expect({ exit, err, ok: said.ok, unservable: said.unservable }).toEqual({
      exit: 0,
      err: '',
      ok: true,
      unservable: ['planning'],
    });
    expect(said.rows.length).toBeGreaterThan(5);
  });
});

describe('tiers that share a GPU', () => {
  const write = async (folder: TemporaryFolder): Promise<string> => {
    await folder.write(
      'models.toml',
      '[[models]]\nname = "m"\nmodel_path = "/models/m"\nvolume = "models"\nport = 30009\n',
    );
    const group = '[[router.swap_groups]]\nname = "gpu0"\nregistry = "models.toml"';
    return folder.write('router.toml', minimal([], [group]).replace('model = "m"', 'model = "m"\nswap_group = "gpu0"'));
  };

  test('are listed with who swaps them, and where they disagree with the registry', async () => {
    await using folder = await tmpdir();
    const path = await write(folder);
    const { exit, out, err } = await run(['config', 'check', '--config', path]);
    expect(exit).toBe(0);
    expect(out).toMatch(/^tier +swap group +model +swapped by$/m);
    expect(out).toMatch(/^a +gpu0 +m +.*models\.toml$/m);
    expect(err).toContain('router.tiers.a.base_url: base_url of tier "a" leads to 127.0.0.1:30001');
    const said = JSON.parse((await run(['config', 'check', '--json', '--config', path])).out);
    expect(said.slots).toMatchObject([{ tier: 'a', swapGroup: 'gpu0', model: 'm' }]);
  });

  test('fail the check when their registry is broken', async () => {
    await using folder = await tmpdir();
    const path = await write(folder);
    await folder.write('models.toml', '[[models]]\nname = "m"\n');
    const { exit, err } = await run(['config', 'check', '--config', path]);
    expect(exit).toBe(1);
    expect(err).toMatch(/models\.toml:\d+: /);
  });

  test('that are not there take no place', async () => {
    expect((await run(['config', 'check', '--config', EXAMPLE])).out).not.toContain('swapped by');
  });
});

describe('a file with mistakes', () => {
  test('exits 1 and names every one with its line and remedy', async () => {
    await using folder = await tmpdir();
    const text = (await Bun.file(EXAMPLE).text()).replace('mapping_version', 'maping_version');
    const path = await folder.write('wrong.toml', `${text}\n[server]\nauth_env = "lower case"\n`);
    const { exit, out, err } = await run(['config', 'check', '--config', path]);
    expect({ exit, out }).toEqual({ exit: 1, out: '' });
    expect(err).toMatch(/wrong\.toml:\d+: router\.maping_version: .*\n {2}remedy: .*mapping_version/);
    expect(err).toMatch(/wrong\.toml:\d+: server\.auth_env: /);
    expect(err).toMatch(/\d problems in .*wrong\.toml\n$/);

    const said = JSON.parse((await run(['config', 'check', '--json', '--config', path])).out);
    expect(said).toMatchObject({ ok: false, kind: 'invalid' });
    expect(said.problems.length).toBeGreaterThanOrEqual(2);
  });

  test('or that is not there exits 1', async () => {
    const { exit, err } = await run(['config', 'check', '--config', '/nowhere/anvil.toml']);
    expect(exit).toBe(1);
    expect(err).toContain('there is no such file');
  });
});

describe('a choice that is wrong exits 2', () => {
  const cases: readonly (readonly [flags: readonly string[], message: string])[] = [
    [[], 'no configuration named — give --config PATH'],
    [['--config', EXAMPLE, '--mode', 'agentic'], '--config and --mode exclude each other'],
    [['--mode', 'agentik'], 'did you mean "agentic"?'],
  ];
  for (const [flags, message] of cases) {
    test(message, async () => {
      const { exit, err } = await run(['config', 'check', ...flags]);
      expect(exit).toBe(2);
      expect(err).toContain(message);
    });
  }
});
