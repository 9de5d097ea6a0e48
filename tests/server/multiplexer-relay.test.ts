/** Do bytes pass through the multiplexer as they are, as they come, and is every lease given back whatever happens? */
import { describe, expect, test } from 'bun:test';
import { chatTo, startHouse } from '#tests/server/multiplexer-house';
import { until } from '#tests/server/quiet';
import { rawConnection, rawRequest } from '#tests/server/raw';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps, bytesOf, eventsFor } from '#tests/support/answers';
import { json, sse, sseHead } from '#tests/support/fake-tier-steps';
import { rejectionOf } from '#tests/support/rejection';
import { readerOf } from '#tests/support/sse';

const CHAT = '/v1/chat/completions';
const PATHS = [CHAT, '/v1/completions', '/v1/messages', '/v1/responses', '/v1/embeddings'] as const;

describe('a request', () => {
  for (const path of PATHS)
    test(`to ${path} reaches the same path of its model's server, byte for byte`, async () => {
      await using house = await startHouse();
      house.beta.always(json(200, { fine: true }));
      // Odd spacing, a number that JSON.stringify would change, and a byte order mark.
      const body = '\uFEFF{ "model":"org/beta",\n  "temperature": 1.0, "x":"\\u00e9\u00e9" }';
      const response = await house.post(`${path}/?beta=true`, body);
      expect([response.status, await response.text()]).toEqual([200, '{"fine":true}']);
      expect(response.headers.get('content-length')).toBe('13');
      expect(house.beta.requests.map((seen) => [seen.method, seen.path])).toEqual([['POST', path]]);
      expect(Buffer.from(house.beta.requests[0]?.body ?? '').toString()).toBe(body);
      expect([house.multiplexer.out, house.multiplexer.released]).toEqual([0, 1]);
    });

  test('takes along what the body is and ids to find it by, never a key', async () => {
    await using house = await startHouse({ token: 'sesame' });
    house.alpha.always(json(200, {}));
    await house.post(CHAT, chatTo('alpha'), {
      headers: {
        authorization: 'Bearer sesame',
        'x-api-key': 'sesame',
        cookie: 'a=b',
        'x-anvil-session': 's-1',
        'x-request-id': 'r-1',
        'anthropic-version': '2023-06-01',
        te: 'trailers',
        'x-forwarded-for': '10.0.0.1',
      },
    });
    const { headers } = house.alpha.requests[0] ?? { headers: {} };
    const names = Object.keys(headers).map((name) => name.toLowerCase());
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-anvil-session': 's-1',
      'x-request-id': 'r-1',
      'anthropic-version': '2023-06-01',
      'accept-encoding': 'identity',
    });
    for (const name of ['authorization', 'x-api-key', 'cookie', 'te', 'x-forwarded-for'])
      expect(names).not.toContain(name);
    expect(JSON.stringify(headers)).not.toContain('sesame');
  });

  test('is told what its lease cost', async () => {
    await using house = await startHouse();
    house.alpha.always(json(200, {}));
    const { headers } = await house.post(CHAT, chatTo('alpha'));
    expect([headers.get('x-anvil-slot-needed'), headers.get('x-anvil-slot-waited-ms')]).toEqual(['swap', '12']);
    expect(headers.get('x-request-id')).toStartWith('mux_');
  });
});

describe('a stream', () => {
  const events = eventsFor('openai-chat', plainAnswer('Grüße aus der Leitung.'));

  test('arrives piece by piece: the first before the second is sent', async () => {
    await using house = await startHouse();
    house.alpha.always([
      sseHead(),
      { chunk: events[0] ?? '' },
      { waitFor: 'the first has been read' },
      ...events.slice(1).map((chunk) => ({ chunk })),
    ]);
    const response = await house.post(CHAT, chatTo('alpha', { stream: true }));
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const reader = readerOf(response);
    await reader.until(events[0]?.trimEnd() ?? '');
    house.alpha.release('the first has been read');
    expect(await reader.rest()).toBe(bytesOf(events).toString());
    await until('the lease is back', () => house.multiplexer.out === 0);
    expect(house.multiplexer.released).toBe(1);
  });

  test('split anywhere, in the middle of letters too, is the same stream', async () => {
    await using house = await startHouse();
    const bytes = Buffer.from(bytesOf(events));
    house.alpha.always([sseHead(), ...[...bytes].map((byte) => ({ chunk: Uint8Array.of(byte) }))]);
    const response = await house.post(CHAT, chatTo('alpha', { stream: true }));
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test('whose last event lacks its blank line loses nothing', async () => {
    await using house = await startHouse();
    house.alpha.always([sseHead(), { chunk: 'data: {"a":1}\n\ndata: [DONE]' }]);
    expect(await (await house.post(CHAT, chatTo('alpha', { stream: true }))).text()).toBe(
      'data: {"a":1}\n\ndata: [DONE]',
    );
  });

  test('fifty at a time are all whole, and every lease comes back', async () => {
    await using house = await startHouse();
    house.alpha.always([
      sseHead(),
      { chunk: events[0] ?? '' },
      { waitFor: 'all have begun' },
      ...sse(events.slice(1)).slice(1),
    ]);
    const responses = await Promise.all(
      Array.from({ length: 50 }, () => house.post(CHAT, chatTo('alpha', { stream: true }))),
    );
    expect(house.multiplexer.out).toBe(50);
    house.alpha.release('all have begun');
    const texts = await Promise.all(responses.map((response) => response.text()));
    expect(new Set(texts)).toEqual(new Set([bytesOf(events).toString()]));
    await until('all leases are back', () => house.multiplexer.out === 0);
    expect([house.multiplexer.released, house.front.visits.count]).toEqual([50, 0]);
    expect(house.bugs).toEqual([]);
  });

  test('that nobody reads holds the server back instead of filling memory', async () => {
    await using house = await startHouse();
    const chunk = `data: ${'x'.repeat(256 * 1024)}\n\n`;
    const steps = Array.from({ length: 400 }, () => ({ chunk }));
    house.alpha.always([sseHead(), ...steps]);
    await using connection = await rawConnection(house.url);
    await connection.send(rawRequest('POST', CHAT, { body: JSON.stringify(chatTo('alpha', { stream: true })) }));
    await until('it has begun', () => connection.text.includes('data: x'));
    connection.pause();
    let sent = 0;
    let turnsHeld = 0;
    await until('the server is held back', () => {
      const now = house.alpha.bytesSent(0);
      turnsHeld = now === sent ? turnsHeld + 1 : 0;
      sent = now;
      return now > 0 && turnsHeld > 500;
    });
    expect(sent).toBeLessThan(60 * 1024 * 1024);
    expect(house.multiplexer.out).toBe(1);
    connection.reset();
    await house.alpha.callerClosed(0);
    await until('the lease is back', () => house.multiplexer.out === 0);
  });
});

describe('a caller that hangs up', () => {
  test('while it waits for its model leaves the queue', async () => {
    await using house = await startHouse();
    house.multiplexer.holdBack();
    const leaving = new AbortController();
    const asking = rejectionOf(house.post(CHAT, chatTo('alpha'), { signal: leaving.signal }));
    await until('asked', () => house.multiplexer.asked.length === 1);
    leaving.abort();
    await asking;
    await until('the wait has ended', () => house.multiplexer.asked[0]?.wish.signal.aborted === true);
    await until('the visit has ended', () => house.front.visits.count === 0);
    expect(house.alpha.accepted).toBe(0);
  });

  test('before the head, or in the middle of a stream, aborts the server and gives the lease back', async () => {
    await using house = await startHouse();
    house.alpha.reply([{ hang: true }]);
    house.alpha.reply([sseHead(), { chunk: 'data: {"a":1}\n\n' }, { hang: true }]);
    const early = new AbortController();
    const asking = rejectionOf(house.post(CHAT, chatTo('alpha'), { signal: early.signal }));
    await house.alpha.nextRequest();
    early.abort();
    await asking;
    await house.alpha.callerClosed(0);
    await until('the first lease is back', () => house.multiplexer.released === 1);
    const reader = readerOf(await house.post(CHAT, chatTo('alpha', { stream: true })));
    await reader.until('"a":1');
    await reader.cancel();
    await house.alpha.callerClosed(1);
    await until('the second lease is back', () => house.multiplexer.released === 2);
    expect([house.multiplexer.out, house.front.visits.count, house.bugs]).toEqual([0, 0, []]);
  });

  test('at the very moment its lease is granted gives it back', async () => {
    await using house = await startHouse();
    house.alpha.always([{ hang: true }]);
    house.multiplexer.holdBack();
    for (let turn = 0; turn < 20; turn++) {
      const connection = await rawConnection(house.url);
      await connection.send(rawRequest('POST', CHAT, { body: JSON.stringify(chatTo('alpha', { stream: true })) }));
      await until('asked', () => house.multiplexer.asked.length === turn + 1);
      connection.reset();
      house.multiplexer.asked[turn]?.answer();
      await connection.closed;
    }
    await until('every lease is back', () => house.multiplexer.out === 0 && house.front.visits.count === 0);
  });

  test('or takes nothing for too long is done with', async () => {
    await using house = await startHouse({ limits: { stalledMs: 50 } });
    house.alpha.always([
      sseHead(),
      ...Array.from({ length: 100 }, () => ({ chunk: `data: ${'x'.repeat(256 * 1024)}\n\n` })),
    ]);
    await using connection = await rawConnection(house.url);
    await connection.send(rawRequest('POST', CHAT, { body: JSON.stringify(chatTo('alpha', { stream: true })) }));
    await until('it has begun', () => connection.text.includes('data: x'));
    connection.pause();
    await until('the lease is back', () => house.multiplexer.out === 0);
  });
});

describe('a server that dies', () => {
  test('before its answer: 503, and the lease is back', async () => {
    await using house = await startHouse();
    house.alpha.always([{ reset: true }]);
    const response = await house.post(CHAT, chatTo('alpha', { stream: true }));
    expect([response.status, await response.json()]).toMatchObject([503, { error: { type: 'backend_unavailable' } }]);
    expect(house.multiplexer.out).toBe(0);
  });

  test('in the middle of a document of known length: 503, not half a document', async () => {
    await using house = await startHouse();
    house.alpha.always([
      { status: 200, headers: { 'content-type': 'application/json', 'content-length': '100' } },
      { chunk: '{"half":' },
      { reset: true },
    ]);
    const response = await house.post(CHAT, chatTo('alpha'));
    expect([response.status, await response.json()]).toMatchObject([503, { error: { code: 'unreachable' } }]);
    expect(house.multiplexer.out).toBe(0);
  });

  test('in the middle of a document of unknown length: the connection breaks, so nobody takes half for whole', async () => {
    await using house = await startHouse();
    house.alpha.always([
      { status: 200, headers: { 'content-type': 'application/json' } },
      { chunk: '{"half":' },
      { waitFor: 'read' },
      { reset: true },
    ]);
    const reader = readerOf(await house.post(CHAT, chatTo('alpha')));
    await reader.until('half');
    house.alpha.release('read');
    await rejectionOf(reader.rest());
    await until('the lease is back', () => house.multiplexer.out === 0);
  });

  const died = [
    [CHAT, 'data: {"a":1}\n\n', (text: string) => JSON.parse(text.split('data: ')[2] ?? '').error.message],
    ['/v1/completions', 'data: {"a":1}\n\n', (text: string) => JSON.parse(text.split('data: ')[2] ?? '').error.message],
    [
      '/v1/messages',
      'event: x\ndata: {"a":1}\n\n',
      (text: string) => JSON.parse(text.split('data: ')[2] ?? '').error.message,
    ],
    [
      '/v1/responses',
      'event: x\ndata: {"a":1}\n\n',
      (text: string) => JSON.parse(text.split('data: ')[2] ?? '').response.error.message,
    ],
  ] as const;
  for (const [path, whole, messageIn] of died)
    test(`in the middle of a stream of ${path}: its dialect's error event, in place of the half event`, async () => {
      await using house = await startHouse();
      house.alpha.always([sseHead(), { chunk: `${whole}data: {"half` }, { waitFor: 'read' }, { reset: true }]);
      const reader = readerOf(await house.post(path, chatTo('alpha', { stream: true })));
      await reader.until('"a":1');
      house.alpha.release('read');
      const text = await reader.rest();
      expect(text).toStartWith(whole);
      expect(text).not.toContain('half');
      expect(messageIn(text)).toContain('the answer broke off');
      await until('the lease is back', () => house.multiplexer.out === 0);
    });

  test('silently is given up: the head late, or the next piece', async () => {
    await using house = await startHouse({ limits: { firstByteMs: 60, idleMs: 60 } });
    house.alpha.reply([{ hang: true }]);
    house.alpha.reply([sseHead(), { chunk: 'data: {"a":1}\n\n' }, { hang: true }]);
    const late = await house.post(CHAT, chatTo('alpha'));
    expect([late.status, await late.json()]).toMatchObject([503, { error: { code: 'unreachable' } }]);
    const text = await (await house.post(CHAT, chatTo('alpha', { stream: true }))).text();
    expect(text).toContain('idle deadline');
    await until('both leases are back', () => house.multiplexer.released === 2);
  });
});

test('connections to a server are kept, and dropped with it', async () => {
  await using house = await startHouse();
  house.alpha.always((request) =>
    answerSteps('openai-chat', request.body.includes('"stream":true'), plainAnswer('Hi')),
  );
  for (let turn = 0; turn < 5; turn++)
    await (await house.post(CHAT, chatTo('alpha', { stream: turn % 2 === 0 }))).text();
  expect(house.alpha.accepted).toBe(1);
  house.front.sessions.drop('alpha');
  await (await house.post(CHAT, chatTo('alpha'))).text();
  expect(house.alpha.accepted).toBe(2);
});

test('requests beyond the limit are refused at once', async () => {
  await using house = await startHouse({ limits: { visitsMax: 2 } });
  house.multiplexer.holdBack();
  const asking = [house.post(CHAT, chatTo('alpha')), house.post(CHAT, chatTo('alpha'))];
  await until('both are in', () => house.multiplexer.asked.length === 2);
  const third = await house.post(CHAT, chatTo('alpha'));
  expect([third.status, await third.json()]).toMatchObject([503, { error: { code: 'overloaded' } }]);
  house.alpha.always(json(200, {}));
  for (const one of house.multiplexer.asked) one.answer();
  expect((await Promise.all(asking)).map(({ status }) => status)).toEqual([200, 200]);
});
