/** Started by a test: raises its limits, then proves them with fetches that are only answered once all have arrived. */
import { raiseProcessLimits } from '#platform/reexec';

const outcome = raiseProcessLimits();
const [wanted = '0', ...words] = process.argv.slice(2);
const all = Promise.withResolvers<void>();
let arrived = 0;
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  idleTimeout: 0,
  async fetch() {
    arrived += 1;
    if (arrived === Number(wanted)) all.resolve();
    await all.promise;
    return new Response('');
  },
});
await Promise.all(Array.from({ length: Number(wanted) }, async () => (await fetch(server.url)).text()));
const head = await fetch(server.url, { headers: { padding: 'x'.repeat(40_000) }, signal: AbortSignal.timeout(5000) });
await server.stop(true);
process.stdout.write(
  JSON.stringify({
    outcome,
    arrived,
    headStatus: head.status,
    words,
    pid: process.pid,
    marked: 'ANVIL_SERVING_LIMITS_RAISED' in process.env,
  }),
);
