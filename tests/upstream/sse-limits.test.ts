/** What does the splitter do with an event that does not end? It stops, says so, and has never worked twice on a byte. */
import { describe, expect, test } from 'bun:test';
import { createSseSplitter } from '#upstream/sse';

const utf8 = new TextEncoder();

describe('the event limit', () => {
  test('an event of exactly the limit passes', () => {
    const event = utf8.encode('data: 12345\n\n');
    const splitter = createSseSplitter(event.length);
    expect(splitter.push(event).length).toBe(1);
    expect(splitter.overflow).toBe(false);
  });

  test('an event one byte larger overflows, in one chunk or in many', () => {
    const event = utf8.encode('data: 123456\n\n');
    for (const size of [event.length, 1]) {
      const splitter = createSseSplitter(event.length - 1);
      for (let from = 0; from < event.length; from += size) {
        expect(splitter.push(event.subarray(from, from + size)).length).toBe(0);
      }
      expect(splitter.overflow).toBe(true);
    }
  });

  test('events before the overflow are delivered, nothing after it is', () => {
    const splitter = createSseSplitter(12);
    const frames = splitter.push(utf8.encode('data: 1\n\ndata: far too long\n\ndata: 2\n\n'));
    expect(frames.map(({ data }) => data)).toEqual(['1']);
    expect(splitter.overflow).toBe(true);
    expect(splitter.push(utf8.encode('data: 3\n\n'))).toEqual([]);
    expect(splitter.flush()).toEqual([]);
  });

  test('many small events never add up to an overflow', () => {
    const splitter = createSseSplitter(16);
    const chunk = utf8.encode('data: 1\n\ndata');
    let count = splitter.push(chunk).length;
    for (let round = 0; round < 1_000; round++) count += splitter.push(utf8.encode(': 2\n\ndata')).length;
    expect(count).toBe(1_001);
    expect(splitter.overflow).toBe(false);
  });

  test('a large event in single bytes costs linear time', () => {
    const onceOf = (bytes: number): number => {
      const splitter = createSseSplitter(4 * bytes);
      const piece = utf8.encode('x');
      const started = process.hrtime.bigint();
      for (let sent = 0; sent < bytes; sent++) splitter.push(piece);
      return Number(process.hrtime.bigint() - started);
    };
    const costOf = (bytes: number): number => Math.min(onceOf(bytes), onceOf(bytes), onceOf(bytes));
    const [small, large] = [costOf(50_000), costOf(800_000)];
    // Sixteen times the bytes; quadratic joins would need 256 times the time.
    expect(large / small).toBeLessThan(100);
  });
});
