/** Generated pages say what the code says. */
import { expect, test } from 'bun:test';
import { staleFiles } from '#scripts/generate';

test('every generated page is up to date (bun run generate)', async () => {
  expect(await staleFiles()).toEqual([]);
});
