/** How do models sleep that can, and what if they will not wake? */
import { expect, test } from 'bun:test';
import type { Sleeper } from '#drivers/sleep';
import { createFakeServes } from '#tests/multiplexer/fake-driver';
import { type House, memoryState, openHouse, passUntil } from '#tests/multiplexer/house';
import { createSimulatedClock, settle } from '#tests/support/clock';

const OPTIONS = {
  gpus: [{ id: '0', vramMib: 24_000 }],
  models: [
    { name: 'a', vramMib: 20_000, asleepMib: 1_000, sleepLevel: 1 as const },
    { name: 'b', vramMib: 20_000 },
  ],
  settings: { lingerMs: 0 },
};

const use = async (house: House, model: string): Promise<number> => {
  const began = house.clock.now();
  const asked = house.ask(model);
  await passUntil(house.clock, asked.promise);
  asked.lease.release();
  await settle();
  return house.clock.now() - began;
};

test('a model that can sleep sleeps while another has its room, and wakes in its wake time', async () => {
  const house = await openHouse(OPTIONS);
  await use(house, 'a');
  await use(house, 'b');
  expect([house.stateOf('a'), house.serves.running()]).toEqual(['asleep', ['a', 'b']]);
  const waitedMs = await use(house, 'a');
  expect(waitedMs).toBe(2_000);
  expect(house.serves.log).toEqual(['start a', 'sleep a', 'start b', 'stop b', 'wake a']);
  expect(house.events).toContainEqual(expect.objectContaining({ kind: 'loaded', model: 'a', woken: true, ms: 1_000 }));
});

test('one that will not sleep is stopped', async () => {
  const house = await openHouse(OPTIONS);
  house.serves.of('a').sleepFails = true;
  await use(house, 'a');
  await use(house, 'b');
  expect([house.stateOf('a'), house.serves.running()]).toEqual(['empty', ['b']]);
});

test('one that will not wake is started afresh', async () => {
  const house = await openHouse(OPTIONS);
  await use(house, 'a');
  await use(house, 'b');
  house.serves.of('a').wakeFails = true;
  await use(house, 'a');
  expect(house.serves.log.slice(-3)).toEqual(['wake a', 'stop a', 'start a']);
  expect(house.serves.running()).toEqual(['a']);
});

test('one that dies in its sleep is loaded anew when asked for', async () => {
  const house = await openHouse(OPTIONS);
  await use(house, 'a');
  await use(house, 'b');
  house.serves.crash('a');
  await settle();
  expect(house.stateOf('a')).toBe('failed');
  await house.clock.advance(600_000);
  expect(house.serves.running()).toEqual(['b']);
  await use(house, 'a');
  expect(house.serves.running()).toEqual(['a']);
});

test('one that an earlier life left asleep is woken when it is taken over', async () => {
  const state = memoryState();
  const house = await openHouse({ ...OPTIONS, state });
  await use(house, 'a');
  await use(house, 'b');
  await passUntil(house.clock, house.multiplexer.stop(true));
  expect(house.serves.running()).toEqual(['a', 'b']);
  const { serves, clock } = house;
  const next = await openHouse({ ...OPTIONS, state, serves, clock });
  await clock.advance(20_000);
  expect(serves.log.slice(-3).sort()).toEqual(['adopt a', 'stop b', 'wake a']);
  await use(next, 'a');
  expect(serves.running()).toEqual(['a']);
});

test('one that is falling asleep is noted already, since we may be killed meanwhile', async () => {
  const state = memoryState();
  const house = await openHouse({ ...OPTIONS, state });
  await use(house, 'a');
  const asked = house.ask('b');
  await settle();
  expect([house.serves.log.at(-1), house.serves.isAwake('a')]).toEqual(['sleep a', true]);
  expect(state.get('asleep/a')).toBe('1');
  await passUntil(house.clock, asked.promise);
});

test('one that will not sleep is noted no longer once it was stopped', async () => {
  const state = memoryState();
  const house = await openHouse({ ...OPTIONS, state });
  house.serves.of('a').sleepFails = true;
  await use(house, 'a');
  await use(house, 'b');
  expect(state.get('asleep/a')).toBeUndefined();
});

test('one that an earlier life left asleep is woken from the level at which it fell asleep', async () => {
  const state = memoryState();
  state.set('asleep/a', '2');
  const clock = createSimulatedClock();
  const serves = createFakeServes(clock);
  const levels: number[] = [];
  const sleeper: Sleeper = {
    ...serves.sleeper,
    wake: (spec, level, signal) => {
      levels.push(level);
      return serves.sleeper.wake(spec, level, signal);
    },
  };
  serves.leave('a', true);
  const house = await openHouse({ ...OPTIONS, state, serves: { ...serves, sleeper }, clock });
  await use(house, 'a');
  expect(levels).toEqual([2]);
});
