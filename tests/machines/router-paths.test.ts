/** Does the running router machine follow every path and every edge of its chart? */
import { expect, test } from 'bun:test';
import { routerMachine } from '#machines/router.machine';
import { edgeRoutes, replay, simpleRoutes, type Walk } from '#tests/machines/walk';

const walk: Walk<typeof routerMachine> = {
  machine: routerMachine,
  events: [
    { type: 'config.loaded', digest: 'first', drainMs: 1000 },
    { type: 'config.loaded', digest: 'second', drainMs: 2000 },
    { type: 'config.refused', reason: 'unknown key' },
    { type: 'drain.request' },
    { type: 'requests.drained' },
  ],
  place: ({ value, context }) => JSON.stringify([value, context]),
};

test('the running machine takes every edge of the chart as the chart says', () => {
  const routes = edgeRoutes(walk);
  for (const route of routes) expect(replay(walk, route)).toEqual([...route.places]);
  expect(routes.length).toBeGreaterThan(40);
});

test('the running machine follows every simple path of the chart', () => {
  const routes = simpleRoutes(walk);
  for (const route of routes) expect(replay(walk, route)).toEqual([...route.places]);
  expect(routes.length).toBeGreaterThan(40);
});

test('every path can go on to a stop, and a stop says why', () => {
  const reasons = new Set(
    edgeRoutes(walk)
      .flatMap((route) => route.places.map((place) => JSON.parse(place)))
      .filter(([value]) => value === 'stopped')
      .map(([, context]) => context.stopReason),
  );
  expect([...reasons].sort()).toEqual(['config-refused', 'drain-deadline', 'drained', 'forced', 'never-started']);
});
