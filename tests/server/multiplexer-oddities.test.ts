/** What do callers get who are within their rights, but not as usual: old HTTP, another content type, many at a time? */
import { expect, test } from 'bun:test';
import { chatTo, startHouse } from '#tests/server/multiplexer-house';
import { rawConnection } from '#tests/server/raw';
import { json } from '#tests/support/fake-tier-steps';

test('HTTP/1.0 without a Host, as health checks of load balancers send it, is answered', async () => {
  await using house = await startHouse();
  house.alpha.always(json(200, { fine: true }));
  const body = JSON.stringify(chatTo('alpha'));
  const asked: readonly (readonly [head: string, body: string, said: string])[] = [
    ['GET /healthz HTTP/1.0', '', '"registry":["alpha","org/beta"]'],
    ['GET /readyz?now HTTP/1.0', '', '"ready":true'],
    ['GET /v1/slots HTTP/1.0', '', '"object":"slots"'],
    [`POST /v1/chat/completions HTTP/1.0\r\ncontent-length: ${body.length}`, body, '"fine":true'],
    ['POST /v1/slots/org%2Fbeta/load HTTP/1.0', '', '"model":"org/beta"'],
  ];
  for (const [head, sent, said] of asked) {
    await using connection = await rawConnection(house.url);
    await connection.send(`${head}\r\n\r\n${sent}`);
    const response = await connection.response();
    expect<unknown>([head, response?.status]).toEqual([head, 200]);
    expect(response?.body).toContain(said);
    await connection.closed;
  }
});

test('a path that begins with two slashes names no host', async () => {
  await using house = await startHouse();
  await using connection = await rawConnection(house.url);
  await connection.send('GET //elsewhere/healthz HTTP/1.0\r\n\r\n');
  expect((await connection.response())?.status).toBe(404);
});

test('a status that HTTP does not know, or a redirect, is no answer', async () => {
  await using house = await startHouse();
  for (const stream of [true, false])
    for (const status of [301, 307, 999]) {
      house.alpha.reply(json(status, {}));
      const response = await house.post('/v1/chat/completions', chatTo('alpha', { stream }));
      expect([response.status, await response.json()]).toMatchObject([
        503,
        {
          error: { type: 'backend_unavailable', code: 'broken', message: expect.stringContaining(`status ${status}`) },
        },
      ]);
    }
  expect([house.bugs, house.multiplexer.out]).toEqual([[], 0]);
});

test('a body that is JSON goes on as JSON, whatever the caller called it', async () => {
  await using house = await startHouse();
  house.alpha.always(json(200, {}));
  for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/json; charset=utf-8'])
    await house.post('/v1/chat/completions', chatTo('alpha'), { headers: { 'content-type': type } });
  const types = house.alpha.requests.map(({ headers }) => headers['content-type']);
  expect(types).toEqual(['application/json', 'application/json', 'application/json']);
});
