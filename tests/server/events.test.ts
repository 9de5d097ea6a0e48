/** Does the operator's feed tell what happens as it happens, and end for readers that leave, stall or are too many? */
import { expect, test } from 'bun:test';
import { READERS_MAX } from '#router/events';
import { until } from '#tests/server/quiet';
import { rawConnection, rawRequest } from '#tests/server/raw';
import { CHAT, errorIn } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { createSimulatedClock } from '#tests/support/clock';
import { json } from '#tests/support/fake-tier-steps';
import { eventsOf, parseSse, readerOf, type StreamReader } from '#tests/support/sse';
import { chatRequest, startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

const watch = async (two: TwoTiers, headers: Record<string, string> = {}): Promise<StreamReader> => {
  const response = await two.server.get('/v1/events', headers);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  const reader = readerOf(response);
  await reader.until(': anvil events');
  return reader;
};

/** Sequence numbers of the whole events in a text. */
const seqs = (text: string): readonly number[] =>
  parseSse(text).items.flatMap((item) =>
    item.kind === 'event' ? [(JSON.parse(item.data) as { seq: number }).seq] : [],
  );

/** Publishes one event, as a refused reload does. */
const publish = ({ server }: TwoTiers, reason: string): void => server.assembly.router.refused(reason);

test('a request is told as machine events and as its decision, while somebody watches', async () => {
  await using two = await startTwoTiers();
  two.fast.always(answerSteps('openai-chat', false, plainAnswer('The secret answer.')));
  await using reader = await watch(two);
  const response = await two.server.post(CHAT, chatRequest({ stream: false }));
  const id = response.headers.get('x-anvil-decision') ?? '';
  const text = await reader.until(`"id":"${id}"`);
  const events = eventsOf(text.slice(0, text.lastIndexOf('\n\n') + 2));
  expect(events[0]?.event).toBe('config');
  const machine = events.filter(({ event }) => event === 'machine').map(({ data }) => JSON.parse(data));
  expect(machine.every(({ actor }) => actor === id)).toBe(true);
  expect(machine.length).toBeGreaterThan(1);
  expect(machine.length).toBeLessThan(12);
  expect(reader.text).not.toContain('secret answer');
});

test('breaker changes and reloads are told', async () => {
  await using two = await startTwoTiers({
    router: '',
    tables: '[router.breaker]\navailability_failures = 1\n[router.aliases]\ndirect = "fast-local"\n',
  });
  two.fast.always(json(500, { error: { message: 'boom' } }));
  await using reader = await watch(two);
  await two.server.post(CHAT, chatRequest({ model: 'direct', stream: false }));
  await reader.until('event: breaker');
  await reader.until('"state":"open"');
  await two.server.reload(two.toml.replace('test.1', 'test.2'));
  await reader.until('"mapping":"test.2"');
  publish(two, 'line 7: unknown key');
  await reader.until('"refused":"line 7: unknown key"');
});

test('a reader that comes back gets what it missed, once', async () => {
  await using two = await startTwoTiers();
  const first = await watch(two);
  for (const name of ['one', 'two', 'three']) publish(two, name);
  await first.until('"three"');
  await first.cancel();
  const last = seqs(first.text).at(-2) ?? 0;
  publish(two, 'four');
  await using second = await watch(two, { 'last-event-id': String(last) });
  publish(two, 'five');
  await second.until('"five"');
  expect(second.text).not.toContain('"two"');
  expect(seqs(second.text)).toEqual([last + 1, last + 2, last + 3]);
});

test('a Last-Event-ID that is no number starts at what is remembered', async () => {
  await using two = await startTwoTiers();
  publish(two, 'before');
  for (const id of ['', 'abc', '-5', '1e999', 'null']) {
    await using reader = await watch(two, { 'last-event-id': id });
    await reader.until('"before"');
  }
});

test('readers are limited, and one that leaves makes room', async () => {
  await using two = await startTwoTiers();
  const readers = await Promise.all(Array.from({ length: READERS_MAX }, () => watch(two)));
  const refused = await two.server.get('/v1/events');
  expect([refused.status, errorIn('openai-chat', await refused.text()).code]).toEqual([503, 'server_busy']);
  await readers[0]?.cancel();
  const again = async (): Promise<boolean> => {
    const response = await two.server.get('/v1/events');
    await response.body?.cancel();
    return response.status === 200;
  };
  let attempts = 0;
  while (!(await again())) expect(attempts++).toBeLessThan(1_000);
  for (const reader of readers) await reader.cancel();
});

test('readers that break off are forgotten, so that nobody is watched for any more', async () => {
  await using two = await startTwoTiers();
  two.fast.always(answerSteps('openai-chat', false, plainAnswer('Hello!')));
  for (let turn = 0; turn < READERS_MAX * 2; turn++) {
    const connection = await rawConnection(two.server.url);
    await connection.send(rawRequest('GET', '/v1/events'));
    await until('the feed has begun', () => connection.text.includes('anvil events'));
    connection.reset();
    await connection.closed;
  }
  await using reader = await watch(two);
  publish(two, 'still here');
  await reader.until('still here');
});

test('a reader that falls too far behind is cut, and continues from its last event', async () => {
  await using two = await startTwoTiers();
  const slow = await watch(two);
  for (let event = 1; event <= 6_000; event++) publish(two, `event ${event}`);
  const text = await slow.rest();
  const seen = seqs(text);
  expect(seen.length).toBeGreaterThan(1_000);
  expect(seen.length).toBeLessThanOrEqual(5_001);
  expect(seen).toEqual(seen.map((_, index) => index + 1));
  await using back = await watch(two, { 'last-event-id': String(seen.at(-1)) });
  await back.until('"event 6000"');
});

test('a quiet feed is kept alive with comments', async () => {
  const clock = createSimulatedClock();
  await using two = await startTwoTiers({ effects: { clock } });
  await using reader = await watch(two);
  for (let turn = 1; turn <= 3; turn++) {
    await clock.advance(15_000);
    await reader.until(': quiet\n\n'.repeat(turn));
  }
  await reader.cancel();
  await until('its timer is gone', () => clock.pending === 0);
});

test('the feed tells of the drain and ends when the server leaves', async () => {
  await using two = await startTwoTiers();
  const reader = await watch(two);
  await two.server.assembly.router.drain();
  await reader.until('"state":"draining"');
  two.server.assembly.endFeeds();
  expect(await reader.rest()).toContain('event: lifecycle');
  expect((await two.server.get('/v1/events')).status).toBe(503);
});
