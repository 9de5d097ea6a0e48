/** Moments that are easily got wrong: two things at once, an end before a beginning, a listener or a decision that fails. */
import { describe, expect, test } from 'bun:test';
import type { UntilReady } from '#multiplexer/world';
import { createFakeServes } from '#tests/multiplexer/fake-driver';
import { buildHouse, openHouse, passUntilState } from '#tests/multiplexer/house';
import { createSimulatedClock, settle } from '#tests/support/clock';
import { rejectionOf } from '#tests/support/rejection';

const signal = new AbortController().signal;

test('a server that dies at the moment of its readiness is not taken for ready', async () => {
  const clock = createSimulatedClock();
  const fake = createFakeServes(clock);
  let deaths = 1;
  // The last answer of its health path is on its way while it dies.
  const untilReady: UntilReady = async (spec, serve, ends) => {
    const readiness = await fake.untilReady(spec, serve, ends);
    if (deaths-- > 0) {
      fake.crash(spec.name, 'died at last');
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    }
    return readiness;
  };
  const house = await openHouse({ clock, serves: { ...fake, untilReady } });
  const asked = house.ask('a');
  await clock.advance(10_000);
  expect(asked.refusal).toMatchObject({ refused: 'load-failed', message: expect.stringContaining('died at last') });
  const again = house.ask('a');
  await clock.advance(20_000);
  expect(again.word).toBe('lease');
});

describe('two loads at once', () => {
  const gpus = [{ id: '0' }, { id: '1' }];
  const models = [
    { name: 'a', gpus: ['0'], weightGb: 40 },
    { name: 'b', gpus: ['1'], weightGb: 40 },
  ];

  test('do not both take the same free memory: the second waits for the first, and is not refused', async () => {
    const free = { gb: 60 };
    const house = await openHouse({ models, gpus, availableGb: async () => free.gb });
    const first = house.ask('a');
    const second = house.ask('b');
    await house.clock.advance(5_000);
    expect([house.stateOf('a'), house.stateOf('b')].sort()).toEqual(['empty', 'loading']);
    await house.clock.advance(16_000);
    expect([first.word, second.word]).toEqual(['lease', 'lease']);
  });

  test('a while apart neither, although the first has taken nothing yet', async () => {
    const house = await openHouse({ models, gpus, availableGb: 60 });
    house.ask('a');
    await house.clock.advance(1_000);
    const second = house.ask('b');
    await house.clock.advance(5_000);
    expect([house.stateOf('a'), house.stateOf('b')]).toEqual(['loading', 'empty']);
    await house.clock.advance(16_000);
    expect(second.word).toBe('lease');
  });

  test('go side by side where there is enough for both', async () => {
    const house = await openHouse({ models, gpus, availableGb: 100 });
    house.ask('a');
    house.ask('b');
    await house.clock.advance(1_000);
    expect([house.stateOf('a'), house.stateOf('b')]).toEqual(['loading', 'loading']);
  });

  test('leave the one refused for which there is not enough without the other either', async () => {
    const house = await openHouse({ models, gpus, availableGb: 60 });
    house.ask('a');
    await house.clock.advance(1_000);
    const big = await openHouse({ models: [{ name: 'a', weightGb: 70 }], gpus, availableGb: 60 });
    const asked = big.ask('a');
    await settle();
    expect(asked.word).toBe('no-memory');
  });

  test('that fails lets the one go on that has waited for it', async () => {
    const house = await openHouse({ models, gpus, availableGb: 60 });
    house.serves.of('a').diesLoading = 'out of luck';
    const first = house.ask('a');
    await house.clock.advance(1);
    const second = house.ask('b');
    await house.clock.advance(30_000);
    expect([first.word, second.word]).toEqual(['load-failed', 'lease']);
  });
});

describe('a stop', () => {
  test('before the start keeps it from ever starting', async () => {
    const house = buildHouse();
    await house.multiplexer.stop(false);
    expect((await rejectionOf(house.multiplexer.start())).message).toMatch(/stopped/);
    const asked = house.ask('a');
    await settle();
    expect([asked.word, house.clock.pending]).toEqual(['unavailable', 0]);
  });

  test('during the start ends it, and nobody is left waiting', async () => {
    const house = buildHouse();
    const starting = house.multiplexer.start();
    const asked = house.ask('a');
    const stopping = house.multiplexer.stop(false);
    await starting;
    await stopping;
    expect([asked.word, house.serves.log, house.clock.pending]).toEqual(['unavailable', [], 0]);
  });

  test('that keeps the servers counts the answers it cuts', async () => {
    const house = await openHouse({ settings: { drainMs: 5_000 } });
    const holder = house.ask('a');
    await house.clock.advance(10_000);
    const stopping = house.multiplexer.stop(true);
    await house.clock.advance(5_000);
    await stopping;
    expect([holder.lease.cut.aborted, house.multiplexer.status().swaps.cut]).toEqual([true, 1]);
  });

  test('that keeps the servers answers an operator who is still waiting', async () => {
    const house = await openHouse();
    const holder = house.ask('a');
    await house.clock.advance(10_000);
    const unloading = house.multiplexer.unload('a', signal);
    await passUntilState(house, 'a', 'draining');
    const stopping = house.multiplexer.stop(true);
    holder.lease.release();
    await stopping;
    expect(await unloading).toMatchObject({ refused: 'unavailable' });
  });
});

test('answers are counted as cut although their server could not be removed', async () => {
  const house = await openHouse({ settings: { waitBoundMs: 20_000, drainMs: 5_000 } });
  const holder = house.ask('a');
  await house.clock.advance(10_000);
  house.serves.of('a').immortal = true;
  const other = house.ask('b');
  await house.clock.advance(70_000);
  expect([holder.lease.cut.aborted, other.word, house.multiplexer.status().swaps.cut]).toEqual([
    true,
    'load-failed',
    1,
  ]);
});

test('a listener that fails keeps nobody else from hearing', async () => {
  const house = await openHouse();
  let heard = 0;
  house.multiplexer.onChange(() => {
    throw new Error('a listener of no use');
  });
  house.multiplexer.onChange(() => {
    heard += 1;
  });
  house.ask('a');
  await house.clock.advance(20_000);
  expect(heard).toBeGreaterThan(1);
});

test('who asks for a model that rests for longer than the bound is told why it rests', async () => {
  const house = await openHouse({ settings: { retryMs: 200_000, retryMsMax: 400_000 } });
  house.serves.of('a').startFails = 'no such image: pull it';
  house.ask('a');
  await house.clock.advance(1_000);
  const asked = house.ask('a');
  await settle();
  expect(asked.refusal).toMatchObject({
    refused: 'load-failed',
    message: expect.stringContaining('no such image: pull it'),
    retryAfterMs: 199_000,
  });
});
