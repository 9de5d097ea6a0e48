/** A model server as far as a multiplexer sees it: it takes its time to load, and then passes everything on to a scripted tier. */
import { parseArgs } from 'node:util';

/** Whoever forgets it, it ends. */
const LIFE_MS = 180_000;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    model: { type: 'string', default: '' },
    behind: { type: 'string', default: '' },
    'load-ms': { type: 'string', default: '0' },
  },
});

const pass = (request: Request, path: string): Promise<Response> =>
  fetch(`${values.behind}${path}`, {
    method: request.method,
    headers: request.headers,
    body: request.body,
    signal: request.signal,
    redirect: 'manual',
  });

process.on('SIGTERM', () => process.exit(0));
setTimeout(() => process.exit(1), LIFE_MS);
await Bun.sleep(Number(values['load-ms']));
Bun.serve({
  port: Number(values.port),
  hostname: '127.0.0.1',
  idleTimeout: 0,
  fetch(request) {
    const { pathname, search } = new URL(request.url);
    if (pathname === '/health') return new Response(null);
    if (pathname === '/v1/models')
      return Response.json({ object: 'list', data: [{ id: values.model, object: 'model' }] });
    return pass(request, pathname + search);
  },
});
