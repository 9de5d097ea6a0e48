/** Whenever the caller hangs up: does the tier hear of it, is one record written, and is everything given back? */
import { expect, test } from 'bun:test';
import { answering, CHAT, openSmallHouse, passTime } from '#tests/router/small-house';
import { GOOD_ANSWERS } from '#tests/support/answer';
import { chatRequest, READ_FILE } from '#tests/support/two-tiers';

const EVENTS = 12;

for (const mode of ['all', 'block', 'none']) {
  for (const keepalives of [true, false]) {
    test(`hold ${mode}, ${keepalives ? 'with' : 'without'} keepalives: at every moment of an answer`, async () => {
      for (let at = 0; at <= EVENTS * 100; at += 50) {
        const house = await openSmallHouse({
          tables: `[router.hold]\nallow = "${mode}"\n${keepalives ? 'keepalive_after_seconds = 0.2\nkeepalive_every_seconds = 0.3\n' : ''}`,
          scripts: { 'fast-local': answering(GOOD_ANSWERS['tool call'], { chunkMs: () => 100 }) },
        });
        const controller = new AbortController();
        const { decision, response } = house.post(CHAT, JSON.stringify(chatRequest({ tools: [READ_FILE] })), {
          signal: controller.signal,
        });
        // Reads whatever comes until the moment is there.
        const reading = response.then((answered) => answered.text()).catch(() => undefined);
        await house.clock.advance(at);
        controller.abort();
        const record = await passTime(house, house.recorded(decision));
        expect(['cancelled', 'finished']).toContain(record.outcome);
        if (record.outcome === 'cancelled') expect(record.stages.endedMs).toBe(at);
        await house.clock.advance(1_000);
        expect(house.records.length).toBe(1);
        expect(house.calls.every(({ ended }) => ended !== undefined)).toBe(true);
        expect(house.calls.length).toBeLessThanOrEqual(1);
        expect(house.assembly.router.status().inFlight).toBe(0);
        expect(house.assembly.router.admission.loadOf('fast-local').inFlight).toBe(0);
        expect(house.clock.pending).toBe(0);
        expect(house.bugs).toEqual([]);
        await reading;
      }
    });
  }
}

test('a caller who is gone before the request is read costs nothing', async () => {
  const house = await openSmallHouse();
  const controller = new AbortController();
  controller.abort();
  const { decision, response } = house.post(CHAT, JSON.stringify(chatRequest()), { signal: controller.signal });
  const record = await passTime(house, house.recorded(decision));
  expect(record.outcome).toBe('cancelled');
  expect(house.calls.length).toBe(0);
  await passTime(house, response);
});

test('a caller who leaves while its tier is looked for gives the place back at once', async () => {
  const house = await openSmallHouse({
    tables: '[router.aliases]\nexact = "fast-local"\n',
    fast: 'max_concurrency = 1',
    reach: () => new Promise(() => undefined),
  });
  const controller = new AbortController();
  const request = JSON.stringify(chatRequest({ model: 'exact' }));
  const { decision } = house.post(CHAT, request, { signal: controller.signal });
  await house.clock.advance(10);
  expect(house.assembly.router.admission.loadOf('fast-local').inFlight).toBe(1);
  controller.abort();
  expect(await passTime(house, house.recorded(decision))).toMatchObject({ outcome: 'cancelled', attempts: [] });
  expect(house.assembly.router.admission.loadOf('fast-local').inFlight).toBe(0);
});

test('a caller who leaves the queue of a tier gives up its turn', async () => {
  const house = await openSmallHouse({
    fast: 'max_concurrency = 1',
    tables: '[router.aliases]\nexact = "fast-local"\n',
    scripts: { 'fast-local': answering(undefined, { chunkMs: () => 1_000 }) },
  });
  const request = JSON.stringify(chatRequest({ model: 'exact' }));
  const first = house.post(CHAT, request);
  await house.clock.advance(10);
  const controller = new AbortController();
  const second = house.post(CHAT, request, { signal: controller.signal });
  await house.clock.advance(10);
  expect(house.assembly.router.admission.loadOf('fast-local')).toEqual({ inFlight: 1, waiting: 1 });
  controller.abort();
  expect((await passTime(house, house.recorded(second.decision))).outcome).toBe('cancelled');
  expect(house.assembly.router.admission.loadOf('fast-local')).toEqual({ inFlight: 1, waiting: 0 });
  await passTime(
    house,
    first.response.then((answered) => answered.text()),
  );
  expect(house.calls.length).toBe(1);
});
