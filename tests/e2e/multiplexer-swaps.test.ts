/** Swaps under load on a real Docker Engine: routine ones cut nothing, and one that cannot wait says so to those it cuts. */
import { describe, expect, test } from 'bun:test';
import { ask, gist, openStream, seenIn, streamed, wholeAnswer } from '#tests/e2e/multiplexer-callers';
import { watchEvents } from '#tests/e2e/multiplexer-events';
import { inState, type Rules, slotOf, startWorld } from '#tests/e2e/multiplexer-world';
import { dockerForTests, IMAGE_BUILD_MS } from '#tests/support/scripted-image';

const { engine, skip } = await dockerForTests('tests/e2e/multiplexer-swaps.test.ts');

/** Streams of each model. */
const STREAMS = 25;
const TOKENS = 60;
const DIALECTS = ['chat', 'messages'] as const;
const ALL = Array.from({ length: STREAMS }, (_, index) => DIALECTS[index % 2] ?? 'chat');

/** An answer is as long as it is asked for, one word every 20 ms. */
const SLOW = ['--script-tokens', '100000', '--script-token-ms', '20', '--script-load-ms', '300'];

const rules: Rules = {
  models: [
    { name: 'alpha', script: SLOW },
    { name: 'beta', script: SLOW },
  ],
  policy: { drain_timeout_seconds: 20 },
};

describe.skipIf(skip)('a swap', () => {
  test(
    'under 50 streams cuts none of them: the old model answers to the end, then goes, then the new one comes',
    async () => {
      await using world = await startWorld({ engine }, rules);
      await using multiplexer = await world.start();
      const { url } = multiplexer;
      using events = watchEvents(engine, new Map(['alpha', 'beta'].map((name) => [world.container(name), name])));
      const first = await Promise.all(ALL.map((dialect) => openStream(url, 'alpha', { dialect, tokens: TOKENS })));
      const firstEnds = Promise.all(first.map((reader) => reader.rest()));
      const second = Promise.all(ALL.map((dialect) => streamed(url, 'beta', { dialect, tokens: TOKENS })));
      const mixed = await multiplexer.until('25 run and 25 wait', (status) => {
        return slotOf(status, 'alpha').leases === STREAMS && slotOf(status, 'beta').waiting === STREAMS;
      });
      expect([slotOf(mixed, 'beta').needs, mixed.waiting]).toEqual(['swap', STREAMS]);

      const texts = await firstEnds;
      texts.forEach((text, index) => {
        expect(gist(seenIn(text, ALL[index]))).toEqual(wholeAnswer('alpha', TOKENS));
      });
      expect(await second).toEqual(ALL.map(() => wholeAnswer('beta', TOKENS)));

      await events.until('start beta');
      expect(events.seen).toEqual([
        'create alpha',
        'start alpha',
        'die alpha',
        'destroy alpha',
        'create beta',
        'start beta',
      ]);
      const after = await multiplexer.slots();
      expect(after.swaps).toMatchObject({ total: 2, cut: 0 });
      expect(after.swaps.last[0]).toMatchObject({ out: 'alpha', in: 'beta', cut: 0 });
      expect(after.swaps.last[0]?.drained_ms).toBeLessThan(20_000);
      expect(slotOf(after, 'beta')).toMatchObject({ state: 'ready', leases: 0, waiting: 0, loads: 1, crashes: 0 });
      expect(await multiplexer.end('SIGTERM')).toBe(0);
      expect(await world.containers()).toEqual([]);
    },
    IMAGE_BUILD_MS,
  );

  test(
    'that cannot wait any longer cuts endless answers with the error event of their dialect, and counts them',
    async () => {
      await using world = await startWorld(
        { engine },
        { ...rules, policy: { drain_timeout_seconds: 1, wait_bound_seconds: 1 } },
      );
      await using multiplexer = await world.start();
      const { url } = multiplexer;
      // Measured once, leaving takes its real time in what follows, instead of the seconds that were assumed.
      for (const model of ['alpha', 'beta', 'alpha']) expect((await ask(url, model, { tokens: 1 })).status).toBe(200);
      const endless = await Promise.all(
        DIALECTS.map((dialect) => openStream(url, 'alpha', { dialect, tokens: 100_000 })),
      );
      const whole = openStream(url, 'alpha', { tokens: 10 });
      const next = streamed(url, 'beta', { tokens: 8 });
      const [chat, messages] = await Promise.all(endless.map((reader) => reader.rest()));
      expect(await next).toEqual(wholeAnswer('beta', 8));
      expect(gist(seenIn(await (await whole).rest()))).toEqual(wholeAnswer('alpha', 10));

      const chatSeen = seenIn(chat ?? '', 'chat');
      expect(chatSeen.error).toMatchObject({ message: expect.stringContaining('the answer was cut') });
      expect(chatSeen.finish).toBeUndefined();
      const messagesSeen = seenIn(messages ?? '', 'messages');
      expect(messagesSeen.error).toMatchObject({ type: expect.any(String), message: expect.stringContaining('cut') });
      expect(messagesSeen.terminal).toBe(false);

      const { swaps } = await multiplexer.until('beta ready', inState('beta', 'ready'));
      expect(swaps.cut).toBe(2);
      expect(swaps.last[0]).toMatchObject({ out: 'alpha', in: 'beta', why: 'bound', cut: 2 });
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toMatch(/^anvil_multiplexer_cut_total 2$/m);
      expect(metrics).toMatch(/^anvil_multiplexer_swaps_total\{reason="bound"\} 1$/m);
      await multiplexer.logged(/answers were cut, the drain lasted too long/);
      expect(await multiplexer.end('SIGTERM')).toBe(0);
    },
    IMAGE_BUILD_MS,
  );
});
