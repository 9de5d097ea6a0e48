/** What becomes of a slot whose actor dies of a bug, and of those who hold or wait for its model? */
import { describe, expect, test } from 'bun:test';
import type { SlotInput, SlotPort } from '#machines/slot.machine';
import type { Actors } from '#platform/actors';
import { openHouse, slotOf } from '#tests/multiplexer/house';
import { settle } from '#tests/support/clock';

/** Slots of which one effect fails whenever it is armed. */
const withBug = (effect: keyof SlotPort) => {
  const bug = { armed: false };
  const failing = (port: SlotPort): SlotPort => ({
    ...port,
    [effect]: (argument: never) => {
      if (bug.armed) throw new Error(`a bug in ${effect}`);
      port[effect](argument);
    },
  });
  const actors = (made: Actors): Actors => ({
    clock: made.clock,
    start: (machine, options) => {
      const input = options.input as SlotInput;
      return made.start(machine, {
        ...options,
        input: { ...input, port: failing(input.port) } as typeof options.input,
      });
    },
  });
  return { bug, actors };
};

describe('a slot that has died of a bug', () => {
  test('while its model was lent ends the answers, removes the server, and serves again after a rest', async () => {
    const { bug, actors } = withBug('beginUnload');
    const house = await openHouse({ actors, settings: { drainMs: 5_000, waitBoundMs: 20_000 } });
    const holder = house.ask('a');
    await house.clock.advance(10_000);
    const other = house.ask('b');
    bug.armed = true;
    await house.clock.advance(60_000);
    bug.armed = false;
    expect(house.errors.map(String)).toEqual(['Error: a bug in beginUnload']);
    expect([holder.lease.cut.aborted, other.word, house.serves.running()]).toEqual([true, 'lease', ['b']]);
    other.lease.release();
    const again = house.ask('a');
    await house.clock.advance(60_000);
    expect([again.word, house.serves.running()]).toEqual(['lease', ['a']]);
    holder.lease.release();
    expect(slotOf(house, 'a')?.leases).toBe(1);
  });

  test('at the drain limit, before the answers were cut, has them end all the same', async () => {
    const { bug, actors } = withBug('cutLeases');
    const house = await openHouse({ actors, settings: { drainMs: 5_000, waitBoundMs: 20_000 } });
    const holder = house.ask('a');
    await house.clock.advance(10_000);
    const other = house.ask('b');
    bug.armed = true;
    await house.clock.advance(60_000);
    expect([holder.lease.cut.aborted, house.errors.length, other.word]).toEqual([true, 1, 'lease']);
  });

  test('counts its memory as taken until what is left has gone', async () => {
    const { bug, actors } = withBug('beginUnload');
    const house = await openHouse({ actors, settings: { lingerMs: 0 } });
    const first = house.ask('a');
    await house.clock.advance(10_000);
    first.lease.release();
    house.serves.of('a').stopMs = 4_000;
    bug.armed = true;
    const other = house.ask('b');
    await house.clock.advance(1_000);
    bug.armed = false;
    expect(slotOf(house, 'a')).toMatchObject({ state: 'failed', last_failure: expect.stringContaining('a bug') });
    expect(house.serves.running()).toEqual(['a']);
    await house.clock.advance(30_000);
    const next = house.ask('b');
    await house.clock.advance(30_000);
    expect([other.word, next.word, house.serves.running()]).toEqual(['lease', 'lease', ['b']]);
  });

  test('while loading tells those who wait, and rests longer each time', async () => {
    const { bug, actors } = withBug('beginLoad');
    const house = await openHouse({ actors });
    bug.armed = true;
    const rests: (number | undefined)[] = [];
    for (let death = 0; death < 3; death++) {
      const asked = house.ask('a');
      await settle();
      expect(asked.refusal).toMatchObject({ refused: 'load-failed', message: expect.stringContaining('a bug') });
      rests.push(slotOf(house, 'a')?.retry_in_ms);
      await house.clock.advance(rests.at(-1) ?? 0);
    }
    expect(rests).toEqual([5_000, 10_000, 20_000]);
    bug.armed = false;
    const asked = house.ask('a');
    await house.clock.advance(40_000);
    expect([asked.word, house.errors.length]).toEqual(['lease', 3]);
  });

  test('does not keep a stop from ending', async () => {
    const { bug, actors } = withBug('beginUnload');
    const house = await openHouse({ actors });
    house.ask('a');
    await house.clock.advance(10_000);
    bug.armed = true;
    const stopping = house.multiplexer.stop(false);
    await house.clock.advance(400_000);
    await stopping;
    expect([house.serves.running(), house.clock.pending]).toEqual([[], 0]);
  });
});
