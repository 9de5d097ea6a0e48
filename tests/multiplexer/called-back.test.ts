/** May a model stay after all when those for whom it had to go have left? */
import { describe, expect, test } from 'bun:test';
import { type House, openHouse, passUntil, passUntilState } from '#tests/multiplexer/house';
import { settle } from '#tests/support/clock';

const signal = new AbortController().signal;

/** `a` drains for `b`, with a running answer. */
const withDraining = async (models = [{ name: 'a' }, { name: 'b' }]) => {
  const house = await openHouse({ models, settings: { waitBoundMs: 60_000 } });
  const holder = house.ask('a');
  await house.clock.advance(10_000);
  const other = house.ask('b');
  await passUntilState(house, 'a', 'draining');
  return { house, holder, other };
};

const swapsOf = (house: House) => house.multiplexer.status().swaps.total;

describe('a drain for which nobody waits any more', () => {
  test('is called back, and the model serves those who have waited for it', async () => {
    const { house, holder, other } = await withDraining();
    const waiting = house.ask('a');
    await settle();
    expect(waiting.word).toBe('waits');
    other.abort();
    await house.clock.advance(4_999);
    expect([house.stateOf('a'), waiting.word]).toEqual(['draining', 'waits']);
    await house.clock.advance(1);
    expect([house.stateOf('a'), waiting.word, holder.lease.cut.aborted]).toEqual(['ready', 'lease', false]);
    await house.clock.advance(300_000);
    expect([holder.lease.cut.aborted, house.serves.log, swapsOf(house)]).toEqual([false, ['start a'], 1]);
    holder.lease.release();
    await settle();
    expect(house.multiplexer.status().slots[0]).toMatchObject({ state: 'ready', leases: 1 });
  });

  test('begins anew, with its whole limit, for the next one at the bound', async () => {
    const { house, holder, other } = await withDraining();
    await house.clock.advance(20_000);
    other.abort();
    await house.clock.advance(5_000);
    const next = house.ask('b');
    await passUntilState(house, 'a', 'draining');
    await house.clock.advance(29_000);
    expect(holder.lease.cut.aborted).toBe(false);
    await house.clock.advance(2_000);
    expect(holder.lease.cut.aborted).toBe(true);
    await house.clock.advance(11_000);
    expect(next.word).toBe('lease');
  });

  test('goes on for who asks again at once, as if nobody had left', async () => {
    const { house, holder, other } = await withDraining();
    await house.clock.advance(20_000);
    other.abort();
    await house.clock.advance(4_000);
    const again = house.ask('b');
    await house.clock.advance(5_900);
    expect(holder.lease.cut.aborted).toBe(false);
    await house.clock.advance(100);
    expect(holder.lease.cut.aborted).toBe(true);
    await house.clock.advance(11_000);
    expect(again.word).toBe('lease');
  });

  test('counts the moment anew whenever somebody has asked in between', async () => {
    const { house, other } = await withDraining();
    other.abort();
    await house.clock.advance(4_000);
    const again = house.ask('b');
    await house.clock.advance(500);
    again.abort();
    await house.clock.advance(4_000);
    expect(house.stateOf('a')).toBe('draining');
    await house.clock.advance(1_000);
    expect(house.stateOf('a')).toBe('ready');
  });

  test('goes on while others wait for the room', async () => {
    const { house, other } = await withDraining([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
    const third = house.ask('c');
    await settle();
    other.abort();
    await house.clock.advance(6_000);
    expect(house.stateOf('a')).toBe('draining');
    await house.clock.advance(45_000);
    expect(third.word).toBe('lease');
  });

  test('goes on when an operator has asked for it', async () => {
    const { house, other } = await withDraining();
    const unloading = house.multiplexer.unload('a', signal);
    other.abort();
    await house.clock.advance(6_000);
    expect(house.stateOf('a')).toBe('draining');
    await house.clock.advance(31_000);
    expect([await unloading, house.serves.running()]).toEqual([undefined, []]);
  });

  test('keeps no timer when the multiplexer leaves and its servers stay', async () => {
    const { house, holder, other } = await withDraining();
    other.abort();
    await settle();
    const stopping = house.multiplexer.stop(true);
    holder.abort();
    await house.clock.advance(1_000);
    holder.lease.release();
    await stopping;
    await settle();
    expect(house.clock.pending).toBe(1);
    await house.clock.advance(2_000);
    expect(house.clock.pending).toBe(0);
  });

  test('goes on when the multiplexer leaves', async () => {
    const { house } = await withDraining();
    const stopping = house.multiplexer.stop(false);
    await house.clock.advance(6_000);
    expect(house.stateOf('a')).toBe('draining');
    await passUntil(house.clock, stopping);
    expect(house.serves.running()).toEqual([]);
  });
});
