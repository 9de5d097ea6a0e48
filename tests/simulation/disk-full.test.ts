/** Does a decision store that cannot write cost no caller anything, and lose nothing that it still has room for? */
import { expect, test } from 'bun:test';
import { failureText } from '#tests/simulation/run';
import { simulate } from '#tests/simulation/simulate';
import { tmpdir } from '#tests/support/tmp';

for (const seed of [1, 2, 3]) {
  test(`seed ${seed}: a store that can never be written`, async () => {
    await using folder = await tmpdir();
    // A file where a folder is wanted fails every write, as a full disk does.
    const blocked = await folder.write('blocked', '');
    const report = await simulate(seed, { requests: 40, tables: `[router.store]\npath = "${blocked}/decisions.db"\n` });
    expect(report.problems.length === 0 ? '' : failureText(report)).toBe('');
    expect(report.seen['outcome finished']).toBeGreaterThan(0);
  });

  test(`seed ${seed}: a store on disk changes nothing for the callers`, async () => {
    await using folder = await tmpdir();
    const path = folder.file('decisions.db');
    const kept = await simulate(seed, { requests: 40, tables: `[router.store]\npath = "${path}"\n` });
    const unkept = await simulate(seed, { requests: 40 });
    expect(kept.problems.length === 0 ? '' : failureText(kept)).toBe('');
    expect(kept.seen).toEqual(unkept.seen);
  });
}
