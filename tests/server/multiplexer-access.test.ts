/** Who may use the multiplexer, and what does somebody without the token learn? */
import { expect, test } from 'bun:test';
import { chatTo, startHouse } from '#tests/server/multiplexer-house';
import { json } from '#tests/support/fake-tier-steps';

const PATHS = [
  ['GET', '/v1/models'],
  ['GET', '/v1/slots'],
  ['GET', '/v1/slots/events'],
  ['GET', '/metrics'],
  ['GET', '/healthz?verbose'],
  ['GET', '/v1/nothing'],
  ['POST', '/v1/chat/completions'],
  ['POST', '/v1/embeddings'],
  ['POST', '/v1/slots/alpha/load'],
  ['POST', '/v1/slots/gamma/unload'],
] as const;

test('with a token set, every path but the two health checks wants it, and tells nothing without', async () => {
  await using house = await startHouse({ token: 'sesame-street' });
  for (const headers of [{}, { authorization: 'Bearer wrong' }, { 'x-api-key': 'sesame-stree' }] as Record<
    string,
    string
  >[])
    for (const [method, path] of PATHS) {
      const response = await fetch(house.url + path, { method, headers });
      const text = await response.text();
      expect([path, response.status, JSON.parse(text)]).toMatchObject([path, 401, { error: { type: 'unauthorized' } }]);
      expect(text).not.toContain('alpha');
    }
  expect(house.multiplexer.changes).toEqual([]);
  expect((await house.get('/healthz')).status).toBe(200);
  expect((await house.get('/readyz')).status).toBe(200);
});

test('the token is taken in either header', async () => {
  await using house = await startHouse({ token: 'sesame-street' });
  house.alpha.always(json(200, {}));
  for (const headers of [{ authorization: 'Bearer sesame-street' }, { 'x-api-key': 'sesame-street' }] as Record<
    string,
    string
  >[]) {
    expect((await house.get('/v1/slots', headers)).status).toBe(200);
    expect((await house.post('/v1/messages', chatTo('alpha'), { headers })).status).toBe(200);
  }
  const refused = await house.post('/v1/messages', chatTo('alpha'));
  expect(await refused.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } });
});

test('a request with too many headers is turned away', async () => {
  await using house = await startHouse({ limits: { headerCountMax: 20 } });
  const headers = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`x-many-${index}`, '1']));
  expect((await house.get('/v1/slots', headers)).status).toBe(431);
});
