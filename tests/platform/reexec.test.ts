/** The process replaces itself once to raise Bun's start-up limits, from source and as a binary. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { build } from '#scripts/build';
import { type TemporaryFolder, tmpdir } from '#tests/support/tmp';

const PROGRAM = Bun.fileURLToPath(new URL('limits-program.ts', import.meta.url));
/** More than Bun's own limit of 256. */
const FETCHES = 300;
/** A process that waits for a fetch that is never sent is killed then, and the test fails. */
const HANG_MS = 20_000;

let folder: TemporaryFolder;
const forms: { name: string; command: () => readonly string[] }[] = [
  { name: 'from source', command: () => [process.execPath, PROGRAM] },
  { name: 'as a binary', command: () => [folder.file('limits')] },
];

const runProgram = async (command: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const { BUN_CONFIG_MAX_HTTP_REQUESTS: _unset, ...inherited } = process.env;
  const child = Bun.spawn([...command], {
    env: { ...inherited, ...env },
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: HANG_MS,
  });
  const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return { pid: child.pid, said: JSON.parse(out) };
};

beforeAll(async () => {
  folder = await tmpdir();
  await build({ outfile: folder.file('limits'), entry: 'tests/platform/limits-program.ts' });
}, 60_000);
afterAll(() => folder[Symbol.asyncDispose]());

describe.skipIf(process.platform === 'win32')('limits', () => {
  for (const { name, command } of forms) {
    test(`${name}: ${FETCHES} fetches run at once, heads of 40 KB pass, arguments and process id stay`, async () => {
      const { pid, said } = await runProgram([...command(), String(FETCHES), 'a b', '--c']);
      expect(said).toEqual({
        outcome: { kind: 'raised' },
        arrived: FETCHES + 1,
        headStatus: 200,
        words: ['a b', '--c'],
        pid,
        marked: false,
      });
    });

    test(`${name}: a limit that the operator set is kept`, async () => {
      const { said } = await runProgram([...command(), '10'], { BUN_CONFIG_MAX_HTTP_REQUESTS: '40' });
      expect(said).toMatchObject({ outcome: { kind: 'raised' }, arrived: 11, headStatus: 200 });
    });
  }
});
