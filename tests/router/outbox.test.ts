/** The response body: pulled by the caller, fed by the attempt, closed once, and deaf after either end. */
import { expect, test } from 'bun:test';
import { createOutbox } from '#router/outbox';
import { createSimulatedClock, settle } from '#tests/support/clock';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);

const open = (pump: () => Promise<void> | undefined = () => undefined) => {
  const clock = createSimulatedClock();
  const seen = { pumps: 0, gone: 0 };
  const outbox = createOutbox(clock, {
    pump: () => {
      seen.pumps++;
      return pump();
    },
    gone: () => {
      seen.gone++;
    },
  });
  return { clock, seen, outbox, reader: outbox.body.getReader() };
};

test('what was pushed arrives in order, then the end', async () => {
  const { outbox, reader } = open();
  outbox.push([bytes('a'), bytes('b')]);
  outbox.push([bytes('c')]);
  outbox.end();
  const seen: string[] = [];
  for (let step = await reader.read(); !step.done; step = await reader.read()) seen.push(text(step.value));
  expect(seen).toEqual(['a', 'b', 'c']);
});

test('a caller that does not read is not fed: upstream is pulled only for what is read', async () => {
  let next = 0;
  const { outbox, reader, seen } = open(async () => {
    outbox.push([bytes(String(next++))]);
  });
  await settle();
  const before = seen.pumps;
  expect(before).toBeLessThanOrEqual(2);
  await settle();
  expect(seen.pumps).toBe(before);
  for (let read = 0; read < 5; read++) expect(text((await reader.read()).value)).toBe(String(read));
  await settle();
  expect(seen.pumps).toBeLessThanOrEqual(before + 5);
});

test('while the answer is held a read waits, and the next push wakes it', async () => {
  const { outbox, reader, seen } = open();
  const waiting = reader.read();
  await settle();
  expect(seen.pumps).toBe(1);
  outbox.push([bytes('at last')]);
  expect(text((await waiting).value)).toBe('at last');
});

test('a caller who leaves is told of once, and nothing is queued for it any more', async () => {
  const { outbox, reader, seen } = open();
  await reader.cancel();
  outbox.push([bytes('late')]);
  outbox.end();
  outbox.end();
  expect(seen.gone).toBe(1);
});

test('nothing follows the end', async () => {
  const { outbox, reader } = open();
  outbox.end();
  outbox.push([bytes('late')]);
  expect((await reader.read()).done).toBe(true);
});

test('knows for how long it was quiet', async () => {
  const { outbox, clock } = open();
  outbox.push([bytes('x')]);
  await clock.advance(99);
  expect(outbox.quietFor(100)).toBe(false);
  await clock.advance(1);
  expect(outbox.quietFor(100)).toBe(true);
});
