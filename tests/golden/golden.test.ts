/** Does every exchange on file still read the same on the wire, wherever its answer is cut? */
import { describe, expect, test } from 'bun:test';
import { Glob } from 'bun';
import { dialects } from '#dialects/dialect';
import { readCase } from '#tests/golden/case-file';
import { answer, bytesOf, isStreamed, openExchange, send } from '#tests/golden/exchange';

const FOLDER = import.meta.dir;
const files = [...new Glob('*.case').scanSync(FOLDER)].sort();

const cases = await Promise.all(
  files.map(async (file) => ({ file, golden: readCase(await Bun.file(`${FOLDER}/${file}`).text()) })),
);

test('there are cases for every caller in front of a tier of every dialect, streamed and whole', () => {
  const kinds = new Set(
    cases.map(({ golden }) => {
      const { request } = openExchange(golden);
      return `${golden.callerDialect} to ${golden.tierDialect}, ${request.stream ? 'streamed' : 'whole'}`;
    }),
  );
  expect(kinds.size).toBe(2 * Object.keys(dialects).length ** 2);
});

for (const { file, golden } of cases) {
  describe(`${file}: ${golden.title}`, () => {
    const exchange = openExchange(golden);
    const bytes = bytesOf(golden);
    const streamed = isStreamed(golden);

    test('the tier gets this body', () => {
      const sent = send(golden, exchange);
      // The caller's own bytes must survive as they are; a translated body only has to mean the same.
      if (exchange.sameDialect) expect(sent.text).toBe(golden.sentText);
      else expect(JSON.parse(sent.text)).toEqual(JSON.parse(golden.sentText));
      expect([...sent.losses]).toEqual([...golden.losses]);
    });

    test('the caller gets this answer', () => {
      const got = answer(exchange, [bytes], streamed);
      if (exchange.request.stream) expect(got).toBe(golden.responseText);
      else expect(JSON.parse(got)).toEqual(JSON.parse(golden.responseText));
    });

    if (!streamed) return;
    test('and gets it for every cut of the stream, and for single bytes', () => {
      const expected = answer(exchange, [bytes], true);
      for (let cut = 1; cut < bytes.length; cut++) {
        const got = answer(exchange, [bytes.subarray(0, cut), bytes.subarray(cut)], true);
        if (got !== expected) throw new Error(`the answer changes when it is cut after byte ${cut}`);
      }
      const singles = Array.from(bytes, (byte) => Uint8Array.of(byte));
      expect(answer(exchange, singles, true)).toBe(expected);
    });
  });
}
