/** A program that is started for long has a group of its own, tells its lines, and can be told from a later one. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createCommands } from '#platform/commands';
import { tmpdir } from '#tests/support/tmp';

/** Real processes, on a machine that may be busy. Milliseconds. */
setDefaultTimeout(30_000);

const isWindows = process.platform === 'win32';
const commands = createCommands();

/** A shell that has told the process id of a child of its own. */
const startPair = async () => {
  const told = Promise.withResolvers<number>();
  const child = commands.start(['sh', '-c', 'sleep 60 & echo $!; wait'], {
    onLine: (line) => told.resolve(Number(line)),
  });
  return { child, grandchild: await told.promise };
};

describe.skipIf(isWindows)('a program that is started', () => {
  test('tells its lines as a person would see them, and its end', async () => {
    const lines: string[] = [];
    const red = '\\033[31mred\\033[0m';
    const child = commands.start(['sh', '-c', `printf '${red}\\n\\n10%%\\r100%%\\nlast'; exit 4`], {
      onLine: (line) => lines.push(line),
    });
    expect(await child.exited).toEqual({ code: 4 });
    while (lines.length < 3) await new Promise((resolve) => setImmediate(resolve));
    expect(lines).toEqual(['red', '100%', 'last']);
  });

  test('appends both streams to its log file', async () => {
    await using folder = await tmpdir();
    const logPath = await folder.write('server.log', 'earlier\n');
    const child = commands.start(['sh', '-c', 'echo out; echo err >&2'], { logPath });
    expect(await child.exited).toEqual({ code: 0 });
    expect(await folder.read('server.log')).toBe('earlier\nout\nerr\n');
  });

  test('does not start without the folder of its log', () => {
    expect(() => commands.start(['sh'], { logPath: '/no/such/folder/server.log' })).toThrow('ENOENT');
  });

  test('leads a group that is signalled as one', async () => {
    const { child, grandchild } = await startPair();
    expect(await commands.groupLives(child.pid)).toBe(true);
    expect(commands.signalGroup(child.pid, 'SIGKILL')).toBe(true);
    expect(await child.exited).toEqual({ code: undefined, endedBy: 'SIGKILL' });
    while (await commands.groupLives(child.pid)) await new Promise((resolve) => setImmediate(resolve));
    expect(await commands.startedAt(grandchild)).toBeUndefined();
  });

  test('leads a group that is no more when all of it has ended', async () => {
    const child = commands.start(['true'], {});
    await child.exited;
    expect(commands.signalGroup(child.pid, 'SIGTERM')).toBe(false);
    expect(await commands.groupLives(child.pid)).toBe(false);
  });

  test('leaves a group behind when only its leader ends', async () => {
    const { child, grandchild } = await startPair();
    process.kill(child.pid, 'SIGKILL');
    await child.exited;
    expect(await commands.groupLives(child.pid)).toBe(true);
    expect(await commands.startedAt(grandchild)).toBeDefined();
    commands.signalGroup(child.pid, 'SIGKILL');
    while (await commands.groupLives(child.pid)) await new Promise((resolve) => setImmediate(resolve));
  });
});

describe.skipIf(isWindows)('the beginning of a process', () => {
  test('stays the same while it runs, differs from that of another, and is unknown afterwards', async () => {
    const { child, grandchild } = await startPair();
    const began = await commands.startedAt(child.pid);
    expect(began).toMatch(/^[0-9a-f]*:/);
    expect(await commands.startedAt(child.pid)).toBe(began ?? '');
    expect(await commands.startedAt(process.pid)).not.toBe(began ?? '');
    commands.signalGroup(child.pid, 'SIGKILL');
    await child.exited;
    expect(await commands.startedAt(child.pid)).toBeUndefined();
    while ((await commands.startedAt(grandchild)) !== undefined) await new Promise((resolve) => setImmediate(resolve));
  });

  test('is unknown of a process that has ended and was not collected by its parent', async () => {
    const told = Promise.withResolvers<number>();
    // The shell replaces itself by a program that never collects: its child stays behind as a zombie.
    const parent = commands.start(['sh', '-c', 'true & echo $!; exec sleep 60'], {
      onLine: (line) => told.resolve(Number(line)),
    });
    const zombie = await told.promise;
    while ((await commands.startedAt(zombie)) !== undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(() => process.kill(zombie, 0)).not.toThrow();
    commands.signalGroup(parent.pid, 'SIGKILL');
    await parent.exited;
  });
});

test('neither our own group nor everybody can be signalled', () => {
  for (const pid of [0, 1, -1, Number.NaN, 1.5]) expect(commands.signalGroup(pid, 'SIGTERM')).toBe(false);
});

test.skipIf(isWindows)('a program is looked up on PATH', () => {
  expect(commands.which('sh')).toMatch(/\/sh$/);
  expect(commands.which('no-such-program-here')).toBeUndefined();
});
