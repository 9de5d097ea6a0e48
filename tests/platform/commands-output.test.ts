/** Output comes in any pieces: what is made of it does not depend on where they were cut. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { collectEnd, createLineSplitter, eachLine, plainLine } from '#platform/commands-output';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The bytes as a stream of pieces that end at the given places. */
const streamOf = (bytes: Uint8Array, cuts: readonly number[]): ReadableStream<Uint8Array> => {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return new ReadableStream({
    start(controller) {
      for (const [index, place] of places.entries()) {
        const piece = bytes.slice(place, places[index + 1] ?? bytes.length);
        if (piece.length > 0) controller.enqueue(piece);
      }
      controller.close();
    },
  });
};

const text = fc.string({ unit: fc.constantFrom('a', 'ä', '語', '\n', '\r', ' ', '\t', '\u001B[31m'), maxLength: 60 });
const cuts = fc.array(fc.nat(200), { maxLength: 8 });

describe('lines', () => {
  test('are the same however the output is cut, and free of what only a terminal understands', async () => {
    await fc.assert(
      fc.asyncProperty(text, cuts, async (written, places) => {
        const lines: string[] = [];
        await eachLine(streamOf(bytesOf(written), places), (line) => lines.push(line));
        expect(lines).toEqual(
          written
            .split('\n')
            .map(plainLine)
            .filter((line) => line !== ''),
        );
        for (const line of lines) expect(line).not.toMatch(/\p{Cc}/u);
      }),
    );
  });

  test('without an end are kept within a limit', () => {
    const lines: string[] = [];
    const splitter = createLineSplitter((line) => lines.push(line));
    for (let piece = 0; piece < 1_000; piece++) splitter.push('x'.repeat(1_000));
    splitter.push('END');
    splitter.end();
    expect(lines.map(({ length }) => length)).toEqual([4_096]);
  });
});

test('the end of an output is the same however it is cut', async () => {
  const plain = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(plain, cuts, fc.integer({ min: 1, max: 50 }), async (written, places, bytesMax) => {
      const collected = collectEnd(streamOf(bytesOf(written), places), bytesMax);
      await collected.ended;
      expect(collected.take()).toBe(written.slice(-bytesMax));
    }),
  );
});
