/** Does the slot feed tell the whole state, not too often, and let nobody who cannot read hold anything? */
import { expect, test } from 'bun:test';
import type { SlotsStatus } from '#core/slots-status';
import { type House, startHouse } from '#tests/server/multiplexer-house';
import { until } from '#tests/server/quiet';
import { rawConnection, rawRequest } from '#tests/server/raw';
import { createSimulatedClock } from '#tests/support/clock';
import { parseSse, readerOf, type StreamReader } from '#tests/support/sse';

const watch = async (house: House): Promise<StreamReader> => {
  const response = await house.get('/v1/slots/events');
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  return readerOf(response);
};

const statesIn = (text: string): readonly SlotsStatus[] =>
  parseSse(text).items.flatMap((item) => (item.kind === 'event' ? [JSON.parse(item.data) as SlotsStatus] : []));

test('the whole state comes at once, and again after each change', async () => {
  const clock = createSimulatedClock();
  await using house = await startHouse({ effects: { clock } });
  await using reader = await watch(house);
  await reader.until('\n\n');
  expect(statesIn(reader.text)).toEqual([house.multiplexer.status()]);
  expect(reader.text).toStartWith('event: slots\ndata: {');
  house.multiplexer.slot('alpha', { state: 'loading' });
  await clock.advance(0);
  await reader.until('"loading"');
  expect(statesIn(reader.text)).toHaveLength(2);
});

test('changes that come together are one event, at most one in 250 ms', async () => {
  const clock = createSimulatedClock();
  await using house = await startHouse({ effects: { clock } });
  await using reader = await watch(house);
  await reader.until('\n\n');
  for (let at = 0; at < 1_000; at += 10) {
    house.multiplexer.slot('alpha', { leases: at });
    await clock.advance(10);
  }
  await clock.advance(250);
  await reader.until('"leases":990');
  const { length } = statesIn(reader.text);
  expect(length).toBeGreaterThanOrEqual(4);
  expect(length).toBeLessThanOrEqual(6);
  expect(statesIn(reader.text).at(-1)?.slots[0]?.leases).toBe(990);
});

test('a quiet feed is kept alive, and costs nothing once nobody watches', async () => {
  const clock = createSimulatedClock();
  await using house = await startHouse({ effects: { clock } });
  const reader = await watch(house);
  await reader.until('\n\n');
  for (let turn = 1; turn <= 6; turn++) {
    await clock.advance(15_000);
    await reader.until(': quiet\n\n'.repeat(turn));
  }
  expect(house.multiplexer.listeners).toBe(1);
  await reader.cancel();
  await until('nothing is left', () => clock.pending === 0 && house.multiplexer.listeners === 0);
});

test('a reader that takes nothing sees the newest state when it reads again, and is cut in the end', async () => {
  const clock = createSimulatedClock();
  await using house = await startHouse({ effects: { clock } });
  house.multiplexer.set({ queue: Array.from({ length: 5_000 }, (_, index) => entry(index)) });
  await using connection = await rawConnection(house.url);
  await connection.send(rawRequest('GET', '/v1/slots/events'));
  await until('it has begun', () => connection.text.includes('event: slots'));
  connection.pause();
  for (let turn = 0; turn < 400; turn++) {
    house.multiplexer.slot('alpha', { leases: turn });
    await clock.advance(250);
  }
  await until('it is cut', () => house.multiplexer.listeners === 0);
  expect(clock.pending).toBe(0);
});

test('of what a reader has not taken only the newest is kept', async () => {
  const clock = createSimulatedClock();
  await using house = await startHouse({ effects: { clock } });
  const response = house.front.feed.open(new Request('http://localhost/'));
  if (!(response instanceof Response)) throw new Error(response.message);
  for (let turn = 1; turn <= 50; turn++) {
    house.multiplexer.slot('alpha', { leases: turn });
    await clock.advance(250);
  }
  const reader = readerOf(response);
  await reader.until('"leases":50');
  const seen = statesIn(reader.text).map(({ slots }) => slots[0]?.leases);
  expect(seen).toEqual([0, 50]);
  await reader.cancel();
});

const entry = (index: number) => ({
  request: `request-${index}`.padEnd(200, 'x'),
  model: 'alpha',
  position: index,
  waited_ms: 0,
  bound_in_ms: 1_000,
});

test('readers are limited, and one that leaves makes room', async () => {
  await using house = await startHouse({ limits: { feedReadersMax: 2 } });
  const first = await watch(house);
  await using second = await watch(house);
  await second.until('\n\n');
  const third = await house.get('/v1/slots/events');
  expect([third.status, await third.json()]).toMatchObject([503, { error: { code: 'too_many_readers' } }]);
  await first.until('\n\n');
  await first.cancel();
  const again = async (): Promise<boolean> => {
    const response = await house.get('/v1/slots/events');
    await response.body?.cancel();
    return response.status === 200;
  };
  let attempts = 0;
  while (!(await again())) expect(attempts++).toBeLessThan(1_000);
});

test('when the multiplexer leaves, readers hear so and their streams end', async () => {
  await using house = await startHouse();
  const reader = await watch(house);
  await reader.until('\n\n');
  house.multiplexer.set({ state: 'leaving' });
  house.front.feed.close();
  expect(statesIn(await reader.rest()).at(-1)?.state).toBe('leaving');
  expect((await house.get('/v1/slots/events')).status).toBe(503);
});

test('HEAD gets the head alone', async () => {
  await using house = await startHouse();
  const response = await fetch(`${house.url}/v1/slots/events`, { method: 'HEAD' });
  expect([response.status, await response.text(), house.multiplexer.listeners]).toEqual([200, '', 0]);
});
