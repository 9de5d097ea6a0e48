/** How does a wait end that does not end with a lease at once: given up, refused, or too many? */
import { describe, expect, test } from 'bun:test';
import { type House, openHouse, passUntilState } from '#tests/multiplexer/house';
import { settle } from '#tests/support/clock';

const countOf = (house: House, model: string) => house.multiplexer.status().slots.find((slot) => slot.model === model);

describe('a caller that goes away', () => {
  test('leaves the queue at once', async () => {
    const house = await openHouse();
    const asked = house.ask('a');
    await settle();
    asked.abort();
    await settle();
    expect([asked.word, house.multiplexer.status().waiting]).toEqual(['aborted', 0]);
  });

  test('is answered at once when it had gone before it came', async () => {
    const house = await openHouse();
    const asked = house.ask('a', { signal: AbortSignal.abort() });
    await settle();
    expect([asked.word, house.serves.log]).toEqual(['aborted', []]);
  });

  test.each([0, 1, 5_000, 9_999, 10_000, 10_001, 15_000, 20_500, 21_000, 21_001])(
    'after %d ms keeps no lease and no place, whatever was going on',
    async (ms) => {
      const house = await openHouse({ settings: { lingerMs: 0, worth: 0.1 } });
      const first = house.ask('a');
      const second = house.ask('b');
      await house.clock.advance(ms);
      for (const asked of [first, second]) {
        asked.abort();
        if (asked.word === 'lease') asked.lease.release();
      }
      await settle();
      const { waiting, slots } = house.multiplexer.status();
      expect([first.word, second.word]).not.toContain('waits');
      expect([waiting, ...slots.map(({ leases }) => leases)]).toEqual([0, 0, 0]);
      await house.clock.advance(200_000);
      const again = house.ask('b');
      await house.clock.advance(60_000);
      expect(again.word).toBe('lease');
    },
  );
});

describe('a queue', () => {
  test('that is full refuses with the position and an estimate', async () => {
    const house = await openHouse({ settings: { queueMax: 2 } });
    const asked = ['a', 'a', 'a'].map((model) => house.ask(model));
    await settle();
    expect(asked.map(({ word }) => word)).toEqual(['waits', 'waits', 'queue-full']);
    expect(asked[2]?.refusal).toMatchObject({ position: 2, retryAfterMs: 10_000 });
    expect(house.multiplexer.status().waiting).toBe(2);
    expect(house.events).toContainEqual({ kind: 'refused', model: 'a', refused: 'queue-full' });
  });

  test('that is full of others does not keep a request from a model that is ready', async () => {
    const house = await openHouse({ settings: { queueMax: 1 } });
    const first = house.ask('a');
    await house.clock.advance(10_000);
    house.ask('b');
    await settle();
    const second = house.ask('a');
    await settle();
    expect([first.word, second.word]).toEqual(['lease', 'lease']);
  });

  test('is served in order of arrival, as many at a time as the model takes', async () => {
    const house = await openHouse({ models: [{ name: 'a', maxConcurrency: 2 }] });
    const asked = Array.from({ length: 4 }, () => house.ask('a'));
    await house.clock.advance(10_000);
    expect(asked.map(({ word }) => word)).toEqual(['lease', 'lease', 'waits', 'waits']);
    asked[1]?.lease.release();
    await settle();
    expect(asked.map(({ word }) => word)).toEqual(['lease', 'lease', 'lease', 'waits']);
    expect(countOf(house, 'a')).toMatchObject({ leases: 2, waiting: 1 });
  });

  test('says who waits, where, and for how long yet', async () => {
    const house = await openHouse();
    house.ask('a');
    await house.clock.advance(2_000);
    house.ask('a');
    await settle();
    expect(house.multiplexer.status().queue).toEqual([
      { request: 'r1', model: 'a', position: 0, waited_ms: 2_000, bound_in_ms: 118_000 },
      { request: 'r2', model: 'a', position: 1, waited_ms: 0, bound_in_ms: 120_000 },
    ]);
  });

  test('lists no more than a hundred', async () => {
    const house = await openHouse();
    for (let index = 0; index < 150; index++) house.ask('a');
    await settle();
    const { queue, waiting } = house.multiplexer.status();
    expect([queue.length, waiting]).toEqual([100, 150]);
  });
});

test('a request that cannot be served within its bound is refused with its position', async () => {
  const models = [{ name: 'a', pinned: true }, { name: 'b' }];
  const house = await openHouse({ models });
  house.ask('a');
  await house.clock.advance(10_000);
  const asked = [house.ask('b'), house.ask('b')];
  await house.clock.advance(600_000);
  expect(asked.map(({ word }) => word)).toEqual(['wait-limit', 'wait-limit']);
  expect(asked[0]?.refusal.retryAfterMs).toBeGreaterThan(0);
});

test('an estimate says what a request would find', async () => {
  const house = await openHouse();
  expect(house.multiplexer.estimate('a')).toEqual({
    state: 'empty',
    readyInMs: 10_000,
    needs: 'load',
    inFlight: 0,
    queued: 0,
  });
  house.ask('a');
  await house.clock.advance(4_000);
  expect(house.multiplexer.estimate('a')).toMatchObject({ state: 'loading', readyInMs: 6_000, queued: 1 });
  await house.clock.advance(6_000);
  expect(house.multiplexer.estimate('a')).toMatchObject({ readyInMs: 0, needs: 'nothing', inFlight: 1 });
  expect(house.multiplexer.estimate('nobody')).toBeUndefined();
});

test('a swap under many leases cuts none of them', async () => {
  const house = await openHouse({ settings: { drainMs: 60_000 } });
  const holders = Array.from({ length: 50 }, () => house.ask('a'));
  await house.clock.advance(10_000);
  const others = Array.from({ length: 50 }, () => house.ask('b'));
  await passUntilState(house, 'a', 'draining');
  for (const { lease } of holders) {
    await house.clock.advance(500);
    expect(lease.cut.aborted).toBe(false);
    lease.release();
  }
  await house.clock.advance(11_000);
  expect(new Set(others.map(({ word }) => word))).toEqual(new Set(['lease']));
  expect(house.multiplexer.status().swaps.cut).toBe(0);
});

test('listeners hear of changes once per turn, until they stop listening', async () => {
  const house = await openHouse();
  let heard = 0;
  const stop = house.multiplexer.onChange(() => {
    heard += 1;
  });
  for (let index = 0; index < 10; index++) house.ask('a');
  await house.clock.advance(0);
  expect(heard).toBe(1);
  await house.clock.advance(10_000);
  const before = heard;
  expect(before).toBeLessThan(5);
  stop();
  house.ask('a');
  await house.clock.advance(1_000);
  expect(heard).toBe(before);
});
