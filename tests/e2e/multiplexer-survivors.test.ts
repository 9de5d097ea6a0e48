/** What outlives a multiplexer on a real Docker Engine: who takes it over, what is replaced, and what is nobody's business? */
import { describe, expect, test } from 'bun:test';
import { createServer } from 'node:net';
import { ask, errorOf, openStream, streamed, wholeAnswer } from '#tests/e2e/multiplexer-callers';
import { watchEvents } from '#tests/e2e/multiplexer-events';
import { inState, type ModelRow, slotOf, startWorld, type World } from '#tests/e2e/multiplexer-world';
import { dockerForTests, IMAGE_BUILD_MS, scriptedEngineImage } from '#tests/support/scripted-image';

const { engine, skip } = await dockerForTests('tests/e2e/multiplexer-survivors.test.ts');

const small = (name: string, script: readonly string[] = []): ModelRow => ({
  name,
  script: ['--script-tokens', '100000', '--script-token-ms', '10', ...script],
  keys: { vram_mib: 100 },
});

const idsOf = async (world: World): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries((await world.containers()).map(({ name, id }) => [name, id]));

/** A program of somebody else: it holds a port, and counts what is said to it. */
const startForeigner = async (port: number) => {
  let bytes = 0;
  const server = createServer((socket) => {
    socket.on('data', (data) => {
      bytes += data.length;
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    heard: () => bytes,
    [Symbol.dispose]: () => void server.close(),
  };
};

describe.skipIf(skip)('after kill -9', () => {
  test(
    'the next multiplexer takes over what is as declared, replaces what is not, and removes what is declared no more',
    async () => {
      const kept = small('kept');
      const removed = small('removed');
      await using world = await startWorld({ engine }, { vramMib: 300, models: [kept, small('changed'), removed] });
      const names = ['kept', 'changed', 'removed'];
      let killed: readonly string[];
      {
        await using multiplexer = await world.start();
        await Promise.all(names.map((name) => ask(multiplexer.url, name, { tokens: 6 })));
        const before = await multiplexer.slots();
        killed = names.map((name) => slotOf(before, name).serve ?? '');
        const reader = await openStream(multiplexer.url, 'kept', { tokens: 100_000 });
        await multiplexer.end('SIGKILL');
        await reader.rest().catch(() => undefined);
      }
      const left = await idsOf(world);
      expect(names.map((name) => left[world.container(name)])).toEqual([...killed]);

      await world.write({ vramMib: 300, models: [kept, small('changed', ['--script-load-lines', '1'])] });
      using events = watchEvents(engine, new Map(names.map((name) => [world.container(name), name])));
      await using multiplexer = await world.start();
      await multiplexer.logged(/removed a container that the registry does not name any more/);
      const settled = await multiplexer.until('kept taken over', (status) => {
        return slotOf(status, 'kept').state === 'ready' && slotOf(status, 'changed').state === 'empty';
      });
      expect(slotOf(settled, 'kept')).toMatchObject({ serve: killed[0] ?? '', loads: 1, crashes: 0 });
      expect(multiplexer.err()).toMatch(/"model":"kept".*"model taken over, it ran already"/);
      expect(await streamed(multiplexer.url, 'kept', { tokens: 8 })).toEqual(wholeAnswer('kept', 8));
      expect(await streamed(multiplexer.url, 'changed', { tokens: 8 })).toEqual(wholeAnswer('changed', 8));
      const now = await idsOf(world);
      expect(Object.keys(now).toSorted()).toEqual([world.container('changed'), world.container('kept')]);
      expect(now[world.container('kept')]).toBe(killed[0] ?? '');
      expect(now[world.container('changed')]).not.toBe(killed[1] ?? '');
      await events.until('start changed');
      // Nothing was ever done to the one that stayed.
      expect(events.seen.filter((event) => event.endsWith(' kept'))).toEqual([]);
      expect(events.seen.toSorted()).toEqual([
        'create changed',
        'destroy changed',
        'destroy removed',
        'die changed',
        'die removed',
        'start changed',
      ]);
      expect(await multiplexer.end('SIGTERM')).toBe(0);
      expect(await world.containers()).toEqual([]);
    },
    IMAGE_BUILD_MS,
  );

  test(
    'in the middle of a load the server goes on loading, and the next multiplexer waits for it instead of starting another',
    async () => {
      await using world = await startWorld(
        { engine },
        { models: [{ name: 'slow', script: ['--script-load-ms', '4000'] }] },
      );
      using events = watchEvents(engine, new Map([[world.container('slow'), 'slow']]));
      {
        await using first = await world.start();
        const waiting = ask(first.url, 'slow').catch(() => undefined);
        await events.until('start slow');
        await first.end('SIGKILL');
        expect(await waiting).toBeUndefined();
      }
      const [left] = await world.containers();
      await using multiplexer = await world.start();
      expect((await ask(multiplexer.url, 'slow')).status).toBe(200);
      expect(slotOf(await multiplexer.slots(), 'slow')).toMatchObject({ serve: left?.id ?? 'none', loads: 1 });
      expect(events.seen).toEqual(['create slow', 'start slow']);
      expect(await multiplexer.end('SIGTERM')).toBe(0);
      expect(await world.containers()).toEqual([]);
    },
    IMAGE_BUILD_MS,
  );
});

describe.skipIf(skip)('what is not ours', () => {
  test(
    'a container of the name and a program on the port are neither touched nor talked to; callers learn what to do',
    async () => {
      const models = [small('named'), small('ported'), small('free')];
      await using world = await startWorld({ engine }, { vramMib: 300, models });
      using events = watchEvents(engine, new Map([[world.container('named'), 'named']]));
      const foreign = await engine.create(world.container('named'), {
        Image: await scriptedEngineImage(),
        Cmd: ['--port', '8000'],
      });
      using behind = await startForeigner(world.port('named'));
      using program = await startForeigner(world.port('ported'));
      try {
        await engine.start(foreign);
        await using multiplexer = await world.start();
        const [named, ported, free] = await Promise.all(
          ['named', 'ported', 'free'].map((name) => ask(multiplexer.url, name, { tokens: 6 })),
        );
        if (!named || !ported || !free) throw new Error('three were asked');
        expect(free.status).toBe(200);
        expect(await errorOf(named)).toMatchObject({ status: 503, type: 'backend_unavailable', code: 'load_failed' });
        const { slots } = await multiplexer.slots();
        const said = slots.map(({ last_failure: failure }) => failure ?? '');
        expect(said[0]).toContain(`container ${world.container('named')} was not made by anvil-serving`);
        expect(said[0]).toContain(`docker rm -f ${world.container('named')}`);
        expect(await errorOf(ported)).toMatchObject({
          status: 503,
          message: expect.stringContaining(`port ${world.port('ported')}`),
        });
        expect([behind.heard(), program.heard()]).toEqual([0, 0]);
        expect(await multiplexer.end('SIGTERM')).toBe(0);
        const facts = await engine.inspect(foreign);
        expect(facts).toMatchObject({ id: foreign, status: 'running', restartCount: 0 });
        // By ourselves, above.
        expect(events.seen).toEqual(['create named', 'start named']);
      } finally {
        await engine.remove(foreign);
      }
    },
    IMAGE_BUILD_MS,
  );

  test(
    'a second multiplexer on the same registry refuses at once, says who is in the way, and touches nothing',
    async () => {
      await using world = await startWorld({ engine }, { models: [small('alpha')] });
      await using first = await world.start();
      const reader = await openStream(first.url, 'alpha', { tokens: 200 });
      using events = watchEvents(engine, new Map([[world.container('alpha'), 'alpha']]));
      const began = performance.now();
      const second = await world.launch();
      expect(await second.exited).toBe(2);
      expect(performance.now() - began).toBeLessThan(10_000);
      expect(second.err()).toContain('another multiplexer holds this registry: stop it first');
      expect(second.err()).toContain('.sqlite');
      expect(second.err()).not.toContain('    at ');
      expect(await reader.rest()).toContain('[DONE]');
      expect(events.seen).toEqual([]);
      expect(await first.until('alpha is still there', inState('alpha', 'ready'))).toMatchObject({ state: 'serving' });
      expect(await first.end('SIGTERM')).toBe(0);
      // The lock went with its holder.
      await using third = await world.start();
      expect(await third.end('SIGTERM')).toBe(0);
    },
    IMAGE_BUILD_MS,
  );
});
