/** Under random schedules: is nothing vacated below a lease, nothing loaded on remains, and does every state end? */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { type SlotEvent, slotMachine } from '#machines/slot.machine';
import { simulated } from '#tests/machines/simulated';
import { recordingPort, SLOT_LIMITS } from '#tests/machines/slot-port';

const lease = fc.constantFrom('x', 'y', 'z');
const detail = 'trouble';
const at = 0;
const event: fc.Arbitrary<SlotEvent> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<SlotEvent>({ type: 'slot.load', at }) },
  { weight: 4, arbitrary: fc.constant<SlotEvent>({ type: 'serve.loaded', at }) },
  { weight: 3, arbitrary: lease.map((id): SlotEvent => ({ type: 'lease.grant', at, lease: id })) },
  { weight: 3, arbitrary: lease.map((id): SlotEvent => ({ type: 'lease.release', at, lease: id })) },
  fc.constantFrom('empty', 'asleep').map((to): SlotEvent => ({ type: 'slot.drain', at, to, room: 'other' })),
  fc.constantFrom<SlotEvent>(
    { type: 'load.failed', at, detail },
    { type: 'serve.exited', at, detail },
    { type: 'serve.slept', at },
    { type: 'serve.removed', at },
    { type: 'removal.failed', at, detail },
    { type: 'room.settled', at },
  ),
);
const step = fc.oneof({ weight: 4, arbitrary: event }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 120_000 }) });

/** What an onlooker who knows only events and calls can demand. */
const watch = (steps: readonly (SlotEvent | number)[]) => {
  const { actors, clock, errors } = simulated();
  const port = recordingPort();
  const actor = actors.start(slotMachine, { id: 'slot', input: { port, limits: SLOT_LIMITS, at: clock.now() } });
  const held = new Set<string>();
  let drainedAt: number | undefined;
  /** Something has been started and its end has not been reported. */
  let remains = false;
  let seen = 0;

  const look = (): void => {
    const { value, context } = actor.getSnapshot();
    for (const call of port.calls.slice(seen)) {
      if (call === 'load') {
        expect(remains).toBe(false);
        remains = true;
      }
      if (call.startsWith('cut')) {
        expect(clock.now() - (drainedAt ?? Number.NaN)).toBeGreaterThanOrEqual(SLOT_LIMITS.drainMs);
        expect(call.split(' ').slice(1).sort()).toEqual([...held].sort());
        held.clear();
      }
      if (call === 'stop' || call === 'sleep') expect([...held]).toEqual([]);
    }
    seen = port.calls.length;
    if (value === 'failed') held.clear();
    expect([...new Set(context.leases)].sort()).toEqual([...held].sort());
    if (value === 'draining') drainedAt ??= clock.now();
    else drainedAt = undefined;
  };
  const send = (next: SlotEvent): void => {
    const { value } = actor.getSnapshot();
    const holds = next.type === 'lease.grant' && held.has(next.lease);
    // A lease has one holder.
    if (holds) return;
    if (next.type === 'lease.grant' && value === 'ready') held.add(next.lease);
    if (next.type === 'lease.release') held.delete(next.lease);
    if (next.type === 'serve.removed' && (value === 'unloading' || value === 'failed')) remains = false;
    actor.send({ ...next, at: clock.now() });
    look();
  };
  for (const next of steps) {
    if (typeof next !== 'number') send(next);
    else {
      // One timer at a time, so that each of its calls is seen at its moment.
      for (let left = next; left > 0; left -= 1_000) {
        clock.increment(Math.min(1_000, left));
        look();
      }
    }
  }
  expect(errors).toEqual([]);
  return { actor, clock, port };
};

test('no schedule vacates below a lease before the drain limit, or loads on top of remains', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      watch(steps).actor.stop();
    }),
    { numRuns: 300 },
  );
});

test('without another word from the world a slot does not stay between two states', () => {
  // The simulated clock sets a timer from the end of a step on, so each limit is a step of its own.
  const limits = [SLOT_LIMITS.loadMs, SLOT_LIMITS.drainMs, SLOT_LIMITS.unloadMs];
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const { actor, clock } = watch(steps);
      for (const ms of limits) clock.increment(ms);
      expect(['loading', 'draining', 'unloading']).not.toContain(actor.getSnapshot().value);
      actor.stop();
    }),
    { numRuns: 200 },
  );
});
