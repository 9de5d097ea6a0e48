// Reading a profile from disk and writing it back, with every problem naming the file, the row and the key.
import { expect, test } from 'bun:test';
import { writeProfileDocument } from '#core/profile-document';
import { bunEffects } from '#platform/bun-effects';
import { loadProfileFile, saveProfileFile } from '#store/profile-file';
import { tmpdir } from '#tests/support/tmp';

const { files } = bunEffects();
const V2 = 'anvil-serving.router.profile_bootstrap/v2';

test('a profile survives the way to disk and back, byte for byte', async () => {
  await using folder = await tmpdir();
  const shipped = await Bun.file(new URL('../../src/core/data/seed-profile.json', import.meta.url)).text();
  const first = await loadProfileFile(await folder.write('seed.json', shipped), files);
  if (!first.ok) throw new Error(first.problems.join());
  expect([first.document.mode, first.document.rows.length]).toEqual(['seed', 18]);
  await saveProfileFile(folder.file('copy.json'), first.document, files);
  expect(await folder.read('copy.json')).toBe(writeProfileDocument(first.document));
  expect(await loadProfileFile(folder.file('copy.json'), files)).toEqual(first);
});

test('a missing file says which key names it', async () => {
  expect(await loadProfileFile('/nowhere/profile.json', files)).toEqual({
    ok: false,
    problems: ['profile /nowhere/profile.json: no such file; correct [router] profile_path or remove it'],
  });
});

test('a folder cannot be read as a profile', async () => {
  await using folder = await tmpdir();
  const read = await loadProfileFile(folder.path, files);
  expect(!read.ok && read.problems[0]).toStartWith(`profile ${folder.path}: `);
});

test('text that is no JSON says what was expected', async () => {
  await using folder = await tmpdir();
  const path = await folder.write('profile.json', '{"schema":');
  const read = await loadProfileFile(path, files);
  expect(!read.ok && read.problems[0]).toMatch(
    /not JSON \(.+\); expected an anvil-serving\.router\.profile_bootstrap\/v2 document$/,
  );
});

test('each broken row is named with file and key', async () => {
  await using folder = await tmpdir();
  const entries = [{ tier_id: 'fast-local', work_class: 'chat', decision: 'maybe', quality_score: 0.5, sample_n: 1 }];
  const path = await folder.write('profile.json', JSON.stringify({ schema: V2, entries }));
  expect(await loadProfileFile(path, files)).toEqual({
    ok: false,
    problems: [`profile ${path}: row 1, key decision: expected one of allow, allow-with-verify, deny`],
  });
});

test('a profile beyond 8 Mi characters is not parsed', async () => {
  const huge = { read: async () => ' '.repeat(8 * 1024 * 1024 + 1) };
  const read = await loadProfileFile('huge.json', huge);
  expect(!read.ok && read.problems[0]).toContain('at most 8388608 are read');
});
