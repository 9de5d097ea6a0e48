/** The floor, a process of its own: the least proxy that still passes a hang-up on. It looks at nothing. */
import { tellParent } from './commands';

const upstream = process.argv[2] ?? '';
const JSON_HEADERS = { 'content-type': 'application/json' };

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  idleTimeout: 0,
  development: false,
  async fetch(request) {
    const path = request.url.slice(request.url.indexOf('/', 8));
    const answer = await fetch(upstream + path, {
      method: 'POST',
      headers: JSON_HEADERS,
      body: await request.arrayBuffer(),
      signal: request.signal,
    });
    return new Response(answer.body, {
      status: answer.status,
      headers: { 'content-type': answer.headers.get('content-type') ?? '' },
    });
  },
});

tellParent({ kind: 'ready', port: server.port ?? 0 });
