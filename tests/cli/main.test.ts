/** From words to verbs: help, versions, near misses, exit codes. */
import { describe, expect, test } from 'bun:test';
import { verbNames } from '#cli/verbs';
import { VERSION } from '#core/version';
import { run } from '#tests/cli/fake-terminal';

describe('help', () => {
  test('names every verb on the first page, on standard output', async () => {
    const { exit, out, err } = await run(['--help']);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    for (const name of verbNames()) expect(out).toContain(`  ${name} `);
  });

  for (const name of verbNames()) {
    test(`of ${name} shows its flags and does not run it`, async () => {
      const asked = await run([...name.split(' '), '--help']);
      expect({ exit: asked.exit, err: asked.err }).toEqual({ exit: 0, err: '' });
      expect(asked.out).toContain(`anvil-serving ${name}`);
      expect(asked.out).toContain('--help');
      expect(await run(['help', ...name.split(' ')])).toEqual(asked);
    });
  }

  test('of a noun lists its verbs', async () => {
    const { exit, out } = await run(['config', '--help']);
    expect(exit).toBe(0);
    expect(out).toContain('config check');
  });

  test('fits into 120 columns', async () => {
    for (const name of ['', ...verbNames()]) {
      const { out } = await run([...name.split(' ').filter(Boolean), '--help']);
      expect(out.split('\n').filter((line) => line.length > 120)).toEqual([]);
    }
  });
});

describe('the version', () => {
  test('is what package.json says', async () => {
    const manifest: { version: string } = await Bun.file(new URL('../../package.json', import.meta.url)).json();
    expect(VERSION).toBe(manifest.version);
    expect(await run(['--version'])).toEqual({ exit: 0, out: `${VERSION}\n`, err: '' });
  });

  test('as JSON names the runtime too', async () => {
    const { out } = await run(['version', '--json']);
    expect(JSON.parse(out)).toEqual({
      version: VERSION,
      bun: Bun.version,
      platform: `${process.platform}-${process.arch}`,
    });
  });
});

describe('a command line that is wrong ends with 2 and says what was meant', () => {
  const cases: readonly (readonly [words: string, message: string])[] = [
    ['serv', 'anvil-serving: unknown verb "serv" — did you mean serve?'],
    ['config-check', 'anvil-serving: unknown verb "config-check"'],
    ['config', 'anvil-serving config: verb missing: config check'],
    ['multiplexer statsu', 'anvil-serving multiplexer: no verb "statsu": did you mean multiplexer status?'],
    [
      'multiplexer dance',
      'anvil-serving multiplexer: no verb "dance": multiplexer status, multiplexer load, multiplexer unload',
    ],
    ['config chek', 'anvil-serving config: no verb "chek": config check'],
    ['confg check', 'anvil-serving: unknown verb "confg" — did you mean config check?'],
    ['xyzzy', 'anvil-serving: unknown verb "xyzzy"'],
    ['--prot', 'anvil-serving: the verb comes first; "--prot" is no verb'],
    ['serve --prot 1', 'anvil-serving serve: unknown flag --prot — did you mean --port?'],
    ['explain', 'anvil-serving explain: missing argument ID: Id of the decision, or "latest"'],
    ['toString', 'anvil-serving: unknown verb "toString"'],
    ['serve --demo --config x.toml', 'anvil-serving serve: --demo brings its own configuration'],
  ];
  for (const [words, message] of cases) {
    test(words, async () => {
      const { exit, out, err } = await run(words.split(' '));
      expect({ exit, out }).toEqual({ exit: 2, out: '' });
      expect(err.split('\n')[0]).toStartWith(message);
    });
  }

  test('no verb at all: the first page, on standard error', async () => {
    const { exit, out, err } = await run([]);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toContain('Verbs');
  });
});

describe('colours', () => {
  const colour = '\u001b[';

  test('are for terminals', async () => {
    expect((await run(['--help'], { tty: true })).out).toContain(colour);
    expect((await run(['--help'])).out).not.toContain(colour);
  });

  test('stay away where NO_COLOR is set or the terminal is dumb', async () => {
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      expect((await run(['--help'], { tty: true, env })).out).not.toContain(colour);
    }
  });
});
