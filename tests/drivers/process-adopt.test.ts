/** A plain program outlives whoever started it, is known again, taken over when it is as declared, and ended otherwise. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { fileURLToPath } from 'node:url';
import type { ServeSpec } from '#core/serve-spec';
import { keepNote } from '#drivers/process-notes';
import { createCommands } from '#platform/commands';
import {
  createDriver,
  diskNotes,
  freePort,
  MODEL_PROGRAM,
  memoryNotes,
  never,
  saysReady,
  specOf,
  until,
  workerOf,
} from '#tests/drivers/process-support';
import { createSimulatedClock } from '#tests/support/clock';
import { rejectionOf } from '#tests/support/rejection';
import { tmpdir } from '#tests/support/tmp';

/** Real processes, on a machine that may be busy. Milliseconds. */
setDefaultTimeout(30_000);

const OWNER_PROGRAM = fileURLToPath(new URL('./process-owner-program.ts', import.meta.url));
const commands = createCommands();
const isWindows = process.platform === 'win32';

/** Starts a serve in another process and kills that one. Returns the serve's process id. */
const strand = async (folder: string, port: number, behaviours: readonly string[] = []): Promise<number> => {
  const owner = Bun.spawn([process.execPath, OWNER_PROGRAM, folder, String(port), ...behaviours], {
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const { value } = await owner.stdout.getReader().read();
  owner.kill('SIGKILL');
  await owner.exited;
  return Number(new TextDecoder().decode(value).trim());
};

describe.skipIf(isWindows)('a process serve whose starter was killed', () => {
  test('is ours, answers, is taken over with its last lines, and is ended', async () => {
    await using folder = await tmpdir();
    const port = await freePort();
    const pid = await strand(folder.path, port);
    const driver = createDriver(folder.path, diskNotes(folder.path));
    const spec = specOf(port);
    expect(await driver.find(spec, never)).toEqual({
      kind: 'ours',
      id: String(pid),
      running: true,
      status: 'running',
      drift: [],
    });
    const serve = await driver.adopt(spec, never);
    expect(serve.tail()).toEqual(['ready']);
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    await driver.stop(spec);
    expect(await serve.exited).toMatchObject({ code: undefined });
    expect(await commands.startedAt(pid)).toBeUndefined();
    expect(await driver.find(spec, never)).toEqual({ kind: 'absent' });
  });

  test('is seen to end by itself, within a second of its clock, and its workers with it', async () => {
    await using folder = await tmpdir();
    const port = await freePort();
    const pid = await strand(folder.path, port, ['has-worker']);
    const clock = createSimulatedClock();
    const driver = createDriver(folder.path, diskNotes(folder.path), { clock });
    const spec = specOf(port, ['has-worker']);
    const serve = await driver.adopt(spec, never);
    const worker = workerOf(serve);
    fetch(`http://127.0.0.1:${port}/end`).catch(() => undefined);
    await until(async () => (await commands.startedAt(pid)) === undefined);
    expect(await commands.startedAt(worker)).toBeDefined();
    await clock.advance(1_000);
    // Killed by now; how soon it is gone is for the system to say.
    await until(async () => !(await commands.groupLives(pid)));
    let ended = false;
    void serve.exited.then(() => {
      ended = true;
    });
    await until(async () => {
      await clock.advance(25);
      return ended;
    });
    expect(await driver.find(spec, never)).toEqual({ kind: 'absent' });
    expect(await serve.exited).toEqual({ code: undefined, detail: 'is gone; its exit code went to its first starter' });
  });

  test('that left only workers behind is ours and not running, and they are ended before the next start', async () => {
    await using folder = await tmpdir();
    const port = await freePort();
    const pid = await strand(folder.path, port, ['has-worker']);
    const driver = createDriver(folder.path, diskNotes(folder.path));
    const spec = specOf(port, ['has-worker'], { stopMs: 100 });
    const worker = workerOf(await driver.adopt(spec, never));
    process.kill(pid, 'SIGKILL');
    await until(async () => (await commands.startedAt(pid)) === undefined);
    expect(await driver.find(spec, never)).toMatchObject({ kind: 'ours', running: false, status: 'exited' });
    expect(await rejectionOf(driver.adopt(spec, never))).toMatchObject({ fault: 'failed' });
    const again = await driver.start(spec, never);
    expect(await commands.startedAt(worker)).toBeUndefined();
    await saysReady(again);
    await driver.stop(spec);
  });

  test('is watched no longer once it was let go', async () => {
    await using folder = await tmpdir();
    const port = await freePort();
    await strand(folder.path, port);
    const clock = createSimulatedClock();
    const driver = createDriver(folder.path, diskNotes(folder.path), { clock });
    const serve = await driver.adopt(specOf(port), never);
    serve.letGo();
    serve.letGo();
    expect(clock.pending).toBe(0);
    await createDriver(folder.path, diskNotes(folder.path)).stop(specOf(port));
  });
});

describe.skipIf(isWindows)('drift of a process serve', () => {
  const cases: readonly (readonly [what: string, changes: Partial<ServeSpec>, drift: readonly string[]])[] = [
    ['nothing', {}, []],
    ['what needs no restart', { loadTimeoutMs: 1, stopMs: 1, servedModel: 'other' }, []],
    [
      'the command',
      { launch: { driver: 'process', argv: [process.execPath, MODEL_PROGRAM, '1'] } },
      ['command changed'],
    ],
    ['the environment', { env: { NEW: '1' } }, ['environment changed']],
    ['a variable handed on', { envFrom: ['GIVEN'] }, ['secrets changed']],
    [
      'a variable that is not set here any more',
      { envFrom: ['GONE'] },
      ['serve small: its env_from names GONE, not set in this environment: export it before starting'],
    ],
    ['the GPUs', { gpus: ['0'] }, ['GPUs changed']],
    ['several', { env: { NEW: '1' }, gpus: ['0'] }, ['environment changed', 'GPUs changed']],
  ];

  test('is told in words', async () => {
    await using folder = await tmpdir();
    const env = (name: string) => (name === 'GIVEN' ? 'a-secret-value' : undefined);
    const driver = createDriver(folder.path, memoryNotes(), { env });
    const port = await freePort();
    const serve = await driver.start(specOf(port), never);
    for (const [, changes, drift] of cases) {
      expect(await driver.find(specOf(port, [], changes), never)).toMatchObject({ kind: 'ours', id: serve.id, drift });
    }
    await driver.stop(specOf(port));
  });

  test('counts a secret whose value has changed, and its note does not hold the value', async () => {
    await using folder = await tmpdir();
    const notes = memoryNotes();
    const spec = specOf(await freePort(), [], { envFrom: ['GIVEN'] });
    const before = createDriver(folder.path, notes, { env: () => 'first-secret' });
    await before.start(spec, never);
    expect(notes.get('small')).not.toContain('first-secret');
    const after = createDriver(folder.path, notes, { env: () => 'second-secret' });
    expect(await after.find(spec, never)).toMatchObject({ kind: 'ours', drift: ['secrets changed'] });
    await after.stop(spec);
  });
});

describe.skipIf(isWindows)('a process that no entry declares any more', () => {
  test('is ended by a later run, and what is declared runs on', async () => {
    await using folder = await tmpdir();
    const notes = memoryNotes();
    const [kept, orphan] = [specOf(await freePort()), specOf(await freePort(), [], { name: 'renamed since' })];
    const before = createDriver(folder.path, notes);
    const [first, second] = [await before.start(kept, never), await before.start(orphan, never)];
    await saysReady(first);
    await saysReady(second);
    const after = createDriver(folder.path, notes);
    expect(await after.sweep([kept.name])).toEqual([orphan.name]);
    expect((await second.exited).detail).toContain('exited with 0');
    expect(await after.find(kept, never)).toMatchObject({ kind: 'ours', id: first.id, running: true });
    // Its name and its port are free again, and there is nothing left to be swept.
    expect(await after.find(orphan, never)).toEqual({ kind: 'absent' });
    expect(await after.sweep([kept.name])).toEqual([]);
    await after.stop(kept);
    expect([...notes.texts.keys()]).toEqual([]);
  });

  test('that has ended long ago is forgotten', async () => {
    await using folder = await tmpdir();
    const notes = memoryNotes();
    const note = { pid: 4_000_000, startedAt: 'of another start of the system:1', identity: [], logFrom: 0 };
    keepNote(notes, 'gone', 8_000, note);
    expect(await createDriver(folder.path, notes).sweep([])).toEqual([]);
    expect([...notes.texts.keys()]).toEqual([]);
  });
});
