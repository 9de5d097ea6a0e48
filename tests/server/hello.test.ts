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
});

describe('a WebSocket handshake', () => {
  const handshake = (path: string): string =>
    [
      `GET ${path} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Connection: Upgrade',
      'Upgrade: websocket',
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

  test('elsewhere is a request like any other', async () => {
    await using two = await startTwoTiers();
    await using connection = await rawConnection(two.server.url);
    await connection.send(handshake('/v1/nothing'));
    expect((await connection.response())?.status).toBe(404);
  });

  test('a GET without one is still the wrong method', async () => {
    await using two = await startTwoTiers();
    expect((await two.server.get('/v1/responses')).status).toBe(405);
  });
});
