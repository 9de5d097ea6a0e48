/** Who is let in, by which header, and what does everybody else learn? */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { rawConnection, rawRequest } from '#tests/server/raw';
import { CHAT, errorIn, MESSAGES, PATH } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { chatRequest, messagesRequest, startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

const MAIN = 'main-secret-of-the-house';
const LAPTOP = 'laptop-secret-of-the-house';

let two: TwoTiers;
beforeAll(async () => {
  two = await startTwoTiers({
    tables:
      '[server]\nauth_env = "TEST_TOKEN"\n[[server.tokens]]\nname = "laptop"\nenv = "TEST_TOKEN_LAPTOP"\n' +
      '[router.limits]\nbody_bytes_max = 100000\n',
    env: { TEST_TOKEN: MAIN, TEST_TOKEN_LAPTOP: LAPTOP },
  });
  two.fast.always(answerSteps('openai-chat', false, plainAnswer('Hello!')));
});
afterAll(async () => {
  expect(two.server.bugs).toEqual([]);
  await two[Symbol.asyncDispose]();
});

const chat = (headers: Record<string, string>): Promise<Response> =>
  two.server.post(CHAT, chatRequest({ stream: false }), { headers });
const tokenOf = async (response: Response): Promise<string | undefined> =>
  (await two.server.record(response.headers.get('x-anvil-decision') ?? '')).token;

describe('accepted', () => {
  const cases: readonly (readonly [string, Record<string, string>])[] = [
    ['Bearer', { authorization: `Bearer ${MAIN}` }],
    ['bearer in lower case', { authorization: `bearer ${MAIN}` }],
    ['Bearer with blanks around the token', { authorization: `BEARER   ${MAIN}  ` }],
    ['x-api-key', { 'x-api-key': MAIN }],
    ['x-api-key with blanks', { 'x-api-key': `  ${MAIN} ` }],
    ['a valid x-api-key beside another scheme', { authorization: 'Basic dXNlcjpwYXNz', 'x-api-key': MAIN }],
    ['a valid x-api-key beside an empty Bearer', { authorization: 'Bearer', 'x-api-key': MAIN }],
    ['a valid x-api-key beside a wrong Bearer', { authorization: 'Bearer sk-of-the-harness', 'x-api-key': MAIN }],
    ['a valid Bearer beside a wrong x-api-key', { authorization: `Bearer ${MAIN}`, 'x-api-key': 'sk-ant-other' }],
  ];
  for (const [name, headers] of cases)
    test(`${name} is let in`, async () => {
      const response = await chat(headers);
      expect(response.status).toBe(200);
      expect(await tokenOf(response)).toBe('default');
    });

  test('a second named token is let in, and the record names it, not its value', async () => {
    const response = await chat({ authorization: `Bearer ${LAPTOP}` });
    expect(response.status).toBe(200);
    expect(await tokenOf(response)).toBe('laptop');
  });
});

describe('refused', () => {
  const cases: readonly (readonly [string, Record<string, string>])[] = [
    ['nothing', {}],
    ['a wrong Bearer', { authorization: 'Bearer wrong' }],
    ['a wrong x-api-key', { 'x-api-key': 'wrong' }],
    ['the start of the token', { 'x-api-key': MAIN.slice(0, -1) }],
    ['the token and more', { 'x-api-key': `${MAIN}x` }],
    ['the token in another scheme', { authorization: `Basic ${MAIN}` }],
    ['the token without a scheme', { authorization: MAIN }],
    ['the token in capitals', { 'x-api-key': MAIN.toUpperCase() }],
    ['the name of a token', { 'x-api-key': 'default' }],
    ['empty headers', { authorization: '', 'x-api-key': '' }],
    ['two tokens in one header', { 'x-api-key': `${MAIN}, ${MAIN}` }],
  ];
  for (const dialect of ['openai-chat', 'anthropic-messages'] as const) {
    for (const [name, headers] of cases)
      test(`${name} is a 401 of one shape in ${dialect}`, async () => {
        const response = await two.server.post(PATH[dialect], 'not even JSON', { headers });
        expect(response.status).toBe(401);
        expect(response.headers.get('www-authenticate')).toBeNull();
        expect<unknown>(errorIn(dialect, await response.text())).toEqual(
          dialect === 'openai-chat'
            ? {
                message: 'invalid or missing API key',
                type: 'authentication_error',
                param: null,
                code: 'invalid_api_key',
              }
            : { message: 'invalid or missing API key', type: 'authentication_error' },
        );
      });
  }

  test('a refusal is recorded without the token that was tried', async () => {
    const response = await two.server.post(MESSAGES, messagesRequest(), {
      headers: { 'x-api-key': 'tried-and-refused' },
    });
    const record = await two.server.record(response.headers.get('x-anvil-decision') ?? '');
    expect(record).toMatchObject({ outcome: 'refused', status: 401, failure: 'unauthorized' });
    expect(JSON.stringify(record)).not.toContain('tried-and-refused');
  });

  test('no tier was asked', () => {
    expect(two.heavy.requests.length).toBe(0);
  });
});

describe('order', () => {
  test('who may not enter cannot tell a path that exists from one that does not', async () => {
    const paths = ['/v1/models', '/v1/none', '/health', '/metrics', '/v1/decisions', '/v1/events', '/v1/route', '/'];
    for (const method of ['GET', 'POST', 'DELETE']) {
      const said = await Promise.all(
        paths.map(async (path) => {
          const response = await fetch(two.server.url + path, { method });
          const { request_id, ...document } = (await response.json()) as Record<string, unknown>;
          return { status: response.status, document, known: typeof request_id };
        }),
      );
      for (const one of said) expect<unknown>(one).toEqual(said[0]);
      expect(said[0]?.status).toBe(401);
    }
  });

  test('the token comes before the size, the framing and the content of the body', async () => {
    for (const headers of [['content-length: 99999999'], ['content-encoding: gzip', 'content-length: 3']]) {
      await using connection = await rawConnection(two.server.url);
      await connection.send(rawRequest('POST', CHAT, { headers, body: '{"a' }));
      expect((await connection.response())?.status).toBe(401);
    }
  });

  test('after a 401 the body that came with it is skipped, and the connection serves the next request', async () => {
    await using connection = await rawConnection(two.server.url);
    const body = JSON.stringify(chatRequest({ stream: false }));
    await connection.send(rawRequest('POST', CHAT, { body }));
    await connection.send(rawRequest('POST', CHAT, { body, headers: [`x-api-key: ${MAIN}`] }));
    expect((await connection.response())?.status).toBe(401);
    expect((await connection.response())?.status).toBe(200);
  });
});

describe('health', () => {
  test('/healthz and /readyz ask nobody for a token', async () => {
    for (const path of ['/healthz', '/readyz', '/healthz/', '/healthz?probe=1']) {
      expect((await two.server.get(path)).status).toBe(200);
      expect((await fetch(two.server.url + path, { method: 'HEAD' })).status).toBe(200);
    }
  });

  test('/healthz has the fields of v0.9 and tells a stranger nothing else', async () => {
    expect(await (await two.server.get('/healthz')).json()).toEqual({
      status: 'ok',
      ready: true,
      dialects: ['anthropic', 'openai'],
      routes: ['/v1/chat/completions', '/v1/messages', '/v1/responses', '/v1/route'],
    });
  });

  test('/healthz?verbose asks for a token, then shows tiers and breakers, but no address and no secret', async () => {
    expect((await two.server.get('/healthz?verbose')).status).toBe(401);
    const response = await two.server.get('/healthz?verbose', { 'x-api-key': MAIN });
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({
      status: 'ok',
      in_flight: 0,
      config: { mapping_version: 'test.1' },
      tiers: [
        { id: 'fast-local', model: 'fast', breaker: { state: 'closed' }, load: { inFlight: 0, waiting: 0 } },
        { id: 'heavy-local', model: 'heavy', breaker: { state: 'closed' } },
      ],
    });
    for (const secret of [MAIN, LAPTOP, two.fast.url]) expect(text).not.toContain(secret);
  });
});
