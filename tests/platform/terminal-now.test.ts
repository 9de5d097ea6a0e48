/** A result that cannot wait leaves before the program does, and a reader that has gone is noticed. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { settle } from '#tests/support/clock';

/** Real processes, on a machine that may be busy. Milliseconds. */
setDefaultTimeout(30_000);

const PROGRAM = Bun.fileURLToPath(new URL('terminal-now-program.ts', import.meta.url));

const start = () => Bun.spawn([process.execPath, PROGRAM], { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' });

const nextText = async (reader: { read(): Promise<{ value?: Uint8Array | undefined }> }): Promise<string> =>
  new TextDecoder().decode((await reader.read()).value);

test('each line is there before the next one is asked for', async () => {
  const child = start();
  const reader = child.stdout.getReader();
  expect(await nextText(reader)).toBe('begins\n');
  child.stdin.write('one\n');
  await child.stdin.flush();
  expect(await nextText(reader)).toBe('one\n');
  await child.stdin.end();
  expect([await child.exited, await child.stderr.text()]).toEqual([0, '']);
});

test('a program whose reader has gone is told so', async () => {
  const child = start();
  const reader = child.stdout.getReader();
  await nextText(reader);
  await reader.cancel();
  // The pipe closes some time after that; what is said before arrives in it and is no error. One that has ended hears nothing.
  const hears = async (): Promise<boolean> => {
    try {
      child.stdin.write('more\n');
      await child.stdin.flush();
      return true;
    } catch {
      return false;
    }
  };
  while (child.exitCode === null && (await hears())) await settle();
  expect([await child.exited, await child.stderr.text()]).toEqual([3, '']);
});
