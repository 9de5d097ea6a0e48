/** A verb that puts things in order when it is interrupted can still be interrupted while it does. */
import { expect, setDefaultTimeout, test } from 'bun:test';

/** Real processes, on a machine that may be busy. Milliseconds. */
setDefaultTimeout(30_000);

const PROGRAM = Bun.fileURLToPath(new URL('leave-once-program.ts', import.meta.url));

test('the first signal is told to the verb, the second one ends it', async () => {
  const program = Bun.spawn([process.execPath, PROGRAM], { stdout: 'pipe', stderr: 'inherit', timeout: 20_000 });
  const lines = program.stdout.pipeThrough(new TextDecoderStream()).getReader();
  expect((await lines.read()).value).toBe('here\n');
  program.kill('SIGINT');
  expect((await lines.read()).value).toBe('leaving\n');
  program.kill('SIGINT');
  await program.exited;
  expect(program.signalCode).toBe('SIGINT');
});
