/** Is a file replaced whole, with the permissions it had, and nothing left beside it? */
import { expect, test } from 'bun:test';
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { bunEffects } from '#platform/bun-effects';
import { tmpdir } from '#tests/support/tmp';

const { files } = bunEffects();
const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('a new file is for its owner only', async () => {
  await using folder = await tmpdir();
  const path = folder.file('new/state.json');
  await files.replace(path, 'one');
  expect(readFileSync(path, 'utf8')).toBe('one');
  expect(modeOf(path)).toBe(0o600);
});

test.each([0o644, 0o640, 0o600, 0o755])('a file of mode %d keeps it', async (mode) => {
  await using folder = await tmpdir();
  const path = await folder.write('settings.json', 'old');
  chmodSync(path, mode);
  await files.replace(path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(modeOf(path)).toBe(mode);
  expect(readdirSync(dirname(path))).toEqual(['settings.json']);
});
