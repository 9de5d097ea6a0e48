/** Could files be made in a folder that may not be there yet? */
import { expect, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import { whyNotWritable } from '#platform/writable';
import { tmpdir } from '#tests/support/tmp';

test('a folder that is there, or can be made, is fine, and is not made for the answer', async () => {
  await using folder = await tmpdir();
  expect(await whyNotWritable(folder.path)).toBeUndefined();
  expect(await whyNotWritable(folder.file('a/b/c'))).toBeUndefined();
  expect(await readdir(folder.path)).toEqual([]);
});

test('a file on the way is told', async () => {
  await using folder = await tmpdir();
  const file = await folder.write('taken', 'x');
  expect(await whyNotWritable(file)).toBe(`${file} is no folder`);
  expect(await whyNotWritable(`${file}/below`)).toContain('ENOTDIR');
});

// Permissions do not bind the superuser.
test.skipIf(process.getuid?.() === 0)('a folder of somebody else is told', async () => {
  expect(await whyNotWritable('/anvil')).toContain('EACCES');
});
