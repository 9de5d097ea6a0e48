/** Does a running slot follow every path and every edge of its chart? */
import { expect, test } from 'bun:test';
import { type SlotEvent, slotMachine } from '#machines/slot.machine';
import { recordingPort, SLOT_LIMITS } from '#tests/machines/slot-port';
import { edgeRoutes, replay, simpleRoutes, type Walk } from '#tests/machines/walk';

const at = 0;
const FEW: readonly SlotEvent[] = [
  { type: 'slot.load', at },
  { type: 'slot.drain', at, to: 'empty', room: 'other' },
  { type: 'slot.drain', at, to: 'asleep', room: undefined },
  { type: 'lease.grant', at, lease: 'one' },
  { type: 'lease.release', at, lease: 'one' },
  { type: 'serve.loaded', at },
  { type: 'load.failed', at, detail: 'no' },
  { type: 'serve.exited', at, detail: 'gone' },
  { type: 'serve.slept', at },
  { type: 'serve.removed', at },
  { type: 'removal.failed', at, detail: 'there' },
];
const ALL: readonly SlotEvent[] = [
  ...FEW,
  { type: 'lease.grant', at, lease: 'two' },
  { type: 'lease.release', at, lease: 'two' },
  { type: 'room.settled', at },
  { type: 'slot.keep', at },
  { type: 'slot.lost', at, detail: 'bug' },
];

/** A stay is never long enough to forget failures: the walk knows no time. */
const limits = { ...SLOT_LIMITS, retryMsMax: 1_000_000_000 };

const walk: Walk<typeof slotMachine> = {
  machine: slotMachine,
  input: { port: recordingPort(), limits, at },
  events: ALL,
  place: ({ value, context }) =>
    JSON.stringify([
      value,
      [...new Set(context.leases)].sort(),
      context.waking,
      context.leaving,
      context.room ?? null,
      Math.min(context.failures, 2),
      context.stuck,
    ]),
  at: (event, now) => ({ ...event, at: now }),
};

test('a running slot takes every edge of the chart as the chart says', () => {
  const routes = edgeRoutes(walk);
  for (const route of routes) expect(replay(walk, route)).toEqual([...route.places]);
  expect(routes.length).toBeGreaterThan(500);
});

test('a running slot follows every simple path of the chart', () => {
  const brief: Walk<typeof slotMachine> = {
    ...walk,
    events: FEW,
    place: ({ value, context }) => JSON.stringify([value, context.leases.length > 0, context.waking, context.stuck]),
  };
  const routes = simpleRoutes(brief);
  for (const route of routes) expect(replay(brief, route)).toEqual([...route.places]);
  expect(routes.length).toBeGreaterThan(50);
});

test('the paths reach every state', () => {
  const states = new Set(edgeRoutes(walk).flatMap(({ places }) => places.map((place) => String(JSON.parse(place)[0]))));
  expect([...states].sort()).toEqual(['asleep', 'draining', 'empty', 'failed', 'loading', 'ready', 'unloading']);
});
