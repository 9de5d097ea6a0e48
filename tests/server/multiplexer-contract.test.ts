/** Does the multiplexer's front door answer as v0.9 did, path by path and error by error? */
import { describe, expect, test } from 'bun:test';
import { chatTo, startHouse } from '#tests/server/multiplexer-house';
import { until } from '#tests/server/quiet';
import { rawConnection, rawRequest } from '#tests/server/raw';
import { json } from '#tests/support/fake-tier-steps';

const CHAT = '/v1/chat/completions';

test('GET /v1/models lists the registry and loads nothing, with a trailing slash or a query too', async () => {
  await using house = await startHouse();
  for (const path of ['/v1/models', '/v1/models/', '/v1/models?limit=3']) {
    const response = await house.get(path);
    expect([response.status, await response.json()]).toEqual([
      200,
      {
        object: 'list',
        data: [
          { id: 'alpha', object: 'model', owned_by: 'anvil' },
          { id: 'org/beta', object: 'model', owned_by: 'anvil' },
        ],
      },
    ]);
  }
  expect(house.multiplexer.asked).toHaveLength(0);
  expect(house.alpha.accepted + house.beta.accepted).toBe(0);
});

test('one model is found by its name, slash and all', async () => {
  await using house = await startHouse();
  for (const path of ['/v1/models/org/beta', '/v1/models/org%2Fbeta'])
    expect(await (await house.get(path)).json()).toEqual({ id: 'org/beta', object: 'model', owned_by: 'anvil' });
  expect((await house.get('/v1/models/gamma')).status).toBe(404);
});

test('GET /healthz names the resident, or null, and the registry', async () => {
  await using house = await startHouse();
  expect(await (await house.get('/healthz')).json()).toEqual({
    resident: null,
    registry: ['alpha', 'org/beta'],
    residents: [],
  });
  house.multiplexer.slot('org/beta', { state: 'ready' });
  house.multiplexer.slot('alpha', { state: 'loading' });
  expect(await (await house.get('/healthz/')).json()).toMatchObject({ resident: 'org/beta', residents: ['org/beta'] });
  house.multiplexer.slot('alpha', { state: 'draining' });
  expect(await (await house.get('/healthz')).json()).toMatchObject({
    resident: 'alpha',
    residents: ['alpha', 'org/beta'],
  });
  expect(await (await house.get('/healthz?verbose')).json()).toMatchObject({
    resident: 'alpha',
    object: 'slots',
    state: 'serving',
    slots: [{ model: 'alpha' }, { model: 'org/beta' }],
  });
});

test('GET /readyz is 200 only while requests are taken', async () => {
  await using house = await startHouse();
  expect((await house.get('/readyz')).status).toBe(200);
  for (const state of ['starting', 'leaving'] as const) {
    house.multiplexer.set({ state });
    const response = await house.get('/readyz');
    expect([response.status, await response.json()]).toEqual([503, { ready: false, state }]);
  }
});

test('GET /v1/slots is the whole state', async () => {
  await using house = await startHouse();
  expect(await (await house.get('/v1/slots')).json()).toEqual(house.multiplexer.status() as never);
});

describe('errors are those of v0.9', () => {
  const cases: readonly (readonly [what: string, body: string, status: number, type: string, message: string])[] = [
    ['no JSON', '{"model":', 400, 'invalid_request', 'bad body: '],
    ['no object', '[]', 400, 'invalid_request', 'body must be a JSON object'],
    ['nothing at all', '', 400, 'invalid_request', 'bad body: it names no model'],
    ['no model', '{}', 400, 'invalid_request', 'bad body: it names no model'],
    ['a model that is no text', '{"model":7}', 400, 'invalid_request', 'bad body: model must be a string'],
    ['an unknown model', '{"model":"gamma"}', 404, 'model_not_found', 'unknown model "gamma"; known: alpha, org/beta'],
    [
      'too deep',
      `{"model":"alpha","x":${'['.repeat(600)}${']'.repeat(600)}}`,
      400,
      'invalid_request',
      'bad body: nested',
    ],
  ];
  for (const [what, body, status, type, message] of cases)
    test(`${what}: ${status} ${type}`, async () => {
      await using house = await startHouse();
      const response = await house.post(CHAT, body);
      const { error } = (await response.json()) as { error: { type: string; message: string } };
      expect([response.status, error.type]).toEqual([status, type]);
      expect(error.message).toStartWith(message);
      expect(house.multiplexer.asked).toHaveLength(0);
      await until('the visit has ended', () => house.front.visits.count === 0);
    });

  test('an unknown path, or a known one by another method: 404 not_found', async () => {
    await using house = await startHouse();
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/v1/nothing'],
      ['GET', CHAT],
      ['DELETE', '/v1/models'],
      ['POST', '/v1/models'],
      ['POST', '/v1/slots'],
      ['GET', '/v1/slots/alpha/load'],
      ['POST', '/v1/slots/alpha/fly'],
      ['POST', '/v1/slots/%ff/load'],
    ] as const) {
      const response = await fetch(house.url + path, { method });
      const { error } = (await response.json()) as { error: { type: string } };
      expect([path, response.status, error.type]).toEqual([path, 404, 'not_found']);
    }
  });

  test('what a lease is refused for: 503 with Retry-After, position and last lines', async () => {
    const refusals = [
      [{ refused: 'no-memory', message: 'needs 20 GiB, 8 GiB are free' }, 'insufficient_memory', 'no_memory'],
      [
        { refused: 'load-failed', message: 'exited with 1', lines: ['CUDA error'] },
        'backend_unavailable',
        'load_failed',
      ],
      [
        { refused: 'queue-full', message: '64 requests wait', position: 64, retryAfterMs: 1_200 },
        'backend_unavailable',
        'queue_full',
      ],
      [{ refused: 'wait-limit', message: 'too long', position: 3 }, 'backend_unavailable', 'wait_limit'],
      [{ refused: 'unavailable', message: 'the multiplexer leaves' }, 'backend_unavailable', 'unavailable'],
    ] as const;
    for (const [refusal, type, code] of refusals) {
      await using house = await startHouse();
      house.multiplexer.refuse(refusal);
      const response = await house.post(CHAT, chatTo('alpha'));
      const { error } = (await response.json()) as { error: Record<string, unknown> };
      expect([response.status, error.type, error.code]).toEqual([503, type, code]);
      expect(error.message).toContain(refusal.message);
      if (refusal.refused === 'load-failed') {
        expect(error.message).toBe('backend failed to start: exited with 1');
        expect(error.lines).toEqual(['CUDA error']);
      }
      if (refusal.refused === 'queue-full') {
        expect([response.headers.get('retry-after'), error.retry_after_seconds, error.position]).toEqual(['2', 2, 64]);
      }
      expect(house.front.visits.count).toBe(0);
    }
  });

  test('a Messages caller reads them in its own shape', async () => {
    await using house = await startHouse();
    const unknown = await house.post('/v1/messages', chatTo('gamma'));
    expect([unknown.status, await unknown.json()]).toMatchObject([
      404,
      { type: 'error', error: { type: 'not_found_error', code: 'model_not_found' } },
    ]);
    house.multiplexer.refuse({ refused: 'queue-full', message: 'full', retryAfterMs: 5_000 });
    const full = await house.post('/v1/messages', chatTo('alpha'));
    expect([full.status, full.headers.get('retry-after'), await full.json()]).toMatchObject([
      503,
      '5',
      { type: 'error', error: { type: 'overloaded_error', code: 'queue_full', retry_after_seconds: 5 } },
    ]);
  });

  test('a server that cannot be reached: 503 backend_unavailable, without its address', async () => {
    await using house = await startHouse();
    house.multiplexer.holdBack();
    const asking = house.post(CHAT, chatTo('alpha'));
    await until('asked', () => house.multiplexer.asked.length === 1);
    await house.alpha.stop();
    house.multiplexer.asked[0]?.answer();
    const response = await asking;
    const text = await response.text();
    expect(response.status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({ error: { type: 'backend_unavailable', code: 'unreachable' } });
    expect(text).toContain('backend unreachable: ');
    expect(text).not.toContain('127.0.0.1');
    expect(house.multiplexer.out).toBe(0);
  });

  test("the server's own errors are relayed as they are", async () => {
    await using house = await startHouse();
    const body = { object: 'error', message: 'max_tokens is too large', code: 400 };
    house.alpha.always(json(422, body, { 'retry-after': '7', server: 'uvicorn', 'set-cookie': 'a=b' }));
    const response = await house.post(CHAT, chatTo('alpha'));
    expect([response.status, response.headers.get('retry-after'), await response.json()]).toEqual([422, '7', body]);
    expect([response.headers.get('server'), response.headers.get('set-cookie')]).toEqual([null, null]);
    expect(house.multiplexer.out).toBe(0);
  });
});

describe('bodies', () => {
  test('beyond the limit are refused, of known length and of unknown', async () => {
    await using house = await startHouse({ limits: { bodyBytesMax: 1_000 } });
    const big = JSON.stringify(chatTo('alpha', { x: 'y'.repeat(2_000) }));
    expect((await house.post(CHAT, big)).status).toBe(413);
    await using connection = await rawConnection(house.url);
    const chunk = `${big.length.toString(16)}\r\n${big}\r\n0\r\n\r\n`;
    await connection.send(rawRequest('POST', CHAT, { headers: ['transfer-encoding: chunked'], body: chunk }));
    expect((await connection.response())?.status).toBe(413);
    expect(house.multiplexer.asked).toHaveLength(0);
  });

  test('that come in chunks are taken', async () => {
    await using house = await startHouse();
    house.alpha.always(json(200, { fine: true }));
    await using connection = await rawConnection(house.url);
    const body = JSON.stringify(chatTo('alpha'));
    const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    await connection.send(rawRequest('POST', CHAT, { headers: ['transfer-encoding: chunked'], body: chunk }));
    expect((await connection.response())?.body).toBe('{"fine":true}');
    expect(house.alpha.requests[0]?.body).toBe(body);
  });

  test('that break off, or are compressed, end the visit', async () => {
    await using house = await startHouse();
    const connection = await rawConnection(house.url);
    await connection.send(rawRequest('POST', CHAT, { headers: ['content-length: 100'], body: '{"model":' }));
    await until('the visit has begun', () => house.front.visits.count === 1);
    connection.reset();
    await until('it has ended', () => house.front.visits.count === 0);
    const packed = await house.post(CHAT, '{}', { headers: { 'content-encoding': 'gzip' } });
    expect(packed.status).toBe(415);
  });
});

test('a WebSocket handshake is answered 426, so that Codex turns to plain HTTP', async () => {
  await using house = await startHouse();
  await using connection = await rawConnection(house.url);
  await connection.send(rawRequest('GET', '/v1/responses', { headers: ['connection: Upgrade', 'upgrade: websocket'] }));
  expect((await connection.response())?.status).toBe(426);
});

test('models are loaded and unloaded by hand, and the answer says where they are', async () => {
  await using house = await startHouse();
  house.multiplexer.slot('org/beta', { state: 'ready' });
  const loaded = await house.post('/v1/slots/org/beta/load', '');
  expect([loaded.status, await loaded.json()]).toMatchObject([
    200,
    { object: 'slot', model: 'org/beta', state: 'ready' },
  ]);
  expect((await house.post('/v1/slots/alpha/unload', '')).status).toBe(200);
  expect((await house.post('/v1/slots/gamma/load', '')).status).toBe(404);
  expect(house.multiplexer.changes).toEqual(['load org/beta', 'unload alpha']);
  house.multiplexer.refuse({ refused: 'load-failed', message: 'exited with 3', lines: ['boom'] });
  const failed = await house.post('/v1/slots/alpha/load', '');
  expect([failed.status, await failed.json()]).toMatchObject([
    503,
    { error: { code: 'load_failed', lines: ['boom'] } },
  ]);
});

test('/metrics tells of slots', async () => {
  await using house = await startHouse();
  house.multiplexer.slot('alpha', { state: 'ready', leases: 2 });
  const response = await house.get('/metrics');
  const text = await response.text();
  expect(response.headers.get('content-type')).toStartWith('text/plain; version=0.0.4');
  expect(text).toContain('anvil_multiplexer_slot_state{model="alpha"} 2');
  expect(text).toContain('anvil_multiplexer_leases{model="alpha"} 2');
});
