/** A serve that is a plain program: started in a group of its own, watched, and ended with everything it started. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { stat, truncate } from 'node:fs/promises';
import { createCommands } from '#platform/commands';
import {
  createDriver,
  freePort,
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

const commands = createCommands();

describe.skipIf(process.platform === 'win32')('a process serve', () => {
  test('is absent, started, ours without drift, stopped, and absent again', async () => {
    await using folder = await tmpdir();
    const notes = memoryNotes();
    const driver = createDriver(folder.path, notes);
    const spec = specOf(await freePort());
    expect(await driver.find(spec, never)).toEqual({ kind: 'absent' });
    const serve = await driver.start(spec, never);
    await saysReady(serve);
    expect(await driver.find(spec, never)).toEqual({
      kind: 'ours',
      id: serve.id,
      running: true,
      status: 'running',
      drift: [],
    });
    const list = await (await fetch(`http://127.0.0.1:${spec.port}/v1/models`)).json();
    expect(list).toMatchObject({ data: [{ id: 'small' }] });
    await driver.stop(spec);
    expect(await serve.exited).toEqual({ code: 0, detail: 'exited with 0' });
    expect(serve.tail().at(-1)).toBe('asked to stop');
    expect(await driver.find(spec, never)).toEqual({ kind: 'absent' });
    expect(notes.texts.size).toBe(0);
    await driver.stop(spec);
  });

  test('is killed with its workers when it does not stop in its time', async () => {
    await using folder = await tmpdir();
    const driver = createDriver(folder.path, memoryNotes());
    const spec = specOf(await freePort(), ['ignores-term', 'has-worker'], { stopMs: 150 });
    const serve = await driver.start(spec, never);
    await saysReady(serve);
    const worker = workerOf(serve);
    expect(await commands.startedAt(worker)).toBeDefined();
    await driver.stop(spec);
    expect(await commands.startedAt(worker)).toBeUndefined();
    expect(await commands.groupLives(Number(serve.id))).toBe(false);
    expect((await serve.exited).detail).toStartWith('was killed (SIGKILL)');
  });

  test('that ends by itself leaves no worker behind, and says why', async () => {
    await using folder = await tmpdir();
    const driver = createDriver(folder.path, memoryNotes());
    const spec = specOf(await freePort(), ['has-worker']);
    const serve = await driver.start(spec, never);
    await saysReady(serve);
    const worker = workerOf(serve);
    fetch(`http://127.0.0.1:${spec.port}/end`).catch(() => undefined);
    expect(await serve.exited).toEqual({ code: 7, detail: 'exited with 7' });
    expect(await commands.startedAt(worker)).toBeUndefined();
    expect(await driver.find(spec, never)).toEqual({ kind: 'absent' });
  });

  test('can be started again after it ended', async () => {
    await using folder = await tmpdir();
    const driver = createDriver(folder.path, memoryNotes());
    const spec = specOf(await freePort());
    const first = await driver.start(spec, never);
    await saysReady(first);
    process.kill(Number(first.id), 'SIGKILL');
    await first.exited;
    const second = await driver.start(spec, never);
    await saysReady(second);
    expect(second.id).not.toBe(first.id);
    expect(second.tail().filter((line) => line === 'ready')).toHaveLength(1);
    await driver.stop(spec);
  });

  test('that hangs in the system is told as such, and not forgotten', async () => {
    await using folder = await tmpdir();
    const notes = memoryNotes();
    const clock = createSimulatedClock();
    const hanging = { ...commands, groupLives: async () => true };
    const driver = createDriver(folder.path, notes, { clock, commands: hanging });
    const spec = specOf(await freePort(), [], { stopMs: 1_000 });
    const serve = await driver.start(spec, never);
    await saysReady(serve);
    let error: unknown;
    driver.stop(spec).catch((caught: unknown) => {
      error = caught;
    });
    await until(async () => {
      await clock.advanceToNext();
      return error !== undefined;
    });
    expect(error).toMatchObject({ fault: 'failed' });
    expect(String(error)).toContain(`process group ${serve.id} still runs after SIGKILL`);
    expect(notes.get('small')).toBeDefined();
  });

  test('has a log that is kept within its size while it runs', async () => {
    await using folder = await tmpdir();
    const clock = createSimulatedClock();
    const driver = createDriver(folder.path, memoryNotes(), { clock });
    const spec = specOf(await freePort());
    const serve = await driver.start(spec, never);
    await saysReady(serve);
    await truncate(folder.file('small.log'), 11 * 1024 * 1024);
    await clock.advance(1_000);
    await until(async () => (await stat(folder.file('small.log'))).size === 0);
    process.kill(Number(serve.id), 'SIGTERM');
    await serve.exited;
    expect(serve.tail()).toEqual(['asked to stop']);
    expect(clock.pending).toBe(0);
  });

  test('whose note cannot be kept is warned of, and stopped as any other', async () => {
    await using folder = await tmpdir();
    const warnings: string[] = [];
    const notes = {
      get: () => undefined,
      set: () => {
        throw new Error('no space left on device');
      },
    };
    const driver = createDriver(folder.path, notes, { onWarning: (message) => warnings.push(message) });
    const spec = specOf(await freePort());
    const serve = await driver.start(spec, never);
    await saysReady(serve);
    expect(await driver.find(spec, never)).toMatchObject({ kind: 'ours', id: serve.id, running: true });
    await driver.stop(spec);
    expect(await createCommands().groupLives(Number(serve.id))).toBe(false);
    await serve.exited;
    expect(warnings[0]).toContain('small: its process cannot be noted (no space left on device)');
  });

  test('is not started twice', async () => {
    await using folder = await tmpdir();
    const driver = createDriver(folder.path, memoryNotes());
    const spec = specOf(await freePort());
    const serve = await driver.start(spec, never);
    const error = await rejectionOf(driver.start(spec, never));
    expect(error.message).toBe(`serve small: it runs already as process ${serve.id}; stop it first`);
    await driver.stop(spec);
  });

  test('is not started when its start was given up', async () => {
    await using folder = await tmpdir();
    const notes = memoryNotes();
    const spec = specOf(await freePort());
    const error = await rejectionOf(createDriver(folder.path, notes).start(spec, AbortSignal.abort()));
    expect(error.message).toBe('serve small: its start was given up');
    expect(notes.texts.size).toBe(0);
  });
});

describe.skipIf(process.platform === 'win32')('a process serve that cannot be', () => {
  test('has its port taken by a stranger, who is left alone', async () => {
    await using folder = await tmpdir();
    await using stranger = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('') });
    const driver = createDriver(folder.path, memoryNotes());
    const spec = specOf(stranger.port ?? 0);
    const what = `port ${spec.port} of 127.0.0.1 is taken by a program that is not ours`;
    expect(await driver.find(spec, never)).toEqual({ kind: 'stranger', what });
    expect(await rejectionOf(driver.start(spec, never))).toMatchObject({ fault: 'stranger' });
    await driver.stop(spec);
    expect((await fetch(stranger.url)).status).toBe(200);
  });

  test('has its port held by another serve of ours, which is no stranger', async () => {
    await using folder = await tmpdir();
    const notes = memoryNotes();
    const driver = createDriver(folder.path, notes);
    const port = await freePort();
    const holder = specOf(port, [], { name: 'holder' });
    await saysReady(await driver.start(holder, never));
    const spec = specOf(port);
    expect(await driver.find(spec, never)).toEqual({ kind: 'absent' });
    const error = await rejectionOf(driver.start(spec, never));
    expect(error).toMatchObject({ fault: 'failed' });
    expect(error.message).toContain(`port ${port} is still held by another serve of ours; stop that one first`);
    await driver.stop(holder);
    await saysReady(await driver.start(spec, never));
    await driver.stop(spec);
    expect(notes.texts.size).toBe(0);
  });

  test('names a program that is not there', async () => {
    await using folder = await tmpdir();
    const argv = ['no-such-server', '--port', '1'] as const;
    const spec = specOf(await freePort(), [], { launch: { driver: 'process', argv: [...argv] } });
    const error = await rejectionOf(createDriver(folder.path, memoryNotes()).start(spec, never));
    expect(error).toMatchObject({ fault: 'missing' });
    expect(error.message).toContain('serve small: no-such-server cannot be run: it is not on PATH');
  });

  test('names a folder that is not there', async () => {
    await using folder = await tmpdir();
    const spec = specOf(await freePort(), [], { launch: { driver: 'process', argv: ['sh'], cwd: '/no/such' } });
    const error = await rejectionOf(createDriver(folder.path, memoryNotes()).start(spec, never));
    expect(error).toMatchObject({
      fault: 'failed',
      message: 'serve small: sh cannot be run in /no/such: there is no such folder',
    });
  });

  test('has a note of a process that is another one by now, which is left alone', async () => {
    await using folder = await tmpdir();
    const notes = memoryNotes();
    const bystander = commands.start(['sleep', '60'], {});
    notes.set('small', JSON.stringify({ pid: bystander.pid, startedAt: 'x:1', identity: [], logFrom: 0 }));
    const driver = createDriver(folder.path, notes);
    const spec = specOf(await freePort());
    await driver.stop(spec);
    expect(await driver.find(spec, never)).toEqual({ kind: 'absent' });
    expect(await commands.startedAt(bystander.pid)).toBeDefined();
    commands.signalGroup(bystander.pid, 'SIGKILL');
    await until(async () => (await commands.startedAt(bystander.pid)) === undefined);
  });

  test('has a note that nobody can read, which is no note', async () => {
    await using folder = await tmpdir();
    const spec = specOf(await freePort());
    for (const text of ['', 'no json', '[]', '{"pid":1}', '{"pid":0,"startedAt":"","identity":[]}', '{"pid":"7"}']) {
      const notes = memoryNotes();
      notes.set('small', text);
      expect(await createDriver(folder.path, notes).find(spec, never)).toEqual({ kind: 'absent' });
    }
  });
});
