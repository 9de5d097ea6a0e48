/** How does a call to a tier behave on real sockets, where connections go stale, redirect, break and are proxied? */
import { describe, expect, test } from 'bun:test';
import type { AttemptFailure } from '#core/failure';
import { bunEffects } from '#platform/bun-effects';
import { realClock } from '#tests/support/clock';
import { type FakeTier, startFakeTier } from '#tests/support/fake-tier';
import { json, sse, sseHead } from '#tests/support/fake-tier-steps';
import { refusedPort } from '#tests/support/ports';
import { isFailure, openUpstream, type UpstreamReply } from '#upstream/relay';

const DEADLINES = { connectMs: 5_000, firstByteMs: 20_000, firstBytePer1kTokensMs: 0, idleMs: 20_000, totalMs: 60_000 };
const session = bunEffects().openSession();

const call = (url: string, own = session) =>
  openUpstream(
    {
      url: `${url}/v1/chat/completions`,
      headers: { authorization: 'Bearer the-key', 'content-type': 'application/json' },
      body: '{"stream":true}',
      deadlines: DEADLINES,
      firstByteMs: 20_000,
      stream: true,
    },
    own,
    realClock,
    () => undefined,
  );

const replyOf = async (url: string, own = session): Promise<UpstreamReply> => {
  const opened = await call(url, own).opened;
  if (isFailure(opened)) throw new Error(`${opened.kind}: ${opened.detail}`);
  return opened;
};

const failureOf = async (url: string): Promise<AttemptFailure> => {
  const opened = await call(url).opened;
  if (!isFailure(opened)) throw new Error(`status ${opened.status}`);
  return opened;
};

const readText = async (reply: UpstreamReply): Promise<string> => {
  const bytes = await reply.readAll(1_000_000);
  return isFailure(bytes) ? `${bytes.kind}: ${bytes.detail}` : new TextDecoder().decode(bytes);
};

describe('a redirect', () => {
  test('is not followed, so the key goes nowhere else', async () => {
    await using elsewhere = await startFakeTier();
    await using tier = await startFakeTier();
    tier.always([
      { status: 307, headers: { location: `${elsewhere.url}/v1/chat/completions`, 'content-length': '0' } },
    ]);
    expect((await replyOf(tier.url)).status).toBe(307);
    expect(elsewhere.accepted).toBe(0);
    expect(tier.requests[0]?.headers.authorization).toBe('Bearer the-key');
  });
});

describe('a connection that the tier closed in the meantime', () => {
  test('costs one more try and no failure', async () => {
    await using tier = await startFakeTier();
    const own = bunEffects().openSession();
    tier
      .reply(sse(['data: one\n\n']))
      .reply([{ reset: true }])
      .reply(sse(['data: two\n\n']));
    await readText(await replyOf(tier.url, own));
    expect(await readText(await replyOf(tier.url, own))).toBe('data: two\n\n');
    expect(tier.requests.length).toBe(3);
    own.close();
  });

  test('is tried once more and not twice', async () => {
    await using tier = await startFakeTier();
    tier.always([{ reset: true }]);
    expect(await failureOf(tier.url)).toEqual({ kind: 'unreachable', detail: 'connection failed (ECONNRESET)' });
    expect(tier.requests.length).toBe(2);
  });

  test('is not tried again once a byte of the reply is there', async () => {
    await using tier = await startFakeTier();
    tier.always([sseHead(), { chunk: 'data: one\n\n' }, { waitFor: 'read' }, { reset: true }]);
    const reply = await replyOf(tier.url);
    expect(await reply.read()).toBeInstanceOf(Uint8Array);
    tier.release('read');
    expect(await reply.read()).toEqual({ kind: 'cut-off', detail: 'connection lost mid-answer (ECONNRESET)' });
    expect(tier.requests.length).toBe(1);
  });
});

describe('what went wrong is named without an address', () => {
  test('nobody listens', async () => {
    await using port = await refusedPort();
    const failure = await failureOf(`http://127.0.0.1:${port.port}`);
    expect(failure).toMatchObject({ kind: 'unreachable' });
    expect(failure.detail).not.toContain('127.0.0.1');
  });

  test('what answers does not speak HTTP', async () => {
    await using tier = await startFakeTier();
    tier.always([{ raw: 'SSH-2.0-OpenSSH_9.9\r\n\r\n' }, { close: true }]);
    expect(await failureOf(tier.url)).toMatchObject({ kind: 'malformed' });
  });

  test('the host has no name', async () => {
    expect(await failureOf('http://no-such-host.invalid')).toMatchObject({ kind: 'unreachable' });
  });
});

describe('a caller that is gone', () => {
  const drops = async (tier: FakeTier, upstream: ReturnType<typeof call>): Promise<void> => {
    await tier.nextRequest();
    upstream.cancel();
    await tier.callerClosed(0);
  };

  test('is noticed by the tier before the head', async () => {
    await using tier = await startFakeTier();
    tier.always([{ hang: true }]);
    const upstream = call(tier.url);
    await drops(tier, upstream);
    expect(await upstream.opened).toMatchObject({ kind: 'unreachable' });
  });

  test('is noticed by the tier in the middle of an answer', async () => {
    await using tier = await startFakeTier();
    tier.always([sseHead(), { chunk: 'data: one\n\n' }, { hang: true }]);
    const upstream = call(tier.url);
    const reply = await upstream.opened;
    if (!isFailure(reply)) await reply.read();
    upstream.cancel();
    await tier.callerClosed(0);
    expect(tier.open).toBe(0);
  });
});

describe('bodies', () => {
  test('an error reply is read no further than 64 KiB', async () => {
    await using tier = await startFakeTier();
    const endless = (function* () {
      yield { status: 500, headers: { 'content-type': 'application/json' } };
      for (;;) yield { chunk: new Uint8Array(32_768).fill(120) };
    })();
    tier.always(endless);
    const upstream = call(tier.url);
    const reply = await upstream.opened;
    if (isFailure(reply)) throw new Error(reply.detail);
    expect((await reply.readError()).length).toBe(65_536);
    upstream.cancel();
    await tier.callerClosed(0);
  });

  test('a whole reply is refused past its limit', async () => {
    await using tier = await startFakeTier();
    tier.always(json(200, { text: 'x'.repeat(5_000) }));
    expect(await (await replyOf(tier.url)).readAll(4_000)).toMatchObject({ kind: 'overflow' });
  });

  test('a reply cut short of its announced length is cut off', async () => {
    await using tier = await startFakeTier();
    tier.always([{ status: 200, headers: { 'content-length': '100' } }, { chunk: 'half' }, { close: true }]);
    expect(await readText(await replyOf(tier.url))).toStartWith('cut-off:');
  });

  test('an empty reply is read as empty', async () => {
    await using tier = await startFakeTier();
    tier.always([{ status: 204, headers: {} }]);
    const reply = await replyOf(tier.url);
    expect([reply.status, await readText(reply)]).toEqual([204, '']);
  });

  test('a reader that rests makes the tier rest too', async () => {
    await using tier = await startFakeTier();
    const flood = (function* () {
      yield sseHead();
      for (let chunk = 0; chunk < 2_000; chunk++) yield { chunk: new Uint8Array(65_536).fill(120) };
    })();
    tier.always(flood);
    const upstream = call(tier.url);
    const reply = await upstream.opened;
    if (!isFailure(reply)) await reply.read();
    const before = tier.bytesSent(0);
    for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
    // The buffers of two sockets and of the client fill up; 128 MB never fit.
    expect(tier.bytesSent(0) - before).toBeLessThan(40_000_000);
    upstream.cancel();
    await tier.callerClosed(0);
  });
});

describe('the connection of a finished answer', () => {
  test('is used again when what follows the terminal marker was drained', async () => {
    await using tier = await startFakeTier();
    const own = bunEffects().openSession();
    for (let turn = 0; turn < 3; turn++) {
      tier.reply([sseHead(), { chunk: 'data: [DONE]\n\n' }, { waitFor: `turn ${turn}` }, { end: true }]);
      const reply = await replyOf(tier.url, own);
      await reply.read();
      const drained = reply.drain();
      tier.release(`turn ${turn}`);
      await drained;
      expect(await tier.replied(turn)).toBe('complete');
    }
    expect(tier.accepted).toBe(1);
    own.close();
  });
});
