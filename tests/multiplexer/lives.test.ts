/** How does a multiplexer begin and end: what does it take over, what does it leave behind, who may run it? */
import { describe, expect, test } from 'bun:test';
import { createMultiplexerState } from '#store/multiplexer-state';
import { createFakeServes } from '#tests/multiplexer/fake-driver';
import { buildHouse, memoryState, openHouse, passUntil } from '#tests/multiplexer/house';
import { createSimulatedClock, settle } from '#tests/support/clock';
import { rejectionOf } from '#tests/support/rejection';
import { tmpdir } from '#tests/support/tmp';

const withLeft = (...models: readonly string[]) => {
  const clock = createSimulatedClock();
  const serves = createFakeServes(clock);
  for (const model of models) serves.leave(model);
  return { clock, serves };
};

describe('a start', () => {
  test('takes over what runs as declared', async () => {
    const house = await openHouse(withLeft('a'));
    const asked = house.ask('a');
    await house.clock.advance(0);
    expect([asked.word, house.serves.log]).toEqual(['lease', ['adopt a']]);
    expect(house.events).toContainEqual({
      kind: 'loaded',
      model: 'a',
      ms: 0,
      woken: false,
      adopted: true,
      why: 'wanted',
    });
  });

  test('takes over several where they fit, and removes what does not', async () => {
    const models = [
      { name: 'a', vramMib: 10_000 },
      { name: 'b', vramMib: 10_000 },
      { name: 'c', vramMib: 10_000 },
    ];
    const house = await openHouse({ ...withLeft('a', 'b', 'c'), models, gpus: [{ id: '0', vramMib: 24_000 }] });
    await house.clock.advance(2_000);
    expect(house.serves.log.sort()).toEqual(['adopt a', 'adopt b', 'stop c']);
    expect(house.serves.running()).toEqual(['a', 'b']);
  });

  test('removes what is not as declared, and loads it only when asked', async () => {
    const left = withLeft('a');
    left.serves.of('a').drift = ['arguments differ'];
    const house = await openHouse(left);
    await house.clock.advance(2_000);
    expect([house.serves.log, house.serves.running()]).toEqual([['stop a'], []]);
  });

  test('never touches a stranger', async () => {
    const left = withLeft();
    left.serves.of('a').stranger = 'port 30000 is taken';
    const house = await openHouse(left);
    await house.clock.advance(2_000);
    expect(house.serves.log).toEqual([]);
  });

  test('goes on when an engine cannot be asked', async () => {
    const left = withLeft();
    left.serves.of('a').unreachable = true;
    const house = await openHouse(left);
    const asked = house.ask('b');
    await house.clock.advance(10_000);
    expect(asked.word).toBe('lease');
  });

  test('loads what is to be preloaded, where there is room', async () => {
    const models = [
      { name: 'a', preload: true },
      { name: 'b', preload: true },
    ];
    const house = await openHouse({ models });
    await house.clock.advance(20_000);
    expect(house.serves.running()).toEqual(['a']);
  });

  test('has requests wait that come meanwhile', async () => {
    const house = buildHouse();
    const early = house.ask('a');
    await settle();
    expect(early.word).toBe('unavailable');
    const starting = house.multiplexer.start();
    const asked = house.ask('a');
    await starting;
    await house.clock.advance(10_000);
    expect(asked.word).toBe('lease');
  });

  test('is refused when another one holds the registry', async () => {
    await using folder = await tmpdir();
    const path = folder.file('state.db');
    const stateOf = () => createMultiplexerState({ path, onProblem: () => {} });
    const first = await openHouse({ state: stateOf() });
    const second = buildHouse({ state: stateOf() });
    expect((await rejectionOf(second.multiplexer.start())).message).toMatch(/another multiplexer holds this registry/);
    await passUntil(first.clock, first.multiplexer.stop(false));
    const third = await openHouse({ state: stateOf() });
    await passUntil(third.clock, third.multiplexer.stop(false));
  });
});

test('measured times are known in the next life', async () => {
  const state = memoryState();
  const house = await openHouse({ state });
  house.serves.of('a').loadMs = 42_000;
  house.ask('a');
  await house.clock.advance(42_000);
  await passUntil(house.clock, house.multiplexer.stop(false));
  const next = await openHouse({ state });
  expect(next.multiplexer.status().slots[0]).toMatchObject({ load_ms: 42_000 });
  next.serves.of('a').loadMs = 32_000;
  next.ask('a');
  await next.clock.advance(32_000);
  expect(next.multiplexer.status().slots[0]).toMatchObject({ load_ms: 39_000 });
});

describe('a stop', () => {
  test('refuses the new and the waiting, lets running answers end, and stops every server', async () => {
    const models = [
      { name: 'a', vramMib: 1 },
      { name: 'b', vramMib: 1 },
      { name: 'c', vramMib: 9 },
    ];
    const house = await openHouse({ models, gpus: [{ id: '0', vramMib: 10 }] });
    const holder = house.ask('a');
    const idle = house.ask('b');
    await house.clock.advance(10_000);
    idle.lease.release();
    const waiter = house.ask('c');
    await settle();
    const stopping = house.multiplexer.stop(false);
    const late = house.ask('a');
    await settle();
    expect([waiter.word, late.word, holder.lease.cut.aborted]).toEqual(['unavailable', 'unavailable', false]);
    await house.clock.advance(5_000);
    expect([house.serves.running(), house.multiplexer.status().state]).toEqual([['a'], 'leaving']);
    holder.lease.release();
    await passUntil(house.clock, stopping);
    expect([house.serves.running(), house.clock.pending]).toEqual([[], 0]);
  });

  test('cuts what runs past the drain limit', async () => {
    const house = await openHouse({ settings: { drainMs: 5_000 } });
    const holder = house.ask('a');
    await house.clock.advance(10_000);
    const stopping = house.multiplexer.stop(false);
    await house.clock.advance(5_000);
    expect(holder.lease.cut.aborted).toBe(true);
    await passUntil(house.clock, stopping);
    expect(house.serves.running()).toEqual([]);
  });

  test.each([0, 2_000, 4_000, 9_999, 13_999, 14_000])('%d ms into a load leaves nothing behind', async (ms) => {
    const house = await openHouse();
    house.serves.of('a').startMs = 4_000;
    const asked = house.ask('a');
    await house.clock.advance(ms);
    await passUntil(house.clock, house.multiplexer.stop(false));
    await house.clock.advance(60_000);
    expect([asked.word, house.serves.running()]).toEqual([ms < 14_000 ? 'unavailable' : 'lease', []]);
  });

  test('that keeps the servers lets running answers end, and the next life takes them over', async () => {
    const house = await openHouse();
    const holder = house.ask('a');
    await house.clock.advance(10_000);
    const stopping = house.multiplexer.stop(true);
    await house.clock.advance(3_000);
    expect(holder.lease.cut.aborted).toBe(false);
    holder.lease.release();
    await passUntil(house.clock, stopping);
    expect(house.serves.log).toEqual(['start a']);
    const { serves, clock } = house;
    const next = await openHouse({ serves, clock });
    await clock.advance(0);
    expect([next.stateOf('a'), serves.log]).toEqual(['ready', ['start a', 'adopt a']]);
  });

  test('can be asked for again, and before a start', async () => {
    const house = await openHouse();
    const stopping = house.multiplexer.stop(false);
    expect(house.multiplexer.stop(true)).toBe(stopping);
    await stopping;
    await buildHouse().multiplexer.stop(false);
  });
});

describe('an operator', () => {
  const signal = new AbortController().signal;

  test('loads a model without using it', async () => {
    const house = await openHouse();
    const loading = house.multiplexer.load('a', signal);
    await house.clock.advance(10_000);
    expect(await loading).toBeUndefined();
    expect(house.multiplexer.status().slots[0]).toMatchObject({ state: 'ready', leases: 0, loads: 1 });
    expect(house.multiplexer.status().swaps.by_reason).toEqual({ operator: 1 });
  });

  test('unloads one, which waits for its leases', async () => {
    const house = await openHouse();
    const holder = house.ask('a');
    await house.clock.advance(10_000);
    const unloading = house.multiplexer.unload('a', signal);
    await house.clock.advance(5_000);
    expect(house.stateOf('a')).toBe('draining');
    holder.lease.release();
    await house.clock.advance(1_000);
    expect(await unloading).toBeUndefined();
    expect([house.stateOf('a'), house.serves.running()]).toEqual(['empty', []]);
  });

  test('unloads one for which somebody waits, and then it is loaded again', async () => {
    const house = await openHouse({ models: [{ name: 'a', maxConcurrency: 1 }] });
    house.ask('a');
    await house.clock.advance(10_000);
    const waiter = house.ask('a');
    const unloading = house.multiplexer.unload('a', signal);
    await house.clock.advance(60_000);
    expect(await unloading).toBeUndefined();
    expect([waiter.word, house.serves.log]).toEqual(['lease', ['start a', 'stop a', 'start a']]);
  });

  test('hears of a model that is not there, and may stop waiting', async () => {
    const house = await openHouse();
    expect(await house.multiplexer.unload('x', signal)).toMatchObject({ refused: 'unknown-model' });
    const gone = new AbortController();
    const loading = house.multiplexer.load('a', gone.signal);
    await settle();
    gone.abort();
    expect(await loading).toMatchObject({ refused: 'aborted' });
  });
});
