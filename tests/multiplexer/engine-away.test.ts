/** What does an engine that cannot be asked cost: the models it runs, and nobody else? */
import { describe, expect, test } from 'bun:test';
import { openHouse, openHouseWithResident, slotOf } from '#tests/multiplexer/house';
import { settle } from '#tests/support/clock';

const AWAY = 'the engine cannot be reached: start it';

describe('while the engine of a model is away', () => {
  test('nobody is vacated for it: its callers are told, and the resident serves on', async () => {
    const house = await openHouseWithResident();
    house.serves.of('b').unreachable = true;
    const other = house.ask('b');
    await settle();
    expect([other.word, other.refusal.message]).toEqual(['load-failed', expect.stringContaining(AWAY)]);
    expect(other.refusal.retryAfterMs).toBeGreaterThan(0);
    expect([house.serves.log, house.stateOf('a'), house.stateOf('b')]).toEqual([['start a'], 'ready', 'empty']);
    const again = house.ask('a');
    await settle();
    expect(again.word).toBe('lease');
    again.lease.release();
    house.serves.of('b').unreachable = false;
    const later = house.ask('b');
    await house.clock.advance(20_000);
    expect(later.word).toBe('lease');
  });

  test('it is not vacated itself, as it could not be stopped', async () => {
    const house = await openHouseWithResident();
    house.serves.of('a').unreachable = true;
    const other = house.ask('b');
    await settle();
    expect([other.word, other.refusal.message]).toEqual(['load-failed', expect.stringContaining(AWAY)]);
    expect([house.serves.log, house.stateOf('a')]).toEqual([['start a'], 'ready']);
  });

  test('a load that has not got as far as to look leaves nothing to remove, and others may be loaded', async () => {
    const house = await openHouse();
    house.serves.leave('a');
    house.serves.of('a').unreachable = true;
    const first = house.ask('a');
    await settle();
    expect([first.word, first.refusal.message]).toEqual(['load-failed', expect.stringContaining(AWAY)]);
    expect([house.serves.log, slotOf(house, 'a')?.state]).toEqual([[], 'failed']);
    house.serves.of('a').unreachable = false;
    // What an earlier life has left is taken over at the next try, not removed in between.
    const later = house.ask('a');
    await house.clock.advance(6_000);
    expect([later.word, house.serves.log]).toEqual(['lease', ['adopt a']]);
  });

  test('those who come after a server that could not be removed are told at once, whichever model they want', async () => {
    const house = await openHouseWithResident();
    house.serves.of('a').unreachable = true;
    house.serves.crash('a');
    await settle();
    for (const model of ['a', 'b']) {
      const asked = house.ask(model);
      await settle();
      expect([model, asked.word, asked.refusal.message]).toEqual([
        model,
        'load-failed',
        expect.stringContaining(`the server of a could not be removed`),
      ]);
      expect(asked.refusal.retryAfterMs).toBeGreaterThan(0);
    }
    house.serves.of('a').unreachable = false;
    await house.clock.advance(60_000);
    expect(house.stateOf('a')).toBe('ready');
    const other = house.ask('b');
    await house.clock.advance(20_000);
    expect(other.word).toBe('lease');
  });

  test('an operator who unloads a server that is in the way has it tried again at once', async () => {
    const house = await openHouseWithResident();
    house.serves.of('a').unreachable = true;
    house.serves.crash('a');
    await settle();
    house.serves.of('a').unreachable = false;
    expect(await house.multiplexer.unload('a', new AbortController().signal)).toBeUndefined();
    const other = house.ask('b');
    await house.clock.advance(11_000);
    expect(other.word).toBe('lease');
  });
});
