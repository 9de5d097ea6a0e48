/** Small texts are kept by any name, replaced and removed, in files for their owner alone. */
import { expect, test } from 'bun:test';
import { readdirSync, statSync } from 'node:fs';
import { noteFiles } from '#platform/note-files';
import { tmpdir } from '#tests/support/tmp';

test('a note is read back by the next run, whatever its name', async () => {
  await using folder = await tmpdir();
  const state = folder.file('state');
  const notes = noteFiles(state);
  expect(notes.get('a')).toBeUndefined();
  notes.set('a', undefined);
  for (const name of ['a', '../a', 'ü b']) {
    notes.set(name, `first ${name}`);
    notes.set(name, `second ${name}`);
    expect(noteFiles(state).get(name)).toBe(`second ${name}`);
  }
  expect(readdirSync(state).length).toBe(3);
  expect(statSync(folder.file('state/a.note')).mode & 0o777).toBe(0o600);
  notes.set('a', undefined);
  expect([notes.get('a'), notes.get('../a')]).toEqual([undefined, 'second ../a']);
});

test('a note that is there and cannot be read is no absent one', async () => {
  await using folder = await tmpdir();
  await folder.write('a.note/inside', '');
  expect(() => noteFiles(folder.path).get('a')).toThrow('EISDIR');
});
