/** What do single frames say: fields, line endings, comments, byte order marks, unfinished ends. */
import { describe, expect, test } from 'bun:test';
import { createSseSplitter } from '#upstream/sse';

const utf8 = new TextEncoder();
const BYTES_MAX = 1_000;

const read = (text: string) => {
  const splitter = createSseSplitter(BYTES_MAX);
  return [...splitter.push(utf8.encode(text)), ...splitter.flush()].map(({ event, data, raw }) => ({
    event,
    data,
    raw: new TextDecoder('utf-8', { ignoreBOM: true }).decode(raw),
  }));
};

const CASES: readonly { name: string; text: string; frames: readonly (readonly [string | undefined, string])[] }[] = [
  { name: 'one data line', text: 'data: {"a":1}\n\n', frames: [[undefined, '{"a":1}']] },
  { name: 'no space after the colon', text: 'data:x\n\n', frames: [[undefined, 'x']] },
  { name: 'only one space is dropped', text: 'data:  x\n\n', frames: [[undefined, ' x']] },
  { name: 'an event name', text: 'event: ping\ndata: {}\n\n', frames: [['ping', '{}']] },
  { name: 'data before the event name', text: 'data: 1\nevent: late\n\n', frames: [['late', '1']] },
  { name: 'several data lines', text: 'data: a\ndata: b\ndata:\n\n', frames: [[undefined, 'a\nb\n']] },
  { name: 'a field without a colon', text: 'data\n\n', frames: [[undefined, '']] },
  { name: 'an empty event name', text: 'event:\ndata: 1\n\n', frames: [[undefined, '1']] },
  { name: 'a comment', text: ': keep-alive\n\n', frames: [[undefined, '']] },
  { name: 'a comment inside an event', text: ': x\ndata: 1\n: y\n\n', frames: [[undefined, '1']] },
  { name: 'id and retry are ignored', text: 'id: 7\nretry: 100\ndata: 1\n\n', frames: [[undefined, '1']] },
  {
    name: 'CRLF',
    text: 'event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n',
    frames: [
      ['a', '1'],
      [undefined, '2'],
    ],
  },
  {
    name: 'CR',
    text: 'event: a\rdata: 1\r\rdata: 2\r\r',
    frames: [
      ['a', '1'],
      [undefined, '2'],
    ],
  },
  {
    name: 'mixed line ends',
    text: 'data: 1\r\n\ndata: 2\n\r\n',
    frames: [
      [undefined, '1'],
      [undefined, '2'],
    ],
  },
  { name: 'a byte order mark', text: '\uFEFFdata: 1\n\n', frames: [[undefined, '1']] },
  {
    name: 'an end without a blank line',
    text: 'data: 1\n\ndata: 2\n',
    frames: [
      [undefined, '1'],
      [undefined, '2'],
    ],
  },
  {
    name: 'an end within a line',
    text: 'data: 1\n\ndata: [DO',
    frames: [
      [undefined, '1'],
      [undefined, '[DO'],
    ],
  },
  { name: 'text beyond ASCII', text: 'data: "größer 🙂"\n\n', frames: [[undefined, '"größer 🙂"']] },
  { name: 'nothing', text: '', frames: [] },
];

describe('a frame', () => {
  for (const { name, text, frames } of CASES) {
    test(`reads ${name}`, () => {
      const got = read(text);
      expect(got.map(({ event, data }) => [event, data])).toEqual(frames.map((frame) => [...frame]));
      expect(got.map(({ raw }) => raw).join('')).toBe(text);
    });
  }

  test('a byte order mark later in the stream is part of a field name, and no data', () => {
    expect(read('data: 1\n\n\uFEFFdata: 2\n\n').map(({ data }) => data)).toEqual(['1', '']);
  });

  test('a surplus blank line is a frame without data, so that no byte is lost', () => {
    expect(read('\ndata: 1\n\n\n').map(({ data }) => data)).toEqual(['', '1', '']);
  });

  test('a chunk that is exactly one event is handed on without a copy', () => {
    const chunk = utf8.encode('data: 1\n\n');
    expect(createSseSplitter(BYTES_MAX).push(chunk)[0]?.raw).toBe(chunk);
  });

  test('an event within a larger chunk is a view into it', () => {
    const chunk = utf8.encode('data: 1\n\ndata: 2\n\n');
    const frames = createSseSplitter(BYTES_MAX).push(chunk);
    expect(frames.map(({ raw }) => raw.buffer === chunk.buffer)).toEqual([true, true]);
  });
});
