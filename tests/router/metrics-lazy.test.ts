/** Is the client library left alone until somebody wants to see the metrics? */
import { expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';

test('prom-client is loaded by the first scrape, not by the start', async () => {
  const program = fileURLToPath(new URL('./metrics-program.ts', import.meta.url));
  const child = Bun.spawn([process.execPath, program], { stdout: 'pipe', stderr: 'inherit' });
  expect(JSON.parse(await new Response(child.stdout).text())).toEqual({ before: false, after: true });
});
