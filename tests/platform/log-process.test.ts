/** Does a real process survive a real reader of its log that is slow, stuck or gone? */
import { expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./log-program.ts', import.meta.url));

test('every line arrives when somebody reads', async () => {
  const child = Bun.spawn([process.execPath, PROGRAM, '3000'], { stdout: 'pipe', stderr: 'pipe' });
  const text = await new Response(child.stderr).text();
  expect(await child.exited).toBe(0);
  const numbers = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).number);
  expect(numbers).toEqual(Array.from({ length: 3_000 }, (_, number) => number));
});

test.skipIf(process.platform === 'win32')('a reader that leaves at once does not end the process', async () => {
  const command = `{ "$1" "$2" 3000 2>&1 1>&3 | head -c 1 >/dev/null; } 3>&1`;
  const child = Bun.spawn(['sh', '-c', command, 'sh', process.execPath, PROGRAM], {
    stdout: 'pipe',
    stderr: 'inherit',
  });
  expect(await new Response(child.stdout).text()).toBe('alive\n');
  expect(await child.exited).toBe(0);
});

test.skipIf(process.platform === 'win32')('a reader that never reads does not hold the process', async () => {
  const child = Bun.spawn([process.execPath, PROGRAM, '30000'], { stdout: 'pipe', stderr: 'pipe' });
  expect(await new Response(child.stdout).text()).toBe('alive\n');
  expect(await child.exited).toBe(0);
});
