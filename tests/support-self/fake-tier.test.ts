/** Does the fake tier do on the wire what its script says, and tell the truth about its callers? */

import { describe, expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import { settle } from '#tests/support/clock';
import { startFakeTier } from '#tests/support/fake-tier';
import { json, type Step, sse, sseHead } from '#tests/support/fake-tier-steps';
import { rejectionOf } from '#tests/support/rejection';

const post = (url: string, body: unknown, init: RequestInit = {}): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body), ...init });

/** A caller without HTTP of its own: sends text, keeps what comes back as the separate reads it came in. */
const rawCaller = async (port: number) => {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const reads: string[] = [];
  const closed = Promise.withResolvers<string>();
  let ending = 'fin';
  socket.on('data', (chunk: Buffer) => reads.push(chunk.toString('latin1')));
  socket.on('error', (error: Error & { code?: string }) => {
    ending = error.code ?? 'error';
  });
  socket.on('close', () => closed.resolve(ending));
  const connected = Promise.withResolvers<void>();
  socket.once('connect', connected.resolve);
  await connected.promise;
  return { socket, reads, closed: closed.promise };
};

const HEAD = 'POST /v1/x?beta=true HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 7\r\n\r\n';

describe('what the tier sees', () => {
  test('a request arrives with method, path, query, joined headers and parsed body', async () => {
    await using tier = await startFakeTier();
    tier.reply(json(200, { ok: true }));
    const caller = await rawCaller(tier.port);
    caller.socket.write(`${HEAD}{"a":1}`);
    const seen = await tier.nextRequest();
    expect(seen).toMatchObject({
      index: 0,
      connection: 0,
      method: 'POST',
      path: '/v1/x',
      query: '?beta=true',
      body: '{"a":1}',
      json: { a: 1 },
    });
    expect(seen.headers['x-one']).toBe('1, 2');
    caller.socket.destroy();
  });

  test('a request split at every byte is the same request', async () => {
    await using tier = await startFakeTier();
    tier.reply(json(200, {}));
    const caller = await rawCaller(tier.port);
    for (const character of `${HEAD}{"a":1}`) {
      caller.socket.write(character);
      await settle();
    }
    expect((await tier.nextRequest()).json).toEqual({ a: 1 });
    caller.socket.destroy();
  });

  test('chunked request bodies and Expect: 100-continue are understood', async () => {
    await using tier = await startFakeTier();
    tier.reply(json(200, {}));
    const caller = await rawCaller(tier.port);
    caller.socket.write('POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n');
    while (caller.reads.join('') !== 'HTTP/1.1 100 Continue\r\n\r\n') await settle();
    caller.socket.write('3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n');
    expect((await tier.nextRequest()).json).toEqual({ a: 1 });
    caller.socket.destroy();
  });

  test('requests keep the order of arrival and one connection serves several', async () => {
    await using tier = await startFakeTier();
    tier.always(json(200, { ok: true }));
    for (const turn of [1, 2, 3]) await (await post(tier.url, { turn })).text();
    expect(tier.requests.map((request) => request.json)).toEqual([{ turn: 1 }, { turn: 2 }, { turn: 3 }]);
    expect(tier.accepted).toBe(1);
    expect(tier.open).toBe(1);
  });

  test('what is no HTTP is dropped without harm', async () => {
    await using tier = await startFakeTier();
    const caller = await rawCaller(tier.port);
    caller.socket.write('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n');
    await caller.closed;
    expect(tier.requests).toEqual([]);
  });
});

describe('which reply is played', () => {
  test('queued replies are used up in order, then the fallback answers, then an explicit 501', async () => {
    await using tier = await startFakeTier();
    tier.reply(json(200, { n: 1 })).reply(json(200, { n: 2 }));
    expect(await (await post(tier.url, {})).json()).toEqual({ n: 1 });
    expect(await (await post(tier.url, {})).json()).toEqual({ n: 2 });
    expect((await post(tier.url, {})).status).toBe(501);
    tier.always(json(418, {}));
    expect((await post(tier.url, {})).status).toBe(418);
  });

  test('a predicate picks its own requests and leaves the others alone', async () => {
    await using tier = await startFakeTier();
    tier.reply(json(503, {}), (request) => (request.json as { model?: string }).model === 'bad');
    tier.reply(json(200, {}));
    expect((await post(tier.url, { model: 'good' })).status).toBe(200);
    expect((await post(tier.url, { model: 'bad' })).status).toBe(503);
  });

  test('a handler may compute its reply from the request, even step by step', async () => {
    await using tier = await startFakeTier();
    tier.always(async function* (request): AsyncGenerator<Step> {
      yield sseHead();
      yield { chunk: `data: ${request.method}\n\n` };
    });
    expect(await (await post(tier.url, {})).text()).toBe('data: POST\n\n');
  });

  test('a handler that throws breaks the connection off and says why', async () => {
    await using tier = await startFakeTier();
    tier.always(() => {
      throw new Error('script is wrong');
    });
    expect((await rejectionOf(post(tier.url, {}))).code).toBe('ECONNRESET');
    expect((await rejectionOf(tier.replied(0))).message).toContain('script is wrong');
  });

  test('/v1/models is served from a list of ids', async () => {
    await using tier = await startFakeTier();
    tier.models(['one', 'two']);
    const list = (await (await fetch(`${tier.url}/v1/models`)).json()) as { data: { id: string }[] };
    expect(list.data.map((model) => model.id)).toEqual(['one', 'two']);
  });
});

describe('what leaves the tier', () => {
  test('every chunk is one write with its own chunk header', async () => {
    await using tier = await startFakeTier();
    tier.reply([{ status: 200, reason: 'Fine' }, { chunk: 'ab' }, { chunk: 'cde' }]);
    const caller = await rawCaller(tier.port);
    caller.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    while (!caller.reads.join('').endsWith('0\r\n\r\n')) await settle();
    expect(caller.reads.slice(1)).toEqual(['2\r\nab\r\n', '3\r\ncde\r\n', '0\r\n\r\n']);
    expect(caller.reads[0]).toBe('HTTP/1.1 200 Fine\r\ntransfer-encoding: chunked\r\n\r\n');
    caller.socket.destroy();
  });

  test('a content-length makes the body bare, and raw bytes bypass all framing', async () => {
    await using tier = await startFakeTier();
    tier.reply([{ status: 200, headers: { 'content-length': '4' } }, { chunk: 'ab' }, { raw: 'cd' }]);
    const response = await post(tier.url, {});
    expect(await response.text()).toBe('abcd');
    expect(await tier.replied(0)).toBe('complete');
  });

  test('bytes of a multibyte letter may be split between two chunks', async () => {
    await using tier = await startFakeTier();
    const bytes = Buffer.from('ü');
    tier.reply([{ status: 200 }, { chunk: bytes.subarray(0, 1) }, { chunk: bytes.subarray(1) }]);
    expect(await (await post(tier.url, {})).text()).toBe('ü');
  });

  test('a gate holds the reply until the test opens it', async () => {
    await using tier = await startFakeTier();
    tier.reply([sseHead(), { chunk: 'a' }, { waitFor: 'go' }, { chunk: 'b' }]);
    const response = await post(tier.url, {});
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('a');
    const second = reader.read();
    await settle();
    const sentBefore = tier.bytesSent(0);
    tier.release('go');
    expect(Buffer.from((await second).value ?? []).toString()).toBe('b');
    expect(tier.bytesSent(0)).toBeGreaterThan(sentBefore);
  });

  test('a gate before the head keeps the caller without headers', async () => {
    await using tier = await startFakeTier();
    tier.reply([{ waitFor: 'head' }, ...json(200, { late: true })]);
    const response = post(tier.url, {});
    await tier.nextRequest();
    expect(tier.bytesSent(0)).toBe(0);
    tier.release('head');
    expect(await (await response).json()).toEqual({ late: true });
  });

  test('an early close, a reset before the head and a reset after it are told apart', async () => {
    await using tier = await startFakeTier();
    tier.reply([sseHead(), { chunk: 'a' }, { close: true }]);
    tier.reply([{ reset: true }]);
    tier.reply([sseHead(), { chunk: 'a' }, { reset: true }]);
    for (const ending of ['fin', 'ECONNRESET', 'ECONNRESET']) {
      const caller = await rawCaller(tier.port);
      caller.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      expect(await caller.closed).toBe(ending);
      expect(caller.reads.join('').endsWith('0\r\n\r\n')).toBe(false);
    }
    expect(await tier.replied(0)).toBe('closed');
    expect(await tier.replied(1)).toBe('reset');
  });

  test('a stalled caller stalls the tier', async () => {
    await using tier = await startFakeTier();
    const megabyte = Buffer.alloc(1024 * 1024, 'x');
    tier.reply([{ status: 200 }, ...Array.from({ length: 64 }, () => ({ chunk: megabyte }))]);
    const caller = await rawCaller(tier.port);
    caller.socket.pause();
    caller.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await tier.nextRequest();
    for (let turn = 0; turn < 200; turn++) await settle();
    expect(tier.bytesSent(0)).toBeLessThan(32 * 1024 * 1024);
    caller.socket.destroy();
    await tier.callerClosed(0);
  });
});

describe('how callers leave', () => {
  test('an abort before the head is seen', async () => {
    await using tier = await startFakeTier();
    tier.reply([{ hang: true }]);
    const abort = new AbortController();
    const response = post(tier.url, {}, { signal: abort.signal });
    await tier.nextRequest();
    abort.abort(new Error('caller left'));
    expect((await rejectionOf(response)).message).toContain('caller left');
    await tier.callerClosed(0);
    expect(tier.open).toBe(0);
  });

  test('an abort in the middle of a stream is seen', async () => {
    await using tier = await startFakeTier();
    tier.reply([...sse(['data: 1\n\n']), { hang: true }]);
    const response = await post(tier.url, {});
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await reader.cancel();
    await tier.callerClosed(0);
  });

  test('a reply that completes is not mistaken for a caller that left', async () => {
    await using tier = await startFakeTier();
    tier.reply(json(200, {}));
    await (await post(tier.url, {})).text();
    expect((await rejectionOf(tier.callerClosed(0))).message).toContain('ended first (complete)');
    expect((await rejectionOf(tier.callerClosed(7))).message).toContain('request 7 has not arrived');
  });
});

describe('how the tier ends', () => {
  test('stopping rejects what is waited for, refuses new callers, and frees the port for a restart', async () => {
    const tier = await startFakeTier();
    tier.reply([{ waitFor: 'never' }]);
    const response = post(tier.url, {});
    await tier.nextRequest();
    const next = tier.nextRequest();
    await tier.stop();
    await tier.stop();
    expect((await rejectionOf(next)).message).toContain('the fake tier was stopped');
    expect((await rejectionOf(tier.replied(0))).message).toContain('the fake tier was stopped');
    expect((await rejectionOf(response)).code).toBe('ECONNRESET');
    expect((await rejectionOf(post(tier.url, {}))).code).toBe('ECONNREFUSED');
    await using again = await startFakeTier({ port: tier.port });
    again.always(json(200, {}));
    expect((await post(again.url, {})).status).toBe(200);
  });
});
