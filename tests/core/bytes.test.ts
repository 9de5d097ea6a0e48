/** Joining chunks of bytes. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { joinBytes } from '#core/bytes';

test('the joined bytes are the chunks, one behind the other', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (chunks) => {
      expect([...joinBytes(chunks)]).toEqual(chunks.flatMap((chunk) => [...chunk]));
    }),
  );
});

test('a single chunk is not copied', () => {
  const chunk = new Uint8Array([1, 2]);
  expect(joinBytes([chunk])).toBe(chunk);
});
