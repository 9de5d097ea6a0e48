/** `decisions` and `explain` read the file of a router that is not running. */
import { describe, expect, test } from 'bun:test';
import type { DecisionRecord } from '#core/decision';
import { bunEffects } from '#platform/bun-effects';
import { openDecisions } from '#store/decisions';
import { run } from '#tests/cli/fake-terminal';
import { ARRIVED_AT, idOf, sampleRecord } from '#tests/store/sample-record';
import { tmpdir } from '#tests/support/tmp';

const writeStore = async (path: string, records: readonly DecisionRecord[]): Promise<void> => {
  const { clock } = bunEffects();
  const store = openDecisions({
    path,
    ageMaxDays: 36_500,
    bytesMax: 100_000_000,
    clock,
    onError: (problem) => {
      throw new Error(JSON.stringify(problem));
    },
  });
  for (const record of records) store.append(record);
  await store.close();
};

const RECORDS = Array.from({ length: 3 }, (_, index) =>
  sampleRecord({
    id: idOf(index),
    at: ARRIVED_AT + index * 1000,
    outcome: index === 1 ? 'exhausted' : 'finished',
    modelAsked: index === 2 ? 'evil\u001b[2Jname' : 'planning',
  }),
);

describe('decisions', () => {
  test('lists a file newest first, page by page', async () => {
    await using folder = await tmpdir();
    const store = ['--store', folder.file('decisions.sqlite')];
    await writeStore(folder.file('decisions.sqlite'), RECORDS);

    const first = await run(['decisions', '--limit', '2', ...store]);
    expect(first.exit).toBe(0);
    expect(
      first.out
        .split('\n')
        .slice(1, -1)
        .map((line) => line.split(/\s+/)[2]),
    ).toEqual([idOf(2), idOf(1)]);
    expect(first.out).toContain('evil\ufffd[2Jname');
    const cursor = /more with --before (\S+)/.exec(first.err)?.[1] ?? '';

    const second = await run(['decisions', '--before', cursor, '--json', ...store]);
    expect(JSON.parse(second.out)).toEqual({ records: [RECORDS[0]] });
    expect((await run(['decisions', '--before', 'nonsense', ...store])).exit).toBe(2);
    expect((await run(['decisions', '--outcome', 'exhausted', ...store])).out).toContain(idOf(1));
  });

  test('reads the file that a configuration names, relative to it', async () => {
    await using folder = await tmpdir();
    const example = await Bun.file(new URL('../fixtures/configs/v09-example.toml', import.meta.url)).text();
    const config = await folder.write('conf/anvil.toml', `${example}\n[router.store]\npath = "kept.sqlite"\n`);
    await writeStore(folder.file('conf/kept.sqlite'), RECORDS);
    expect((await run(['explain', 'latest', '--config', config])).out).toContain(idOf(2));
  });

  test('says what to do when there is nothing to read', async () => {
    await using folder = await tmpdir();
    const missing = await run(['decisions', '--store', folder.file('none.sqlite')]);
    expect(missing.exit).toBe(1);
    expect(missing.err).toContain('a router writes it with its first request');

    const memory = Bun.fileURLToPath(new URL('../fixtures/configs/v09-example.toml', import.meta.url));
    const unkept = await run(['decisions', '--config', memory]);
    expect(unkept.exit).toBe(2);
    expect(unkept.err).toContain('keeps decisions in memory only — ask the running router with --url');

    const damaged = await folder.write('damaged.sqlite', 'this is no database at all, whatever it is called');
    const broken = await run(['decisions', '--store', damaged]);
    expect({ exit: broken.exit, out: broken.out }).toEqual({ exit: 1, out: '' });
    expect(broken.err).toContain(damaged);
  });
});

describe('explain', () => {
  test('tells the story, escape sequences taken out, or prints the record', async () => {
    await using folder = await tmpdir();
    const store = ['--store', folder.file('decisions.sqlite')];
    await writeStore(folder.file('decisions.sqlite'), RECORDS);
    const told = await run(['explain', idOf(2), ...store]);
    expect(told.exit).toBe(0);
    expect(told.out).not.toContain('\u001b');
    expect(told.out.split('\n').length).toBeGreaterThan(4);
    const { record, story } = JSON.parse((await run(['explain', idOf(2), '--json', ...store])).out);
    expect(record).toEqual(RECORDS[2]);
    expect(`${story.join('\n')}\n`).toBe(told.out);
  });
});
