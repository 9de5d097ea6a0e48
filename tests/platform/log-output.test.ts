/** Does output to a slow, broken or vanished reader stay bounded, in order, and harmless? */
import { expect, test } from 'bun:test';
import { createLogOutput, type WriteBytes } from '#platform/log-output';
import { createSimulatedClock } from '#tests/support/clock';

type Done = Parameters<WriteBytes>[1];

/** A reader that takes bytes only when told to. */
const openReader = () => {
  const clock = createSimulatedClock();
  const decoder = new TextDecoder();
  const calls: { readonly bytes: Uint8Array; readonly done: Done }[] = [];
  let text = '';
  const output = createLogOutput(clock, (bytes, done) => void calls.push({ bytes, done }));
  const take = (count?: number): void => {
    const call = calls.shift();
    if (!call) throw new Error('nothing is being written');
    const taken = call.bytes.subarray(0, count ?? call.bytes.byteLength);
    text += decoder.decode(taken, { stream: true });
    call.done(null, taken.byteLength);
  };
  return {
    clock,
    output,
    take,
    fail: (code: string) => calls.shift()?.done({ code }, 0),
    writing: () => calls.length,
    text: () => text,
    takeAll: () => {
      while (calls.length > 0) take();
    },
  };
};

test('lines arrive in order; while one write is under way the next are gathered into one', () => {
  const reader = openReader();
  for (let number = 0; number < 100; number++) reader.output.write(`line ${number}\n`);
  expect(reader.writing()).toBe(1);
  reader.take();
  expect(reader.text()).toBe('line 0\n');
  reader.take();
  expect(reader.writing()).toBe(0);
  expect(reader.text()).toBe(Array.from({ length: 100 }, (_, number) => `line ${number}\n`).join(''));
});

test('a write that takes only part of the bytes is continued, also inside a character', () => {
  const reader = openReader();
  reader.output.write('für Größe\n');
  while (reader.writing() > 0) reader.take(1);
  expect(reader.text()).toBe('für Größe\n');
});

test('a full pipe is tried again a little later', async () => {
  const reader = openReader();
  reader.output.write('one\n');
  reader.fail('EAGAIN');
  expect(reader.writing()).toBe(0);
  await reader.clock.advance(20);
  reader.takeAll();
  expect(reader.text()).toBe('one\n');
});

test('a reader that stands still costs a megabyte of lines at most; the lost ones are counted and told', () => {
  const reader = openReader();
  const line = `${'x'.repeat(999)}\n`;
  for (let number = 0; number < 5_000; number++) reader.output.write(line);
  expect(reader.output.dropped).toBe(5_000 - 1 - 1_048);
  reader.takeAll();
  reader.output.write('back again\n');
  reader.takeAll();
  expect(reader.text()).toContain('"log lines dropped: the reader is too slow","lines":3951}\nback again\n');
  expect(reader.text().length).toBeLessThan(1_100_000);
});

test('when the reader is gone lines vanish quietly', async () => {
  const reader = openReader();
  reader.output.write('one\n');
  reader.output.write('two\n');
  reader.fail('EPIPE');
  reader.output.write('three\n');
  expect(reader.writing()).toBe(0);
  await reader.output.close();
  expect(reader.output.dropped).toBeGreaterThanOrEqual(2);
});

test('close waits for the last line', async () => {
  const reader = openReader();
  reader.output.write('last\n');
  let closed = false;
  const closing = reader.output.close().then(() => {
    closed = true;
  });
  await Promise.resolve();
  expect(closed).toBe(false);
  reader.take();
  await closing;
  expect(reader.text()).toBe('last\n');
  expect(reader.clock.pending).toBe(0);
});

test('close waits for a reader that stands still no longer than a second', async () => {
  const reader = openReader();
  reader.output.write('never read\n');
  const closing = reader.output.close();
  await reader.clock.advance(1_000);
  await closing;
});
