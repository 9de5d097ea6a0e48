/** What do callers hear that only look whether anybody is there, or that want a WebSocket? */
import { describe, expect, test } from 'bun:test';
import { rawConnection, rawRequest } from '#tests/server/raw';
import { startTwoTiers } from '#tests/support/two-tiers';

const GUARDED = { tables: '[server]\nauth_env = "TEST_TOKEN"\n', env: { TEST_TOKEN: 'secret-1' } };

test('HEAD and GET /api/hello are answered at once, without a token, and say nothing', async () => {
  await using two = await startTwoTiers(GUARDED);
  for (const path of ['/api/hello', '/api/hello/', '/api/hello?x=1']) {
    const head = await fetch(two.server.url + path, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const got = await two.server.get(path);
    expect([got.status, await got.json()]).toEqual([200, { status: 'ok' }]);
  }
  expect((await two.server.post('/api/hello', {})).status).toBe(401);
  const authorization = 'Bearer secret-1';
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const other = await fetch(`${two.server.url}/api/hello`, { method, headers: { authorization } });
    expect([method, other.status, other.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD']);
  }
});

describe('a WebSocket handshake', () => {
  const handshake = (path: string, upgrade = 'websocket'): string =>
    [
      `GET ${path} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Connection: Upgrade',
      `Upgrade: ${upgrade}`,
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'OpenAI-Beta: responses_websockets=2026-02-06',
      '\r\n',
    ].join('\r\n');

  for (const path of ['/v1/responses', '/v1/chat/completions', '/v1/messages'])
    test(`on ${path} is answered 426 with a way out, token or not`, async () => {
      await using two = await startTwoTiers(GUARDED);
      await using connection = await rawConnection(two.server.url);
      await connection.send(handshake(path));
      const response = await connection.response();
      expect(response?.status).toBe(426);
      expect(response?.headers.upgrade).toBe('HTTP/1.1');
      expect(JSON.parse(response?.body ?? '')).toMatchObject({ error: { code: 'upgrade_required' } });
      // The connection is good for the HTTP request that follows.
      await connection.send(rawRequest('GET', '/healthz'));
      expect((await connection.response())?.status).toBe(200);
    });

  test('is known in any case, and among other protocols', async () => {
    await using two = await startTwoTiers(GUARDED);
    for (const upgrade of ['WebSocket', 'h2c, websocket', 'websocket,foo/2']) {
      await using connection = await rawConnection(two.server.url);
      await connection.send(handshake('/v1/responses', upgrade));
      expect([upgrade, (await connection.response())?.status]).toEqual([upgrade, 426]);
    }
  });

  test('with a body is answered alike, and the body is not read as the next request', async () => {
    await using two = await startTwoTiers();
    await using connection = await rawConnection(two.server.url);
    const headers = ['connection: Upgrade', 'upgrade: websocket'];
    await connection.send(rawRequest('GET', '/v1/responses', { headers, body: 'GET /v1/nothing HTTP/1.1\r\n\r\n' }));
    expect((await connection.response())?.status).toBe(426);
    await connection.send(rawRequest('GET', '/healthz'));
    expect((await connection.response())?.status).toBe(200);
  });

  test('elsewhere is a request like any other', async () => {
    await using two = await startTwoTiers();
    for (const [path, status] of [
      ['/v1/nothing', 404],
      ['/v1/models', 200],
      ['/v1/route', 405],
      ['/v1/messages/count_tokens', 405],
      ['/api/hello', 200],
      ['/readyz', 200],
    ] as const) {
      await using connection = await rawConnection(two.server.url);
      await connection.send(handshake(path));
      expect([path, (await connection.response())?.status]).toEqual([path, status]);
    }
  });

  test('by POST is the POST that it is', async () => {
    await using two = await startTwoTiers();
    await using connection = await rawConnection(two.server.url);
    const headers = ['connection: Upgrade', 'upgrade: websocket'];
    await connection.send(rawRequest('POST', '/v1/responses', { headers, body: '{}' }));
    expect((await connection.response())?.status).toBe(400);
  });

  test('a GET without one is still the wrong method', async () => {
    await using two = await startTwoTiers();
    expect((await two.server.get('/v1/responses')).status).toBe(405);
  });
});
