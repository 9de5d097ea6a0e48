/** Does a router that is told to leave wait for what is in flight, and for nothing else? */
import { expect, test } from 'bun:test';
import { answering, CHAT, openSmallHouse, passTime } from '#tests/router/small-house';
import { chatRequest } from '#tests/support/two-tiers';

const REQUEST = JSON.stringify(chatRequest());

test('an idle router leaves at once', async () => {
  const house = await openSmallHouse();
  expect(house.assembly.router.ready).toBe(true);
  expect(await house.assembly.router.drain()).toBe('drained');
  expect(house.assembly.router.ready).toBe(false);
});

test('requests in flight end well, new ones are turned away, then the router leaves', async () => {
  const house = await openSmallHouse({ scripts: { 'fast-local': answering(undefined, { chunkMs: () => 500 }) } });
  const { router } = house.assembly;
  const early = house.post(CHAT, REQUEST);
  const answered = await passTime(house, early.response);
  const left = router.drain();
  const late = await passTime(house, house.post(CHAT, REQUEST).response);
  expect(late.status).toBe(503);
  expect(late.headers.get('x-anvil-reason')).toBe('draining');
  expect(await passTime(house, answered.text())).toContain('[DONE]');
  expect(await left).toBe('drained');
  expect((await house.recorded(early.decision)).outcome).toBe('finished');
});

test('the deadline ends the wait for a request that does not', async () => {
  const house = await openSmallHouse({
    tables: '[router.limits]\ndrain_seconds = 2\n',
    scripts: { 'fast-local': answering(undefined, { chunkMs: () => 50_000 }) },
  });
  house.post(CHAT, REQUEST).response.catch(() => undefined);
  await house.clock.advance(10);
  expect(await passTime(house, house.assembly.router.drain())).toBe('drain-deadline');
  expect(house.clock.now()).toBe(2_010);
});

test('whoever asks twice does not wait', async () => {
  const house = await openSmallHouse({ scripts: { 'fast-local': answering(undefined, { chunkMs: () => 50_000 }) } });
  house.post(CHAT, REQUEST).response.catch(() => undefined);
  await house.clock.advance(10);
  const left = house.assembly.router.drain();
  house.assembly.router.drain();
  expect(await left).toBe('forced');
});

test('a place given back by a request of an operator ends the wait as well', async () => {
  const house = await openSmallHouse();
  const { router } = house.assembly;
  const place = router.admission.enter();
  const left = router.drain();
  expect(router.status()).toMatchObject({ ready: false, state: 'draining', inFlight: 1 });
  if (place !== 'overloaded') place.release();
  expect(await passTime(house, left)).toBe('drained');
  expect(house.clock.now()).toBe(0);
});
