/** Does simulated time pass in order, completely, and only when told? */
import { expect, test } from 'bun:test';
import { createActor, createMachine } from 'xstate';
import { createSimulatedClock } from '#tests/support/clock';

test('timers fire in due order, then in the order they were set, each at its own time', async () => {
  const clock = createSimulatedClock({ now: 100 });
  const fired: [string, number][] = [];
  const note = (name: string) => () => fired.push([name, clock.now()]);
  clock.setTimeout(note('late'), 30);
  clock.setTimeout(note('early'), 10);
  clock.setTimeout(note('early too'), 10);
  clock.setTimeout(note('beyond'), 51);
  await clock.advance(50);
  expect(fired).toEqual([
    ['early', 110],
    ['early too', 110],
    ['late', 130],
  ]);
  expect(clock.now()).toBe(150);
  expect(clock.pending).toBe(1);
  expect(clock.nextAt).toBe(151);
});

test('a timer set by what a timer started still fires when it falls due within the same advance', async () => {
  const clock = createSimulatedClock();
  const fired: number[] = [];
  const wait = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimeout(resolve, ms));
  const work = async (): Promise<void> => {
    await wait(10);
    await Promise.resolve();
    fired.push(clock.now());
    await wait(10);
    fired.push(clock.now());
    await wait(10);
    fired.push(clock.now());
  };
  const done = work();
  await clock.advance(20);
  expect(fired).toEqual([10, 20]);
  await clock.advance(10);
  await done;
  expect(fired).toEqual([10, 20, 30]);
});

test('a cleared timer never fires, and wall time moves with monotonic time', async () => {
  const clock = createSimulatedClock({ now: 5, wall: 1_000_000 });
  let fired = false;
  const timer = clock.setTimeout(() => {
    fired = true;
  }, 1);
  clock.clearTimeout(timer);
  await clock.advance(1000);
  expect(fired).toBe(false);
  expect(clock.wall()).toBe(1_001_000);
});

test('advanceToNext jumps to the next timer and says when there is none', async () => {
  const clock = createSimulatedClock();
  clock.setTimeout(() => {}, 7.5);
  expect(await clock.advanceToNext()).toBe(true);
  expect(clock.now()).toBe(7.5);
  expect(await clock.advanceToNext()).toBe(false);
});

test('time cannot run backwards', () => {
  expect(() => createSimulatedClock().advance(-1)).toThrow('cannot advance by -1 ms');
  expect(() => createSimulatedClock().advance(Number.NaN)).toThrow('cannot advance by NaN ms');
});

test('it drives the delays of a state machine', async () => {
  const clock = createSimulatedClock();
  const machine = createMachine({ initial: 'a', states: { a: { after: { 20000: 'b' } }, b: { type: 'final' } } });
  const actor = createActor(machine, { clock }).start();
  await clock.advance(19_999);
  expect(actor.getSnapshot().value).toBe('a');
  await clock.advance(1);
  expect(actor.getSnapshot().value).toBe('b');
});
