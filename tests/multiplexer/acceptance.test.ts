/** What a multiplexer of version 0.9 promised: does this one keep it? */
import { describe, expect, test } from 'bun:test';
import { openHouse, passUntilState } from '#tests/multiplexer/house';
import { settle } from '#tests/support/clock';

const AT_ONCE = { lingerMs: 0 };

/** A house in which `a` is loaded and idle. */
const withLoaded = async (options: Parameters<typeof openHouse>[0] = {}) => {
  const house = await openHouse({ settings: AT_ONCE, ...options });
  const first = house.ask('a');
  await house.clock.advance(10_000);
  first.lease.release();
  await settle();
  return house;
};

describe('the multiplexer', () => {
  test('loads nothing until somebody asks', async () => {
    const house = await openHouse();
    await house.clock.advance(1_000_000);
    expect(house.serves.log).toEqual([]);
    expect(house.multiplexer.status().slots.map(({ state }) => state)).toEqual(['empty', 'empty']);
  });

  test('loads what is asked for, and then serves it without a restart', async () => {
    const house = await openHouse();
    const first = house.ask('a');
    await settle();
    expect([first.word, house.stateOf('a')]).toEqual(['waits', 'loading']);
    await house.clock.advance(10_000);
    expect(first.lease).toMatchObject({
      model: 'a',
      origin: 'http://127.0.0.1:30000',
      waitedMs: 10_000,
      needed: 'load',
    });
    const second = house.ask('a');
    await settle();
    expect(second.lease).toMatchObject({ waitedMs: 0, needed: 'nothing' });
    expect(house.serves.log).toEqual(['start a']);
  });

  test('swaps for another model once the resident is idle, and tells so', async () => {
    const house = await withLoaded();
    const other = house.ask('b');
    await house.clock.advance(11_000);
    expect(other.word).toBe('lease');
    expect(house.serves.log).toEqual(['start a', 'stop a', 'start b']);
    expect(house.serves.running()).toEqual(['b']);
    expect(house.multiplexer.status().swaps).toMatchObject({
      total: 2,
      by_reason: { demand: 1, 'resident-idle': 1 },
      cut: 0,
      last: [
        { out: 'a', in: 'b', why: 'resident-idle', drained_ms: 0, cut: 0 },
        { out: null, in: 'a', why: 'demand' },
      ],
    });
  });

  test('a swap waits for the lease, and a late request for the old model queues and swaps back', async () => {
    const house = await openHouse({ settings: { drainMs: 60_000 } });
    const holder = house.ask('a');
    await house.clock.advance(10_000);
    const other = house.ask('b');
    await passUntilState(house, 'a', 'draining');
    expect(other.word).toBe('waits');
    const late = house.ask('a');
    await house.clock.advance(5_000);
    expect([late.word, holder.lease.cut.aborted]).toEqual(['waits', false]);
    holder.lease.release();
    await house.clock.advance(11_000);
    expect([other.word, late.word]).toEqual(['lease', 'waits']);
    other.lease.release();
    await house.clock.advance(60_000);
    expect(late.word).toBe('lease');
    expect(house.serves.log).toEqual(['start a', 'stop a', 'start b', 'stop b', 'start a']);
  });

  test('a drain that takes too long cuts what is left, and counts it', async () => {
    const house = await openHouse({ settings: { drainMs: 20_000 } });
    const holders = [house.ask('a'), house.ask('a')];
    await house.clock.advance(10_000);
    const other = house.ask('b');
    await passUntilState(house, 'a', 'draining');
    await house.clock.advance(19_999);
    expect(holders.map(({ lease }) => lease.cut.aborted)).toEqual([false, false]);
    await house.clock.advance(1);
    expect(holders.map(({ lease }) => lease.cut.aborted)).toEqual([true, true]);
    expect(String(holders[0]?.lease.cut.reason)).toContain('drain limit');
    await house.clock.advance(20_000);
    expect(other.word).toBe('lease');
    for (const { lease } of holders) lease.release();
    expect(house.multiplexer.status().swaps.cut).toBe(2);
    expect(house.events).toContainEqual(
      expect.objectContaining({ kind: 'vacated', model: 'a', to: 'empty', for: 'b', drainedMs: 20_000, cut: 2 }),
    );
  });

  test('a load that fails ends its waits at once, with the last lines, and the one before comes back', async () => {
    const house = await withLoaded();
    house.serves.of('b').diesLoading = 'CUDA out of memory';
    const waiters = [house.ask('b'), house.ask('b')];
    await house.clock.advance(6_000);
    expect(waiters.map(({ word }) => word)).toEqual(['load-failed', 'load-failed']);
    expect(waiters[0]?.refusal).toMatchObject({
      message: expect.stringContaining('CUDA out of memory'),
      lines: ['b begins', 'CUDA out of memory'],
      retryAfterMs: 5_000,
    });
    await house.clock.advance(10_000);
    expect([house.stateOf('a'), house.serves.running()]).toEqual(['ready', ['a']]);
    expect(house.multiplexer.status().slots[1]).toMatchObject({ last_failure: 'CUDA out of memory' });
  });

  test('when the one before cannot come back either, nothing runs, and both recover', async () => {
    const house = await withLoaded();
    house.serves.of('b').diesLoading = 'no';
    house.serves.of('a').diesLoading = 'no more';
    const other = house.ask('b');
    await house.clock.advance(11_000);
    expect([other.word, house.serves.running()]).toEqual(['load-failed', []]);
    house.serves.of('b').diesLoading = undefined;
    house.serves.of('a').diesLoading = undefined;
    const again = house.ask('b');
    await house.clock.advance(60_000);
    expect(again.word).toBe('lease');
  });

  test('a load for which there is no host memory is refused, and the resident stays', async () => {
    const models = [
      { name: 'a', weightGb: 10 },
      { name: 'b', weightGb: 30 },
    ];
    const house = await withLoaded({ models, availableGb: 12 });
    const other = house.ask('b');
    await house.clock.advance(1_000);
    expect(other.refusal).toMatchObject({ refused: 'no-memory', message: expect.stringContaining('34.5 GiB') });
    expect([house.stateOf('a'), house.serves.log]).toEqual(['ready', ['start a']]);
  });

  test('the memory of the one that leaves counts for the one that comes', async () => {
    const models = [
      { name: 'a', weightGb: 20 },
      { name: 'b', weightGb: 25 },
    ];
    const house = await withLoaded({ models, availableGb: 23.5 });
    const other = house.ask('b');
    await house.clock.advance(15_000);
    expect(other.word).toBe('lease');
  });

  test('a resident that dies is noticed and comes back', async () => {
    const house = await withLoaded();
    expect(house.serves.crash('a')).toBe(true);
    await settle();
    expect(house.multiplexer.status().slots[0]).toMatchObject({ state: 'failed', crashes: 1, retry_in_ms: 5_000 });
    const asked = house.ask('a');
    await house.clock.advance(15_000);
    expect(asked.word).toBe('lease');
    expect(house.events).toContainEqual(expect.objectContaining({ kind: 'crashed', model: 'a' }));
  });

  test('an unknown model is refused with the names that there are', async () => {
    const house = await openHouse();
    const asked = house.ask('c');
    await settle();
    expect(asked.refusal).toEqual({
      refused: 'unknown-model',
      message: 'model c is not in the registry, which names a, b',
    });
  });
});
