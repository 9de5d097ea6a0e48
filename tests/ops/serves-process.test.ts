/** A serve without a container: started in a group of its own, found again by the next run of a verb, followed, ended. */
import { expect, test } from 'bun:test';
import { run } from '#tests/cli/fake-terminal';
import { freePort } from '#tests/drivers/docker-support';
import { scriptedEngineArgv } from '#tests/support/scripted-image';
import { tmpdir } from '#tests/support/tmp';

const TEST_MS = 60_000;

test(
  'a process is brought up, known again, warned about when it drifted, and ended',
  async () => {
    await using folder = await tmpdir();
    const [program, ...words] = scriptedEngineArgv('--port', '{port}', '--alias', '{model}', '--script-load-ms', '100');
    const port = freePort();
    const declare = (more = ''): Promise<string> =>
      folder.write(
        'serves.toml',
        `[[serve]]\nname = "small"\nport = ${port}\nmodel = "m"\ncommand = "${program} ${words.join(' ')}${more}"\n`,
      );
    const manifest = await declare();
    const serves = (...given: readonly string[]) => run(['serves', ...given, '--manifest', manifest]);
    const status = async () => JSON.parse((await serves('status', '--json')).out).serves[0];
    try {
      const up = await serves('up', '--wait');
      expect([up.exit, up.err]).toEqual([0, '']);
      expect(up.out).toMatch(/^small: started .* as process \d+; ready after /);
      expect(await status()).toMatchObject({ state: 'running', health: 200, models: ['m'], drift: [], well: true });

      expect((await serves('up')).out).toBe('small: already running\n');
      await declare(' --script-token-ms 1');
      expect((await status()).drift).toEqual(['command changed']);
      expect((await serves('up')).err).toContain('command changed — `serves up --recreate small`');

      const following = serves('logs', 'small', '--follow');
      expect((await serves('down')).out).toBe('small: stopped the process\n');
      const { exit, out } = await following;
      expect(exit).toBe(0);
      expect(out).toContain('loading weights');
      expect((await status()).state).toBe('absent');
      expect((await serves('logs', 'small', '--tail', '1')).out.split('\n').length).toBe(2);
    } finally {
      await serves('rm', 'small');
    }
  },
  TEST_MS,
);

test(
  'a process that dies while loading fails the wait with its exit code and its last words',
  async () => {
    await using folder = await tmpdir();
    const script = ['--script-load-ms', '60000', '--script-crash-loading-ms', '50', '--script-crash-code', '7'];
    const argv = scriptedEngineArgv('--port', '{port}', ...script);
    const text = `[[serve]]\nname = "bad"\nport = ${freePort()}\ncommand = "${argv.join(' ')}"\n`;
    const manifest = await folder.write('serves.toml', text);
    const up = await run(['serves', 'up', '--wait', '--manifest', manifest]);
    expect(up.err).toContain('ended while loading: exited with 7');
    expect(up.err).toContain('RuntimeError: the script says so');
    expect(up.exit).toBe(1);
  },
  TEST_MS,
);

test('a process whose port somebody else has is refused, and that one is left alone', async () => {
  await using folder = await tmpdir();
  const other = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('mine') });
  try {
    const text = `[[serve]]\nname = "small"\nport = ${other.port}\ncommand = "touch {dir}/was-run"\n`;
    const manifest = await folder.write('serves.toml', text);
    for (const words of [['up'], ['up', '--recreate'], ['down']])
      await run(['serves', ...words, '--manifest', manifest]);
    const up = await run(['serves', 'up', '--manifest', manifest]);
    expect(up.exit).toBe(1);
    expect(up.err).toContain(`port ${other.port} of 127.0.0.1 is taken`);
    expect(await (await fetch(`http://127.0.0.1:${other.port}/`)).text()).toBe('mine');
    expect(await Bun.file(folder.file('was-run')).exists()).toBe(false);
  } finally {
    await other.stop(true);
  }
});

test(
  'Ctrl-C ends the wait with a word, and leaves alone what was started',
  async () => {
    await using folder = await tmpdir();
    const { promise: started, resolve: onStarted } = Promise.withResolvers<void>();
    const listener = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () => {
        onStarted();
        return new Response('');
      },
    });
    const tell = `await fetch("http://127.0.0.1:${listener.port}/"); setInterval(() => {}, 1000)`;
    const text = `[[serve]]\nname = "slow"\nport = ${freePort()}\ncommand = '''${process.execPath} -e '${tell}' '''\n`;
    const manifest = await folder.write('serves.toml', text);
    const main = Bun.fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const words = [process.execPath, main, 'serves', 'up', '--wait', '--manifest', manifest];
    try {
      const child = Bun.spawn(words, { stdout: 'pipe', stderr: 'pipe' });
      await Promise.race([started, child.exited]);
      child.kill('SIGINT');
      const [exit, err] = await Promise.all([child.exited, child.stderr.text()]);
      expect(err).toContain('the wait was interrupted: it goes on loading');
      expect(exit).toBe(1);
      const { out } = await run(['serves', 'status', '--json', '--manifest', manifest]);
      expect(JSON.parse(out).serves[0]).toMatchObject({ state: 'running', well: false });
    } finally {
      await run(['serves', 'rm', 'slow', '--manifest', manifest]);
      await listener.stop(true);
    }
  },
  TEST_MS,
);
