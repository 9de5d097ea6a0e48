/** What happens when servers crash, cannot be started, or cannot be stopped? */
import { describe, expect, test } from 'bun:test';
import { type House, openHouse, openHouseWithResident, passUntilState, slotOf } from '#tests/multiplexer/house';
import { settle } from '#tests/support/clock';

describe('a server that crashes', () => {
  test('is started again after a rest, which doubles while it goes on', async () => {
    const house = await openHouseWithResident();
    house.serves.crash('a', 'exited with 1');
    await settle();
    house.serves.of('a').diesLoading = 'again';
    const rests: (number | undefined)[] = [slotOf(house, 'a')?.retry_in_ms];
    for (let crash = 0; crash < 7; crash++) {
      await house.clock.advance((rests.at(-1) ?? 0) + 5_000);
      rests.push(slotOf(house, 'a')?.retry_in_ms);
    }
    expect(rests.map((ms) => (ms ?? 0) / 1000)).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
    house.serves.of('a').diesLoading = undefined;
    await house.clock.advance(310_000);
    expect(slotOf(house, 'a')).toMatchObject({ state: 'ready', crashes: 1 });
  });

  test('takes its leases with it: they are counted no more, and returning them later does nothing', async () => {
    const house = await openHouse();
    const holder = house.ask('a');
    await house.clock.advance(10_000);
    house.serves.crash('a');
    await settle();
    expect(slotOf(house, 'a')).toMatchObject({ state: 'failed', leases: 0 });
    await house.clock.advance(15_000);
    const next = house.ask('a');
    await settle();
    expect(next.word).toBe('lease');
    holder.lease.release();
    await settle();
    expect(slotOf(house, 'a')?.leases).toBe(1);
  });

  test('is not brought back when another model has taken its place', async () => {
    const house = await openHouseWithResident();
    house.serves.crash('a');
    await settle();
    const other = house.ask('b');
    await house.clock.advance(11_000);
    other.lease.release();
    await house.clock.advance(600_000);
    expect(house.serves.running()).toEqual(['b']);
    const unloading = house.multiplexer.unload('b', new AbortController().signal);
    await house.clock.advance(600_000);
    expect([await unloading, house.serves.running()]).toEqual([undefined, []]);
  });

  test('while it makes room leaves the room to the model that waits', async () => {
    const house = await openHouse({ settings: { drainMs: 60_000 } });
    house.ask('a');
    await house.clock.advance(10_000);
    const other = house.ask('b');
    await passUntilState(house, 'a', 'draining');
    house.serves.crash('a');
    await house.clock.advance(11_000);
    expect([other.word, house.serves.running()]).toEqual(['lease', ['b']]);
  });

  test('shows its last lines', async () => {
    const house = await openHouseWithResident();
    house.serves.crash('a', 'CUDA error: device-side assert');
    await settle();
    expect(slotOf(house, 'a')).toMatchObject({
      last_failure: 'CUDA error: device-side assert',
      lines: ['a begins', 'CUDA error: device-side assert'],
    });
    await house.clock.advance(15_000);
    const again = slotOf(house, 'a');
    expect([again?.state, again?.last_failure, again?.lines]).toEqual([
      'ready',
      'CUDA error: device-side assert',
      undefined,
    ]);
  });
});

describe('a server that cannot be removed', () => {
  test('keeps others off its memory, which are told so at once, until it has gone', async () => {
    const house = await openHouseWithResident();
    house.serves.of('a').immortal = true;
    const other = house.ask('b');
    await house.clock.advance(2_000);
    expect(other.refusal).toMatchObject({
      refused: 'load-failed',
      message: expect.stringContaining('the server of a could not be removed to make room, and b is not loaded'),
    });
    expect(house.events).toContainEqual({ kind: 'stuck', model: 'a', detail: 'a is still there' });
    // Nobody has to wait to learn what is known already.
    const next = house.ask('b');
    await settle();
    expect([next.word, house.serves.running()]).toEqual(['load-failed', ['a']]);
    expect(next.refusal.retryAfterMs).toBeGreaterThan(0);
    house.serves.of('a').immortal = false;
    await house.clock.advance(20_000);
    const later = house.ask('b');
    await house.clock.advance(20_000);
    expect([later.word, house.serves.running()]).toEqual(['lease', ['b']]);
  });

  test('is what an operator hears who unloads it', async () => {
    const house = await openHouseWithResident();
    house.serves.of('a').immortal = true;
    const unloading = house.multiplexer.unload('a', new AbortController().signal);
    await house.clock.advance(2_000);
    expect(await unloading).toMatchObject({ refused: 'load-failed', message: expect.stringContaining('still there') });
  });
});

describe('a server that cannot be started', () => {
  test.each([
    ['because its engine is away', { unreachable: true }, 'the engine cannot be reached: start it'],
    ['because the image is not there', { startFails: 'no such image: pull it' }, 'no such image: pull it'],
    ['because something else has its port', { stranger: 'port 30001 is taken' }, 'port 30001 is taken'],
  ])('%s ends its waits with the reason', async (_, flaw, words) => {
    const house = await openHouse();
    Object.assign(house.serves.of('b'), flaw);
    const asked = house.ask('b');
    await house.clock.advance(1);
    expect(asked.refusal).toMatchObject({ refused: 'load-failed', message: expect.stringContaining(words) });
  });

  test('is tried again for those who come later', async () => {
    const house = await openHouse();
    house.serves.of('a').unreachable = true;
    const asked = house.ask('a');
    await house.clock.advance(1);
    const later = house.ask('a');
    house.serves.of('a').unreachable = false;
    await house.clock.advance(15_000);
    expect([asked.word, later.word]).toEqual(['load-failed', 'lease']);
  });
});

test('a load that never ends is given up, and what has been started is removed', async () => {
  const house = await openHouse();
  house.serves.of('a').loadMs = 10_000_000;
  const asked = house.ask('a');
  await house.clock.advance(640_000);
  expect(asked.refusal).toMatchObject({ message: expect.stringContaining('did not become ready in time') });
  await house.clock.advance(1_000);
  expect(house.serves.running()).toEqual([]);
});

test('a server of ours that is not as declared is replaced when its model is loaded', async () => {
  const house = await openHouse();
  house.serves.leave('a');
  house.serves.of('a').drift = ['image differs'];
  const asked = house.ask('a');
  await house.clock.advance(11_000);
  expect([asked.word, house.serves.log]).toEqual(['lease', ['stop a', 'start a']]);
});

describe('room that has been made', () => {
  const roomOf = (house: House) => slotOf(house, 'a')?.vacated_for;

  test('is promised until the model it was made for is ready', async () => {
    const house = await openHouseWithResident();
    house.ask('b');
    await house.clock.advance(500);
    expect([house.stateOf('a'), roomOf(house)]).toEqual(['unloading', 'b']);
    await house.clock.advance(1_000);
    expect([house.stateOf('a'), roomOf(house)]).toEqual(['empty', 'b']);
    await house.clock.advance(10_000);
    expect([house.stateOf('b'), roomOf(house)]).toEqual(['ready', undefined]);
  });

  test('is promised no longer when nobody waits for it', async () => {
    const house = await openHouseWithResident();
    const other = house.ask('b');
    await house.clock.advance(500);
    other.abort();
    await house.clock.advance(1_000);
    expect([house.stateOf('a'), roomOf(house), house.serves.running()]).toEqual(['empty', undefined, []]);
    expect(house.multiplexer.status().swaps.last[0]).toMatchObject({ out: 'a', in: null });
  });
});
