/** The verbs of serves on the command line: exit codes, what goes to which output, and that nothing is run for a plan. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { logText, uptime } from '#cli/serves-text';
import { run } from '#tests/cli/fake-terminal';
import { fakePrograms } from '#tests/support/fake-programs';
import { tmpdir } from '#tests/support/tmp';

/** Real processes, on a machine that may be busy. Milliseconds. */
setDefaultTimeout(30_000);

const MANIFEST = `
[[serve]]
name = "small"
port = 1
command = "touch {dir}/was-run"
modes = ["agentic"]
modell = "x"
[[serve]]
name = "other"
port = 2
command = "touch {dir}/was-run"
modes = ["flexibility"]
`;

const inFolder = async (work: (path: string, file: (name: string) => string) => Promise<void>, text = MANIFEST) => {
  await using folder = await tmpdir();
  await work(await folder.write('serves.toml', text), folder.file);
};

const PROGRAM = Bun.fileURLToPath(new URL('../../src/main.ts', import.meta.url));

describe('mistakes', () => {
  const cases: readonly (readonly [words: string, exit: number, message: string])[] = [
    ['up --manifest /none/serves.toml', 2, '/none/serves.toml: there is no such file'],
    ['up --timeout-seconds 5', 2, '--timeout-seconds limits --wait'],
    ['up --compose c.yml --recreate', 2, '--compose knows no manifest, so it goes without --recreate'],
    ['up --compose c.yml --wait --mode agentic', 2, 'goes without --wait and --mode'],
    ['down --compose c.yml', 2, 'unknown flag --compose'],
    ['down --recreate', 2, 'unknown flag --recreate'],
    ['rm', 1, 'name what is to be removed'],
    ['serve', 2, 'no verb "serve": serves up, serves down'],
  ];
  for (const [words, exit, message] of cases) {
    test(`serves ${words} exits ${exit}`, async () => {
      const ran = await run(['serves', ...words.split(' ')]);
      expect<unknown>([ran.exit, ran.out]).toEqual([exit, '']);
      expect(ran.err).toContain(message);
    });
  }

  const withManifest: readonly (readonly [words: string, exit: number, message: string])[] = [
    ['up smal', 1, 'did you mean "small"?'],
    ['down nothing', 1, 'declares no serve "nothing"'],
    ['up --mode agentik', 2, 'did you mean "agentic"?'],
    ['up other --mode agentic', 1, 'serve other is of mode flexibility'],
    ['up --switch', 2, '--switch changes to a mode'],
    ['logs', 2, 'name one serve'],
    ['logs smal', 1, 'did you mean "small"?'],
    ['logs small --tail x', 2, '--tail must be a number of lines or all'],
    ['logs small --since x', 2, '--since must be a time'],
    ['logs small', 1, 'there is no log'],
  ];
  for (const [words, exit, message] of withManifest) {
    test(`serves ${words} exits ${exit}`, () =>
      inFolder(async (path) => {
        const ran = await run(['serves', ...words.split(' '), '--manifest', path]);
        expect<unknown>([ran.exit, ran.out]).toEqual([exit, '']);
        expect(ran.err).toContain(message);
      }));
  }

  test('in the manifest exit 2 with file, line and key', () =>
    inFolder(async (path) => {
      const { exit, err } = await run(['serves', 'status', '--manifest', path]);
      expect(exit).toBe(2);
      expect(err).toContain(`${path}:4: serve[0].port: serve "a": must be a whole number`);
    }, '\n[[serve]]\nname = "a"\nport = 0\ncommand = "x"\n'));
});

test('a plan is told on standard output, a warning of the manifest on standard error, and nothing is run', () =>
  inFolder(async (path, file) => {
    const { exit, out, err } = await run(['serves', 'up', '--dry-run', '--mode', 'agentic', '--manifest', path]);
    expect(exit).toBe(0);
    expect(out).toBe(`small: would run: touch ${file('was-run')}\n`);
    expect(err).toContain(`${path}:7: serve[0].modell: unknown key, overlooked — did you mean "model"?`);
    expect(err).toContain('mode agentic (--mode) leaves out other');
    expect(await Bun.file(file('was-run')).exists()).toBe(false);
  }));

test('names and flags come in any order', () =>
  inFolder(async (path) => {
    const { out } = await run(['serves', 'down', 'small', '--manifest', path, 'other', '--dry-run', '--json']);
    expect(JSON.parse(out)).toMatchObject([
      { serve: 'small', did: 'nothing' },
      { serve: 'other', did: 'nothing' },
    ]);
  }));

test('status exits 0 whatever it finds, and 1 with --check', () =>
  inFolder(async (path) => {
    const shown = await run(['serves', 'status', '--manifest', path]);
    expect(shown.exit).toBe(0);
    expect(shown.out.split('\n')[0]).toBe('SERVE  CONTAINER  PORT  DOCKER  HEALTH  MODEL  DRIFT  UPTIME');
    expect(shown.out).toMatch(/^small {2}\(process\) {2}1 +absent +- +- +- +-$/m);
    expect((await run(['serves', 'status', '--check', '--manifest', path])).exit).toBe(1);
  }));

test('--compose runs docker compose with the services, without any manifest, and fails as it does', async () => {
  await using programs = await fakePrograms({ docker: 'echo "no such service: $6" >&2; exit 14' });
  const env = { ...process.env, PATH: `${programs.folder.file('bin')}:${process.env.PATH}` };
  const child = Bun.spawn([process.execPath, PROGRAM, 'serves', 'up', '--compose', 'c d.yml', 'vllm', 'x'], {
    env,
    cwd: programs.folder.path,
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [exit, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  expect([exit, out]).toEqual([1, '']);
  expect(err).toBe(
    "failed vllm x: docker compose -f 'c d.yml' up -d vllm x ended with exit code 14\n  no such service: vllm\n",
  );
  expect(await programs.calls('docker')).toEqual([['compose', '-f', 'c d.yml', 'up', '-d', 'vllm', 'x']]);
});

test('a secret of env_from is told by no message', () =>
  inFolder(async (path) => {
    process.env.ANVIL_TEST_SERVES_SECRET = 'the-secret-value';
    try {
      const { exit, err } = await run(['serves', 'up', '--manifest', path]);
      expect(exit).toBe(1);
      expect(err).toContain('[REDACTED]');
      expect(err).not.toContain('the-secret-value');
    } finally {
      delete process.env.ANVIL_TEST_SERVES_SECRET;
    }
  }, '\n[[serve]]\nname = "a"\nport = 1\ncommand = "/none/the-secret-value"\nenv_from = ["ANVIL_TEST_SERVES_SECRET"]\n'));

describe('text', () => {
  test('an uptime is short', () => {
    expect([0, 59_999, 60_000, 3_600_000, 90_061_000].map(uptime)).toEqual(['0s', '59s', '1m', '1h0m', '1d1h']);
  });

  test('a line of a log keeps its colours on a terminal and loses what could steer it', () => {
    expect(logText('\u001b[31mred\u001b[0m\t\u001b]0;title\u0007x', true)).toBe(
      '\u001b[31mred\u001b[0m  \ufffd]0;title\ufffdx\u001b[0m\n',
    );
    expect(logText('\u001b]0;x', false)).toBe('\u001b]0;x\n');
  });
});
