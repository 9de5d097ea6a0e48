/** Servers that misbehave in a real Docker Engine: who is told what and when, and who answers afterwards? */
import { describe, expect, test } from 'bun:test';
import { ask, errorOf, gist, openStream, seenIn, streamed, wholeAnswer } from '#tests/e2e/multiplexer-callers';
import { watchEvents } from '#tests/e2e/multiplexer-events';
import { inState, slotOf, startWorld } from '#tests/e2e/multiplexer-world';
import { dockerForTests, IMAGE_BUILD_MS } from '#tests/support/scripted-image';

const { engine, skip } = await dockerForTests('tests/e2e/multiplexer-failures.test.ts');

const LONG = ['--script-tokens', '100000', '--script-token-ms', '10'];
/** A load that would take so long if nothing ended it, in milliseconds. */
const ENDLESS_MS = 19_000;

describe.skipIf(skip)('a server that cannot be loaded', () => {
  test(
    'fails those who wait at once with its last lines, and the model before it comes back',
    async () => {
      const crashing = ['--script-load-ms', String(ENDLESS_MS), '--script-crash-loading-ms', '300'];
      const lines = ['--script-crash-lines', 'Traceback|CUDA out of memory'];
      await using world = await startWorld(
        { engine },
        {
          models: [
            { name: 'alpha', script: LONG },
            { name: 'crashing', script: [...crashing, ...lines] },
            { name: 'wrong', script: ['--script-wrong-model', 'impostor'] },
            { name: 'slow', script: ['--script-health-ms', '1500'] },
          ],
        },
      );
      await using multiplexer = await world.start();
      const { url } = multiplexer;
      expect(await streamed(url, 'alpha', { tokens: 8 })).toEqual(wholeAnswer('alpha', 8));

      const began = performance.now();
      const refused = await Promise.all([1, 2, 3].map(() => ask(url, 'crashing')));
      expect(performance.now() - began).toBeLessThan(ENDLESS_MS);
      for (const response of refused) {
        expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
        const error = await errorOf(response);
        expect(error).toMatchObject({ status: 503, type: 'backend_unavailable', code: 'load_failed' });
        expect(error.message).toContain('ended while loading: exited with 1');
        expect(error.lines.slice(-2)).toEqual(['Traceback', 'CUDA out of memory']);
      }
      // Nobody asks for it: it is brought back for what it was.
      const back = await multiplexer.until('alpha came back', (status) => slotOf(status, 'alpha').loads === 2);
      expect(slotOf(back, 'alpha').state).toBe('ready');
      expect(back.swaps.by_reason.wanted).toBe(1);

      const wrong = await errorOf(await ask(url, 'wrong'));
      expect([wrong.status, wrong.message]).toEqual([
        503,
        expect.stringContaining('it serves "impostor" instead of "wrong"'),
      ]);
      await multiplexer.until('alpha came back again', (status) => slotOf(status, 'alpha').loads === 3);
      expect(await streamed(url, 'alpha', { tokens: 8 })).toEqual(wholeAnswer('alpha', 8));

      // Slow to say that it is well, but well.
      expect((await ask(url, 'slow')).status).toBe(200);
      expect((await world.containers()).map(({ name }) => name)).toEqual([world.container('slow')]);
      expect(await multiplexer.end('SIGTERM')).toBe(0);
      expect(await world.containers()).toEqual([]);
    },
    IMAGE_BUILD_MS,
  );
});

describe.skipIf(skip)('a server that was well', () => {
  test(
    'and crashes ends its answers with an error event, is started again after a rest, and after a longer one next time',
    async () => {
      const policy = { retry_seconds: 0.6, retry_max_seconds: 10 };
      await using world = await startWorld({ engine }, { policy, models: [{ name: 'alpha', script: LONG }] });
      await using multiplexer = await world.start();
      const { url } = multiplexer;
      const crash = (): Promise<unknown> =>
        fetch(`http://127.0.0.1:${world.port('alpha')}/crash`, { method: 'POST' }).catch(() => undefined);
      const readers = await Promise.all([
        openStream(url, 'alpha', { tokens: 100_000 }),
        openStream(url, 'alpha', { tokens: 100_000, dialect: 'messages' }),
      ]);
      const rests: number[] = [];
      for (const crashes of [1, 2]) {
        const failed = multiplexer.until(`crash ${crashes}`, (status) => {
          const slot = slotOf(status, 'alpha');
          return slot.state === 'failed' && slot.crashes === crashes;
        });
        await crash();
        const slot = slotOf(await failed, 'alpha');
        expect(slot.last_failure).toBe('exited with 1');
        expect(slot.leases).toBe(0);
        expect(slot.lines?.join('\n')).toContain('RuntimeError: the script says so');
        rests.push(slot.retry_in_ms ?? 0);
        // Nobody has asked again.
        await multiplexer.until('alpha is back', (status) => slotOf(status, 'alpha').loads === crashes + 1);
      }
      expect(rests[0]).toBeLessThanOrEqual(600);
      expect(rests[1]).toBeGreaterThan(600);
      const [chat, messages] = await Promise.all(readers.map((reader) => reader.rest()));
      expect(seenIn(chat ?? '')).toMatchObject({
        terminal: false,
        error: { message: expect.stringContaining('broke') },
      });
      expect(seenIn(messages ?? '', 'messages')).toMatchObject({
        terminal: false,
        error: { type: expect.any(String) },
      });
      const whole = await openStream(url, 'alpha', { tokens: 8 });
      expect(gist(seenIn(await whole.rest()))).toEqual(wholeAnswer('alpha', 8));
      expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
        /^anvil_multiplexer_crashes_total\{model="alpha"\} 2$/m,
      );
      expect(await multiplexer.end('SIGTERM')).toBe(0);
    },
    IMAGE_BUILD_MS,
  );

  test(
    'and does not listen to SIGTERM is killed after its grace, and the swap goes on',
    async () => {
      await using world = await startWorld(
        { engine },
        {
          models: [
            { name: 'deaf', script: ['--script-ignore-sigterm'], keys: { stop_seconds: 1 } },
            { name: 'next', script: [] },
          ],
        },
      );
      await using multiplexer = await world.start();
      expect((await ask(multiplexer.url, 'deaf')).status).toBe(200);
      using events = watchEvents(engine, new Map(['deaf', 'next'].map((name) => [world.container(name), name])));
      const began = performance.now();
      expect((await ask(multiplexer.url, 'next')).status).toBe(200);
      expect(performance.now() - began).toBeGreaterThan(900);
      await events.until('start next');
      expect(events.seen).toEqual(['die deaf', 'destroy deaf', 'create next', 'start next']);
      const status = await multiplexer.until('next is ready', inState('next', 'ready'));
      expect(slotOf(status, 'deaf')).toMatchObject({ state: 'empty', crashes: 0 });
      expect(await multiplexer.end('SIGTERM')).toBe(0);
      expect(await world.containers()).toEqual([]);
    },
    IMAGE_BUILD_MS,
  );
});
