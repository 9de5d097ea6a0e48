/** What a verb printed arrives whole, whoever reads it, and the exit code is its own. */
import { describe, expect, test } from 'bun:test';

const PROGRAM = Bun.fileURLToPath(new URL('terminal-program.ts', import.meta.url));
const LINES = 30_000;

const start = (lines: number, code: number) =>
  Bun.spawn([process.execPath, PROGRAM, String(lines), String(code)], { stdout: 'pipe', stderr: 'pipe' });

describe('the process', () => {
  test('writes three megabytes into a pipe that is read late, and keeps its exit code', async () => {
    const child = start(LINES, 2);
    const chunks: Uint8Array[] = [];
    for await (const chunk of child.stdout) chunks.push(chunk);
    expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(LINES * 100);
    expect(await child.exited).toBe(2);
  });

  test.skipIf(process.platform !== 'linux')('says so where there is no room for it', async () => {
    const full = Bun.file('/dev/full');
    const child = Bun.spawn([process.execPath, PROGRAM, '1', '0'], { stdout: full, stderr: 'pipe' });
    expect(await child.stderr.text()).toMatch(/^the result cannot be written: ENOSPC.*\n$/);
    expect(await child.exited).toBe(1);
  });

  test('does not complain when the reader has gone', async () => {
    const child = start(LINES, 1);
    await child.stdout.cancel();
    expect(await child.stderr.text()).toBe('');
    expect(await child.exited).toBe(1);
  });
});
