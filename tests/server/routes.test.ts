/** Which path answers which method, and what do the others hear? */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { rawConnection, rawRequest } from '#tests/server/raw';
import { CHAT, errorIn, MESSAGES, rawErrorIn } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { chatRequest, messagesRequest, startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

let two: TwoTiers;
beforeAll(async () => {
  two = await startTwoTiers();
  two.fast.always(answerSteps('openai-chat', false, plainAnswer('Hello!')));
});
afterAll(async () => {
  expect(two.server.bugs).toEqual([]);
  await two[Symbol.asyncDispose]();
});

const ask = (method: string, path: string): Promise<Response> => fetch(two.server.url + path, { method });

const READ = ['/healthz', '/readyz', '/health', '/metrics', '/v1/models', '/v1/models/chat', '/v1/decisions'];
const WRITTEN = [CHAT, MESSAGES, '/v1/route'];
const dialectOf = (path: string) => (path.startsWith(MESSAGES) ? 'anthropic-messages' : 'openai-chat');

for (const path of READ) {
  test(`GET ${path} answers, and HEAD says the same without a body`, async () => {
    await using connection = await rawConnection(two.server.url);
    await connection.send(rawRequest('GET', path));
    const read = await connection.response();
    await connection.send(rawRequest('HEAD', path));
    const head = await connection.response({ head: true });
    await connection.send(rawRequest('GET', path));
    expect(read?.status).toBe(200);
    expect(head?.status).toBe(200);
    expect(head?.headers['content-type']).toBe(read?.headers['content-type']);
    expect(head?.headers['content-length']).not.toBe('0');
    expect((await connection.response())?.status).toBe(200);
  });

  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'])
    test(`${method} ${path} is refused with the methods that work`, async () => {
      await using connection = await rawConnection(two.server.url);
      await connection.send(rawRequest(method, path));
      const response = await connection.response();
      expect(response?.status).toBe(405);
      expect(response?.headers.allow).toBe('GET, HEAD');
      expect(rawErrorIn('openai-chat', response).code).toBe('method_not_allowed');
    });
}

for (const path of WRITTEN) {
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
    test(`${method} ${path} is refused with the method that works, in the dialect of the path`, async () => {
      const response = await ask(method, path);
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST');
      expect(errorIn(dialectOf(path), await response.text()).message).toBe('this route only accepts POST requests');
    });

  test(`HEAD ${path} is refused without a body`, async () => {
    await using connection = await rawConnection(two.server.url);
    await connection.send(rawRequest('HEAD', path));
    const response = await connection.response({ head: true });
    expect([response?.status, response?.headers.allow]).toEqual([405, 'POST']);
  });
}

test('HEAD /v1/events has the head of the feed and takes no reader’s place', async () => {
  for (let turn = 0; turn < 40; turn++) {
    const response = await ask('HEAD', '/v1/events');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
  }
  const reader = await fetch(`${two.server.url}/v1/events`);
  expect(reader.status).toBe(200);
  await reader.body?.cancel();
});

describe('slashes and queries', () => {
  for (const path of ['/healthz/', '/healthz///', '/v1/models/', '/v1/models?limit=1000', '/readyz?x=1#y', '/healthz?'])
    test(`GET ${path} is the same route`, async () => {
      expect((await ask('GET', path)).status).toBe(200);
    });

  for (const path of [`${CHAT}/`, `${CHAT}?beta=true`, `${CHAT}/?a=b`])
    test(`POST ${path} is served`, async () => {
      const response = await two.server.post(path, chatRequest({ stream: false }));
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'Hello!' } }] });
    });

  for (const path of [`${MESSAGES}?beta=true`, `${MESSAGES}/`])
    test(`POST ${path} is served`, async () => {
      const response = await two.server.post(path, messagesRequest({ stream: false }));
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ content: [{ type: 'text', text: 'Hello!' }] });
    });

  test('a path is matched case-sensitively and never decoded into another', async () => {
    for (const path of ['/V1/models', '/v1/%6dodels', '/v1//models', '/v1/models/chat/more'])
      expect([path, (await ask('GET', path)).status]).toEqual([path, 404]);
  });
});

describe('unknown paths', () => {
  for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'])
    test(`${method} is a 404 that names the path`, async () => {
      const response = await ask(method, '/v1/embeddings?secret=1');
      expect(response.status).toBe(404);
      expect(errorIn('openai-chat', await response.text())).toMatchObject({
        code: 'not_found',
        message: 'no route /v1/embeddings',
      });
    });

  test('below a dialect’s path the answer is in that dialect: 501 is what Messages clients know for it', async () => {
    const response = await ask('POST', `${MESSAGES}/batches`);
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([501, 'false']);
    expect(errorIn('anthropic-messages', await response.text()).type).toBe('not_supported');
  });

  test('a long path is not repeated whole', async () => {
    const response = await ask('GET', `/${'a'.repeat(10_000)}`);
    expect(response.status).toBe(404);
    expect((await response.text()).length).toBeLessThan(500);
  });

  test('HEAD is a 404 without a body', async () => {
    const response = await ask('HEAD', '/api/goodbye');
    expect([response.status, await response.text()]).toEqual([404, '']);
  });

  test('names of Object are no routes', async () => {
    for (const path of ['/constructor', '/__proto__', '/toString', '/v1/models/__proto__', '/v1/decisions/constructor'])
      expect([path, (await ask('GET', path)).status]).toEqual([path, 404]);
  });
});

describe('odd request targets and hosts', () => {
  const target = async (lines: string): Promise<{ status: number | undefined; body: string }> => {
    await using connection = await rawConnection(two.server.url);
    await connection.send(`${lines}\r\n\r\n`);
    const response = await connection.response();
    return { status: response?.status, body: response?.body ?? '' };
  };

  for (const host of ['a', 'gpu', 'localhost', '[::1]:8000', 'a.example:1'])
    test(`the Host ${host} makes no difference`, async () => {
      expect((await target(`GET /v1/models HTTP/1.1\r\nhost: ${host}`)).status).toBe(200);
      expect((await target(`POST /v1/none HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 0`)).status).toBe(404);
    });

  for (const host of ['a b%%', '[::', 'a:b:c', '%', 'a/b c'])
    test(`the Host ${JSON.stringify(host)} is a 400 that says so`, async () => {
      const { status, body } = await target(`GET /v1/models HTTP/1.1\r\nhost: ${host}`);
      expect(status).toBe(400);
      expect(errorIn('openai-chat', body).message).toContain('Host');
    });

  test('an absolute target is served by its path', async () => {
    expect((await target('GET http://elsewhere.example/v1/models HTTP/1.1\r\nhost: here.example')).status).toBe(200);
  });

  test('CONNECT opens nothing', async () => {
    expect((await target('CONNECT models.example:443 HTTP/1.1\r\nhost: models.example')).status).toBe(400);
  });

  test('a name that is no percent-encoding is a 404', async () => {
    expect((await target('GET /v1/models/%zz HTTP/1.1\r\nhost: here')).status).toBe(404);
  });
});
