/** Does a running breaker follow every path and every edge of its chart? */
import { expect, test } from 'bun:test';
import { type BreakerEvent, breakerMachine } from '#machines/breaker.machine';
import { LIMITS } from '#tests/machines/breaker-limits';
import { edgeRoutes, replay, simpleRoutes, type Walk } from '#tests/machines/walk';

const from = (requestId: string): readonly BreakerEvent[] => [
  { type: 'attempt.failed', requestId, at: 0 },
  { type: 'attempt.succeeded', requestId, at: 0 },
  { type: 'probe.request', requestId, at: 0 },
  { type: 'probe.release', requestId, at: 0 },
];

const walk: Walk<typeof breakerMachine> = {
  machine: breakerMachine,
  input: LIMITS,
  events: [
    ...from('one'),
    ...from('two'),
    { type: 'attempt.failed', requestId: 'one', at: 0, retryAfterMs: 20_000 },
    { type: 'limits.changed', limits: { ...LIMITS, cooldownMaxMs: 15_000 }, at: 0 },
  ],
  place: ({ value, context }) =>
    JSON.stringify([
      value,
      context.failedAt.length,
      Math.min(context.failedProbes, 2),
      context.probe?.requestId ?? null,
      [...new Set(context.givenUp)].sort(),
      context.limits.cooldownMaxMs,
    ]),
  at: (event, now) => ({ ...event, at: now }),
};

test('a running breaker takes every edge of the chart as the chart says', () => {
  const routes = edgeRoutes(walk);
  for (const route of routes) expect(replay(walk, route)).toEqual([...route.places]);
  expect(routes.length).toBeGreaterThan(200);
});

test('a running breaker follows every simple path of the chart', () => {
  const routes = simpleRoutes({
    ...walk,
    events: [...from('one'), { type: 'probe.request', requestId: 'two', at: 0 }],
  });
  for (const route of routes) expect(replay(walk, route)).toEqual([...route.places]);
  expect(routes.length).toBeGreaterThan(50);
});

test('the paths reach every state', () => {
  const states = new Set(
    edgeRoutes(walk).flatMap((route) => route.places.map((place) => JSON.stringify(JSON.parse(place)[0]))),
  );
  expect([...states].sort()).toEqual(['"closed"', '"open"', '{"halfOpen":"idle"}', '{"halfOpen":"probing"}']);
});
