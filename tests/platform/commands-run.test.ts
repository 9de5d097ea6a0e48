/** A program is run to its end, whatever it and its children do with their output. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rmdir, writeFile } from 'node:fs/promises';
import { CommandMissing, type CommandOptions, createCommands } from '#platform/commands';
import { until } from '#tests/drivers/process-support';
import { rejectionOf } from '#tests/support/rejection';
import { tmpdir } from '#tests/support/tmp';

/** Real processes, on a machine that may be busy. Milliseconds. */
setDefaultTimeout(30_000);

const isWindows = process.platform === 'win32';
const commands = createCommands();
const LONG_MS = 30_000;

const sh = (script: string, options: Partial<CommandOptions> = {}) =>
  commands.run(['sh', '-c', script], { timeoutMs: LONG_MS, ...options });

describe.skipIf(isWindows)('a program that runs to its end', () => {
  test('tells its exit code and both streams', async () => {
    expect(await sh('echo out; echo err >&2; exit 3')).toEqual({
      code: 3,
      out: 'out\n',
      err: 'err\n',
      timedOut: false,
    });
  });

  test('tells the signal that ended it instead of a code', async () => {
    expect(await sh('kill -TERM $$')).toMatchObject({ code: undefined, endedBy: 'SIGTERM', timedOut: false });
  });

  test('does not wait for a grandchild that keeps the output open', async () => {
    const began = performance.now();
    const { out } = await sh('echo first; sleep 20 & exit 0');
    expect(out).toBe('first\n');
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test('keeps the end of an output that is longer than the limit', async () => {
    const { out } = await commands.run(['sh', '-c', 'seq 1 20000'], { timeoutMs: LONG_MS, outputBytesMax: 100 });
    expect(out.length).toBe(100);
    expect(out.endsWith('19999\n20000\n')).toBe(true);
  });

  test('gets variables added to those of its maker, and is spared those that are taken out', async () => {
    const own = createCommands({ PATH: process.env.PATH, KEPT: 'kept', SECRET: 'secret' });
    const env = { ADDED: 'added', SECRET: undefined };
    const { out } = await own.run(['sh', '-c', 'echo "$KEPT $ADDED $SECRET."'], { env, timeoutMs: LONG_MS });
    expect(out).toBe('kept added .\n');
  });

  test('is found on the PATH that it is given', async () => {
    await using folder = await tmpdir();
    await chmod(await folder.write('bin/greeter', '#!/bin/sh\necho hello\n'), 0o755);
    const { out } = await commands.run(['greeter'], { env: { PATH: folder.file('bin') }, timeoutMs: LONG_MS });
    expect(out).toBe('hello\n');
  });
});

describe.skipIf(isWindows)('a program that takes too long', () => {
  test('is killed with its children, even those that hold the output open', async () => {
    const { timedOut, endedBy, out } = await sh('sleep 60 & echo $!; wait', { timeoutMs: 200 });
    expect([timedOut, endedBy]).toEqual([true, 'SIGKILL']);
    await until(async () => (await commands.startedAt(Number(out.trim()))) === undefined);
  });

  test('is killed when nobody waits any more, which is no time-out', async () => {
    const over = new AbortController();
    const running = sh('sleep 60', { signal: over.signal });
    over.abort();
    expect(await running).toMatchObject({ timedOut: false, endedBy: 'SIGKILL' });
  });

  test('is given time to end in order where it has some, and what it leaves behind is killed', async () => {
    const script = `echo $$; trap 'echo in order; exit 7' TERM; sh -c 'trap "" TERM; sleep 20' & wait`;
    const { code, out, timedOut } = await sh(script, { timeoutMs: 1_000, graceMs: LONG_MS });
    expect([code, timedOut]).toEqual([7, true]);
    expect(out).toEndWith('in order\n');
    // A killed process dies in its own time.
    await until(async () => !(await commands.groupLives(Number.parseInt(out, 10))));
  });

  test('is killed when it does not end in its time', async () => {
    const stubborn = 'trap "" TERM; sleep 20';
    const ran = await sh(stubborn, { timeoutMs: 1_000, graceMs: 50 });
    expect(ran).toMatchObject({ code: undefined, endedBy: 'SIGKILL', timedOut: true });
  });

  test('is killed at once when nobody waited to begin with', async () => {
    expect(await sh('sleep 60', { signal: AbortSignal.abort() })).toMatchObject({ endedBy: 'SIGKILL' });
  });
});

describe.skipIf(isWindows)('a program that cannot be started', () => {
  test('is missing by name', async () => {
    const error = await rejectionOf(commands.run(['no-such-program-here'], { timeoutMs: LONG_MS }));
    expect(error).toBeInstanceOf(CommandMissing);
    expect(error.message).toContain('no-such-program-here cannot be run: it is not on PATH');
  });

  test('is missing by path, also where the file is no program', async () => {
    await using folder = await tmpdir();
    const path = await folder.write('text', 'no program');
    const error = await rejectionOf(commands.run([path], { timeoutMs: LONG_MS }));
    expect(error).toBeInstanceOf(CommandMissing);
    expect(error.message).toContain(`${path} cannot be run`);
  });

  test('has a folder that does not exist, which is said', async () => {
    const error = await rejectionOf(commands.run(['sh'], { cwd: '/no/such/folder', timeoutMs: LONG_MS }));
    expect(error).not.toBeInstanceOf(CommandMissing);
    expect(error.message).toBe('sh cannot be run in /no/such/folder: there is no such folder');
  });
});

/** A process in a frozen group does not even die of SIGKILL, as one that waits for a broken device. Linux, as root. */
const FREEZER = '/sys/fs/cgroup/freezer';
const canFreeze = process.getuid?.() === 0 && existsSync(FREEZER);

test.skipIf(!canFreeze)('a program that cannot even be killed is given up', async () => {
  const group = `${FREEZER}/anvil-test-${process.pid}`;
  await mkdir(group);
  const running = sh(`echo $$ > ${group}/cgroup.procs; echo FROZEN > ${group}/freezer.state; exec sleep 60`, {
    timeoutMs: 300,
  });
  const { timedOut, code } = await running;
  expect([timedOut, code]).toEqual([true, undefined]);
  await writeFile(`${group}/freezer.state`, 'THAWED');
  while ((await Bun.file(`${group}/cgroup.procs`).text()) !== '') await new Promise((resolve) => setImmediate(resolve));
  await rmdir(group);
});
