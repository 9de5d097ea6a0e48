/** The log of a container is the same lines, however its bytes are split on the way. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { joinBytes } from '#core/bytes';
import { LOG_LINE_CHARS_MAX, type LogLine } from '#platform/docker-engine';
import { createLogReader } from '#platform/docker-logs';

const encoder = new TextEncoder();
const AT = '2026-01-02T03:04:05.123456789Z';

/** One message as the engine frames it: stream 1 or 2, three zeros, the length. */
const frame = (stream: LogLine['stream'], text: string): Uint8Array => {
  const payload = encoder.encode(text);
  const bytes = new Uint8Array(8 + payload.length);
  bytes[0] = stream === 'err' ? 2 : 1;
  new DataView(bytes.buffer).setUint32(4, payload.length);
  bytes.set(payload, 8);
  return bytes;
};

/** The lines read when the bytes arrive in pieces of these lengths, over and over. */
const readIn = (bytes: Uint8Array, lengths: readonly number[], tty = false): readonly LogLine[] => {
  const reader = createLogReader(tty);
  const lines: LogLine[] = [];
  for (let from = 0, turn = 0; from < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    lines.push(...reader.push(bytes.slice(from, from + length)));
    from += length;
  }
  return [...lines, ...reader.end()];
};

const lineText = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !/[\r\n]/.test(text));

describe('framed logs', () => {
  test('are the same lines however the bytes are split', () => {
    const messages = fc.array(fc.record({ stream: fc.constantFrom('out' as const, 'err' as const), text: lineText }));
    const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(messages, lengths, (said, pieces) => {
        const bytes = joinBytes(said.map(({ stream, text }) => frame(stream, `${AT} ${text}\n`)));
        expect(readIn(bytes, pieces)).toEqual(said.map(({ stream, text }) => ({ stream, text, at: AT })));
      }),
    );
  });

  test('a long line that the engine cut in two messages is one line again, both times taken out', () => {
    const bytes = joinBytes([
      frame('out', `${AT} begin of`),
      frame('err', `${AT} warning\n`),
      frame('out', `${AT}  a line\n`),
    ]);
    expect(readIn(bytes, [1])).toEqual([
      { stream: 'err', text: 'warning', at: AT },
      { stream: 'out', text: 'begin of a line', at: AT },
    ]);
  });

  test('a character cut in two between messages is whole again', () => {
    const letters = encoder.encode('ä\n');
    const parts = [letters.slice(0, 1), letters.slice(1)].map((part) => {
      const bytes = frame('out', ' '.repeat(part.length));
      bytes.set(part, 8);
      return bytes;
    });
    expect(readIn(joinBytes(parts), [3])).toEqual([{ stream: 'out', text: 'ä' }]);
  });

  test('a last line without an end is told at the end', () => {
    expect(readIn(frame('err', `${AT} Killed`), [100])).toEqual([{ stream: 'err', text: 'Killed', at: AT }]);
  });

  test('a line without end is cut, and the next one is whole', () => {
    const long = 'x'.repeat(LOG_LINE_CHARS_MAX * 2);
    const lines = readIn(joinBytes([frame('out', long), frame('out', `${long}\nnext\n`)]), [4096]);
    expect(lines.map(({ text }) => text.length)).toEqual([LOG_LINE_CHARS_MAX, 4]);
  });

  test('what is no log is refused instead of waited for', () => {
    expect(() => readIn(encoder.encode('HTTP/1.1 200 OK\r\n\r\n'), [64])).toThrow('this is no container log');
  });
});

describe('the log of a container with a TTY', () => {
  test('is lines behind their times, without carriage returns', () => {
    const bytes = encoder.encode(`${AT} one\r\n${AT} zwölf\r\nno time\r\n`);
    for (let length = 1; length <= 7; length++) {
      expect(readIn(bytes, [length], true)).toEqual([
        { stream: 'out', text: 'one', at: AT },
        { stream: 'out', text: 'zwölf', at: AT },
        { stream: 'out', text: 'no time' },
      ]);
    }
  });
});
