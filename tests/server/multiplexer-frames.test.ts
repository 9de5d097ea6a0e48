/** Does holding back the beginning of an event change nothing of a stream but where it rests? */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { createWholeFrames } from '#server/multiplexer/whole-frames';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Streams made of the characters that matter, cut anywhere. */
const pieces = fc.array(fc.string({ unit: fc.constantFrom('\n', '\r', 'a', 'data: {}', '\n\n', '\r\n\r\n') }), {
  maxLength: 30,
});

test('all bytes pass, in order, and what has passed ends with a blank line', () => {
  fc.assert(
    fc.property(pieces, (chunks) => {
      const frames = createWholeFrames();
      let passed = '';
      for (const chunk of chunks) {
        passed += decoder.decode(frames.feed(encoder.encode(chunk)));
        expect(passed === '' || /(?:\n\n|\n\r\n|\r\r)$/.test(passed)).toBe(true);
        expect(frames.clean).toBe(true);
      }
      expect(passed + decoder.decode(frames.rest())).toBe(chunks.join(''));
    }),
    { numRuns: 2_000 },
  );
});

test('an event leaves with the chunk that ends it, wherever it was cut', () => {
  for (const blank of ['\n\n', '\r\n\r\n', '\r\r'])
    for (let cut = 0; cut <= `data: 1${blank}`.length; cut++) {
      const frames = createWholeFrames();
      const text = `data: 1${blank}`;
      const first = decoder.decode(frames.feed(encoder.encode(text.slice(0, cut))));
      const second = decoder.decode(frames.feed(encoder.encode(text.slice(cut))));
      expect(first + second).toBe(text);
    }
});

test('an event too long to hold passes as it comes, and says that nothing may be appended', () => {
  const frames = createWholeFrames();
  const part = encoder.encode('x'.repeat(700_000));
  expect(frames.feed(part)).toHaveLength(0);
  expect(frames.feed(part)).toHaveLength(1_400_000);
  expect(frames.clean).toBe(false);
  expect(decoder.decode(frames.feed(encoder.encode('x\n\nda')))).toBe('x\n\n');
  expect(frames.clean).toBe(true);
});
