/** What do framing tricks, half requests and oversized heads come to, byte for byte on the wire? */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { quiet, until } from '#tests/server/quiet';
import { type RawResponse, rawConnection, rawRequest } from '#tests/server/raw';
import { CHAT, MESSAGES, PATH, rawErrorIn } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { chatRequest, messagesRequest, startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

const BODY_BYTES_MAX = 100_000;
const GOOD = JSON.stringify(chatRequest({ stream: false }));

let two: TwoTiers;
beforeAll(async () => {
  two = await startTwoTiers({ tables: `[router.limits]\nbody_bytes_max = ${BODY_BYTES_MAX}\n` });
  two.fast.always((request) =>
    answerSteps('openai-chat', (request.json as { stream?: boolean }).stream === true, plainAnswer('Hello!')),
  );
});
afterEach(async () => {
  const response = await two.server.post(CHAT, GOOD);
  expect(response.status).toBe(200);
  await response.text();
  await quiet(two.server);
});
afterAll(async () => {
  expect(two.server.bugs).toEqual([]);
  await two[Symbol.asyncDispose]();
});

/** Sends bytes on a connection of their own and returns the first response. */
const sent = async (...pieces: readonly (string | Uint8Array)[]): Promise<RawResponse | undefined> => {
  await using connection = await rawConnection(two.server.url);
  for (const piece of pieces) await connection.send(piece);
  return await connection.response();
};

const post = (headers: readonly string[], body: string | Uint8Array = GOOD, path = CHAT): Uint8Array =>
  rawRequest('POST', path, { headers, body });

const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

describe('Bun itself answers 400 with an empty body and closes', () => {
  const length = Buffer.byteLength(GOOD);
  const cases: Readonly<Record<string, string | Uint8Array>> = {
    'Content-Length before Transfer-Encoding': post(['content-length: 5', 'transfer-encoding: chunked'], '0\r\n\r\n'),
    'Transfer-Encoding before Content-Length': post(['transfer-encoding: chunked', 'content-length: 5'], '0\r\n\r\n'),
    'two lengths that differ': post([`content-length: ${length}`, `content-length: ${length + 1}`]),
    'a list of lengths': post([`content-length: ${length}, ${length}`]),
    'a length with a sign': post([`content-length: +${length}`]),
    'a negative length': post(['content-length: -1']),
    'a hexadecimal length': post(['content-length: 0x10']),
    'a length with an underscore': post(['content-length: 1_0']),
    'a length with a blank inside': post(['content-length: 1 0']),
    'an empty length': post(['content-length: ']),
    'a length beyond all numbers': post(['content-length: 99999999999999999999999']),
    'a length in words': post(['content-length: many']),
    'Transfer-Encoding: identity': post(['transfer-encoding: identity']),
    'Transfer-Encoding: gzip, chunked': post(['transfer-encoding: gzip, chunked'], `${chunk(GOOD)}0\r\n\r\n`),
    'chunked twice': post(['transfer-encoding: chunked', 'transfer-encoding: chunked'], `${chunk(GOOD)}0\r\n\r\n`),
    'a chunk without a size': post(['transfer-encoding: chunked'], 'zz\r\nabc\r\n0\r\n\r\n'),
    'a chunk longer than its size': post(['transfer-encoding: chunked'], '2\r\nabcdef\r\n0\r\n\r\n'),
    'a blank before the colon': post([`content-length : ${length}`]),
    'a folded header': post(['x-a: one', ' two']),
    'a NUL in a header': post(['x-a: one\0two']),
    'no Host': `POST ${CHAT} HTTP/1.1\r\ncontent-length: ${length}\r\n\r\n${GOOD}`,
    'no HTTP at all': 'SSH-2.0-OpenSSH_9.9\r\n\r\n',
    'a TLS handshake': Buffer.from('16030100a5010000a10303', 'hex'),
  };
  for (const [name, bytes] of Object.entries(cases))
    test(name, async () => {
      await using connection = await rawConnection(two.server.url);
      await connection.send(bytes);
      if (name === 'a TLS handshake') await connection.send('\r\n\r\n');
      const response = await connection.response();
      expect([response?.status, response?.body]).toEqual([400, '']);
      await connection.closed;
    });
});

describe('Bun itself answers 431 with an empty body and closes', () => {
  const cases: Readonly<Record<string, Uint8Array>> = {
    'a header of 1 MB': post([`x-padding: ${'p'.repeat(1024 * 1024)}`]),
    'a thousand headers': post(Array.from({ length: 1000 }, (_, at) => `x-${at}: 1`)),
    'a path of 1 MB': rawRequest('POST', `/${'p'.repeat(1024 * 1024)}`, { body: GOOD }),
  };
  for (const [name, bytes] of Object.entries(cases))
    test(name, async () => {
      await using connection = await rawConnection(two.server.url);
      await connection.send(bytes);
      expect((await connection.response())?.status).toBe(431);
      await connection.closed;
    });
});

test('Bun itself closes without an answer on a method it does not know', async () => {
  for (const method of ['FOO', 'get', 'POSTT']) expect(await sent(rawRequest(method, '/healthz'))).toBeUndefined();
});

describe('what reaches us is refused in the caller’s dialect', () => {
  for (const dialect of ['openai-chat', 'anthropic-messages'] as const) {
    const body = dialect === 'openai-chat' ? GOOD : JSON.stringify(messagesRequest({ stream: false }));
    const to = (headers: readonly string[], sending: string | Uint8Array = body): Uint8Array =>
      post(headers, sending, PATH[dialect]);

    test(`${dialect}: the same length twice is a 400`, async () => {
      const length = `content-length: ${Buffer.byteLength(body)}`;
      const response = await sent(to([length, length]));
      expect(response?.status).toBe(400);
      expect(rawErrorIn(dialect, response).message).toContain('Content-Length');
    });

    test(`${dialect}: more headers than the limit are a 431`, async () => {
      const response = await sent(to(Array.from({ length: 120 }, (_, at) => `x-${at}: 1`)));
      expect(response?.status).toBe(431);
      expect(rawErrorIn(dialect, response).message).toContain('headers');
    });

    test(`${dialect}: a body over the cap is a 413, told before it was sent`, async () => {
      const response = await sent(to([`content-length: ${BODY_BYTES_MAX + 1}`], ''));
      expect(response?.status).toBe(413);
      expect(rawErrorIn(dialect, response).message).toContain(String(BODY_BYTES_MAX));
    });

    test(`${dialect}: a chunked body over the cap is a 413 as soon as it passes it`, async () => {
      const response = await sent(
        to(['transfer-encoding: chunked'], ''),
        chunk('x'.repeat(BODY_BYTES_MAX)),
        chunk('one too many'),
      );
      expect(response?.status).toBe(413);
      rawErrorIn(dialect, response);
    });

    for (const encoding of ['gzip', 'br', 'zstd', 'deflate'])
      test(`${dialect}: a ${encoding} body is a 415`, async () => {
        const response = await sent(to([`content-encoding: ${encoding}`], Bun.gzipSync(body)));
        expect(response?.status).toBe(415);
        expect(rawErrorIn(dialect, response).message).toContain(encoding);
      });
  }

  test('a body of exactly the cap is read', async () => {
    const padding = 'x'.repeat(BODY_BYTES_MAX - Buffer.byteLength(JSON.stringify({ ...JSON.parse(GOOD), user: '' })));
    const body = JSON.stringify({ ...JSON.parse(GOOD), user: padding });
    expect(Buffer.byteLength(body)).toBe(BODY_BYTES_MAX);
    expect((await sent(post([], body)))?.status).toBe(200);
  });
});

describe('sound framing of other kinds is served', () => {
  test('a chunked body, cut anywhere', async () => {
    const pieces = [...GOOD].map((letter) => chunk(letter));
    expect((await sent(post(['transfer-encoding: chunked'], ''), ...pieces, '0\r\n\r\n'))?.status).toBe(200);
  });

  test('chunk extensions and trailers', async () => {
    const body = `${Buffer.byteLength(GOOD).toString(16)};name=value\r\n${GOOD}\r\n0\r\n\r\n`;
    expect((await sent(post(['transfer-encoding: chunked'], body)))?.status).toBe(200);
  });

  test('a head and a body that arrive byte by byte', async () => {
    const bytes = post([]);
    await using connection = await rawConnection(two.server.url);
    for (const byte of bytes) await connection.send(Buffer.from([byte]));
    expect((await connection.response())?.status).toBe(200);
  });

  test('Expect: 100-continue gets its 100, then the answer', async () => {
    await using connection = await rawConnection(two.server.url);
    await connection.send(
      rawRequest('POST', CHAT, { headers: ['expect: 100-continue', `content-length: ${GOOD.length}`] }),
    );
    expect((await connection.response())?.status).toBe(100);
    await connection.send(GOOD);
    expect((await connection.response())?.status).toBe(200);
  });

  test('an Expect that nobody knows is ignored', async () => {
    expect((await sent(post(['expect: the-unexpected'])))?.status).toBe(200);
  });

  test('HTTP/1.0 gets a whole answer and a closed connection', async () => {
    await using connection = await rawConnection(two.server.url);
    await connection.send(rawRequest('POST', CHAT, { version: 'HTTP/1.0', body: GOOD }));
    const response = await connection.response();
    expect([response?.status, response?.headers['transfer-encoding']]).toEqual([200, undefined]);
    await connection.closed;
  });

  test('HTTP/1.0 without a Host, as health checks of load balancers send it, is answered', async () => {
    await using connection = await rawConnection(two.server.url);
    await connection.send('GET /healthz HTTP/1.0\r\n\r\n');
    expect((await connection.response())?.status).toBe(200);
  });

  test('HTTP/1.0 streams bare events, ended by the close', async () => {
    await using connection = await rawConnection(two.server.url);
    await connection.send(rawRequest('POST', CHAT, { version: 'HTTP/1.0', body: JSON.stringify(chatRequest()) }));
    const response = await connection.response();
    expect(response?.headers['transfer-encoding']).toBeUndefined();
    expect(response?.body).toStartWith('data: {');
    expect(response?.body).toContain('data: [DONE]');
  });

  test('pipelined requests are answered in order where each is answered at once', async () => {
    await using connection = await rawConnection(two.server.url);
    const health = rawRequest('GET', '/healthz');
    await connection.send(Buffer.concat([health, rawRequest('GET', '/v1/models'), post([], '{'), health]));
    const seen: unknown[] = [];
    for (let turn = 0; turn < 4; turn++) seen.push((await connection.response())?.status);
    expect(seen).toEqual([200, 200, 400, 200]);
  });

  test('Bun itself closes a connection that pipelines behind an unanswered request, which is then cancelled', async () => {
    await using connection = await rawConnection(two.server.url);
    two.fast.reply([{ hang: true }]);
    const index = two.fast.requests.length;
    await connection.send(post([]));
    await until('the tier is asked', () => two.fast.requests.length > index);
    await connection.send(rawRequest('GET', '/healthz'));
    expect(await connection.response()).toBeUndefined();
    await two.fast.callerClosed(index);
  });

  test('a GET with a body is answered and the body skipped', async () => {
    await using connection = await rawConnection(two.server.url);
    await connection.send(rawRequest('GET', '/v1/models', { body: 'GET /nothing HTTP/1.1' }));
    await connection.send(rawRequest('GET', '/healthz'));
    expect((await connection.response())?.body).toContain('"list"');
    expect((await connection.response())?.body).toContain('"ok"');
  });

  test('after a 413 the rest of the body is skipped and the connection goes on', async () => {
    for (const path of [CHAT, MESSAGES, '/v1/route']) {
      await using connection = await rawConnection(two.server.url);
      await connection.send(rawRequest('POST', path, { body: 'x'.repeat(BODY_BYTES_MAX * 20) }));
      expect((await connection.response())?.status).toBe(413);
      await connection.send(post([]));
      expect((await connection.response())?.status).toBe(200);
    }
  });
});

describe('half requests', () => {
  test('a caller that leaves in mid-body leaves nothing behind', async () => {
    for (const headers of [['content-length: 5000'], ['transfer-encoding: chunked']]) {
      const connection = await rawConnection(two.server.url);
      await connection.send(post(headers, '3\r\n{"a\r\n'));
      // The next request on another connection is answered after the server saw this one.
      expect((await sent(post([])))?.status).toBe(200);
      connection.reset();
      await connection.closed;
    }
  });

  test('a caller that leaves in mid-head leaves nothing behind', async () => {
    const connection = await rawConnection(two.server.url);
    await connection.send('POST /v1/chat/comp');
    connection.reset();
    await connection.closed;
  });
});

test('a thousand bad requests leave no memory behind', async () => {
  const kinds = [
    post(['content-length: 5', 'transfer-encoding: chunked'], '0\r\n\r\n'),
    post([`x-padding: ${'p'.repeat(30_000)}`]),
    post([], 'x'.repeat(BODY_BYTES_MAX + 1)),
    post([], '['.repeat(BODY_BYTES_MAX - 1)),
    post(['content-encoding: gzip'], 'x'.repeat(BODY_BYTES_MAX - 1)),
  ];
  const round = async (): Promise<void> => {
    for (let turn = 0; turn < 40; turn++) await Promise.all(kinds.map((bytes) => sent(bytes)));
    Bun.gc(true);
  };
  await round();
  const before = process.memoryUsage().rss;
  for (let turn = 0; turn < 4; turn++) await round();
  expect(process.memoryUsage().rss - before).toBeLessThan(48 * 1024 * 1024);
}, 60_000);
