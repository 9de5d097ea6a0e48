/** What does a model server look like to the process driver? A small one, told by its words how to behave. */

/**
 * PORT ID [behaviour…]: `ignores-term`, `has-worker` (a child that ignores SIGTERM too and prints its number),
 * `prints-environment`, `ends-on-request` (GET /end ends it with code 7, leaving its worker).
 */
const [port = '0', id = 'small', ...behaviours] = process.argv.slice(2);
const does = (behaviour: string): boolean => behaviours.includes(behaviour);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

process.on('SIGTERM', () => {
  say('asked to stop');
  if (!does('ignores-term')) process.exit(0);
});
if (does('has-worker')) {
  const worker = Bun.spawn(['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'], { stdout: 'inherit' });
  say(`worker ${worker.pid}`);
}
if (does('prints-environment')) say(`environment ${JSON.stringify(process.env)}`);

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(port),
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === '/end') process.exit(7);
    if (pathname === '/health') return new Response('ok');
    if (pathname === '/v1/models') return Response.json({ object: 'list', data: [{ id }] });
    return new Response('', { status: 404 });
  },
});
say('ready');
