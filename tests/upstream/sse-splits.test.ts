/** Does it matter where a stream is cut? Never: same frames, same bytes, for every cut and every line ending. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseSse } from '#tests/support/sse';
import { createSseSplitter } from '#upstream/sse';

const BYTES_MAX = 100_000;
const utf8 = new TextEncoder();

interface Seen {
  readonly bytes: string;
  readonly events: readonly { readonly event: string | undefined; readonly data: string }[];
}

const readChunks = (chunks: readonly Uint8Array[]): Seen => {
  const splitter = createSseSplitter(BYTES_MAX);
  const frames = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.flush()];
  return {
    bytes: Buffer.concat(frames.map(({ raw }) => raw)).toString('latin1'),
    events: frames.filter(({ data }) => data !== '').map(({ event, data }) => ({ event, data })),
  };
};

const line = fc.oneof(
  fc.constantFrom('data: {"a":"ü🙂"}', 'data: 1', 'data:2', 'event: ping', ': comment', 'id: 3', 'data'),
  fc.string({ unit: fc.constantFrom('d', 'a', 't', ':', ' ', 'é', '"') }),
);
const ending = fc.constantFrom('\n', '\r\n', '\r');
const stream = fc
  .array(fc.tuple(line, ending, fc.boolean()), { maxLength: 24 })
  .map((lines) => lines.map(([text, end, blank]) => text + end + (blank ? end : '')).join(''));

const cutAt = (bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.slice(at[index] ?? 0, end));
};

test('any cuts give back the same bytes and the same events as one chunk', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (text, cuts) => {
      const bytes = utf8.encode(text);
      const whole = readChunks([bytes]);
      const parts = readChunks(cutAt(bytes, cuts));
      expect(whole.bytes).toBe(Buffer.from(bytes).toString('latin1'));
      expect(parts).toEqual(whole);
    }),
    { numRuns: 500 },
  );
});

test('one byte at a time gives the same events, a torn CRLF and torn characters included', () => {
  const text = '\uFEFFevent: a\r\ndata: "ü🙂"\r\n\r\ndata: 2\rdata: 3\r\r: note\n\ndata: 4\n\n';
  const bytes = utf8.encode(text);
  const singles = Array.from(bytes, (byte) => Uint8Array.of(byte));
  expect(readChunks(singles)).toEqual(readChunks([bytes]));
  expect(readChunks(singles).events).toEqual([
    { event: 'a', data: '"ü🙂"' },
    { event: undefined, data: '2\n3' },
    { event: undefined, data: '4' },
  ]);
});

test('an independent reader of the standard sees the same events', () => {
  fc.assert(
    fc.property(stream, (text) => {
      const closed = `${text}\n\n`;
      const expected = parseSse(closed).items.flatMap((item) =>
        item.kind === 'event' && item.data !== '' ? [{ event: item.event || undefined, data: item.data }] : [],
      );
      expect(readChunks([utf8.encode(closed)]).events).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test('an event is delivered with the chunk that completes it, not with the next one', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const splitter = createSseSplitter(BYTES_MAX);
    expect(splitter.push(utf8.encode(`data: 1${end}`)).length).toBe(0);
    expect(splitter.push(utf8.encode(end)).map(({ data }) => data)).toEqual(['1']);
  }
});
