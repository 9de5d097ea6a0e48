/** Which deadline ends a call to a tier, and which silence is not the tier's fault? On simulated time. */
import { describe, expect, test } from 'bun:test';
import type { AttemptFailure } from '#core/failure';
import { createScriptedHosts, type HostScript } from '#tests/simulation/scripted-hosts';
import { createSimulatedClock } from '#tests/support/clock';
import { sse, sseHead } from '#tests/support/fake-tier-steps';
import { isFailure, openUpstream, type UpstreamCall, type UpstreamReply } from '#upstream/relay';

const DEADLINES = { connectMs: 1, firstByteMs: 2_000, firstBytePer1kTokensMs: 0, idleMs: 1_000, totalMs: 10_000 };

const open = (script: Partial<HostScript>, call: Partial<UpstreamCall> = {}) => {
  const clock = createSimulatedClock();
  const hosts = createScriptedHosts(clock, () => ({
    steps: [],
    chunkMs: () => 0,
    gateMs: 0,
    refused: false,
    ...script,
  }));
  const late: AttemptFailure[] = [];
  const upstream = openUpstream(
    {
      url: 'http://tier.test/v1',
      headers: {},
      body: '{}',
      deadlines: DEADLINES,
      firstByteMs: 2_000,
      stream: true,
      ...call,
    },
    { fetch: hosts.fetch, close: () => undefined },
    clock,
    (failure) => late.push(failure),
  );
  return { clock, hosts, late, upstream };
};

const opened = async ({ upstream, clock }: ReturnType<typeof open>): Promise<UpstreamReply> => {
  await clock.advance(0);
  const reply = await upstream.opened;
  if (isFailure(reply)) throw new Error(reply.detail);
  return reply;
};

const ticks = function* (count: number) {
  yield sseHead();
  for (let tick = 0; tick < count; tick++) yield { chunk: 'data: x\n\n' };
};

describe('by name', () => {
  test('the first byte, before the head', async () => {
    const call = open({ steps: [{ hang: true }] });
    await call.clock.advance(2_000);
    expect(await call.upstream.opened).toEqual({ kind: 'timeout', detail: 'first byte deadline of 2 s passed' });
    expect(call.clock.now()).toBe(2_000);
  });

  test('the first byte, behind a head', async () => {
    const call = open({ steps: [sseHead(), { hang: true }] });
    const reading = (await opened(call)).read();
    await call.clock.advance(2_000);
    expect(await reading).toEqual({ kind: 'timeout', detail: 'first byte deadline of 2 s passed' });
    expect(call.hosts.calls[0]?.ended).toBe('aborted');
  });

  test('the silence between two chunks', async () => {
    const call = open({ steps: [sseHead(), { chunk: 'x' }, { hang: true }] });
    const reply = await opened(call);
    await reply.read();
    const reading = reply.read();
    await call.clock.advance(1_000);
    expect(await reading).toEqual({ kind: 'timeout', detail: 'idle deadline of 1 s passed' });
  });

  test('the total, while chunks keep coming', async () => {
    const call = open({ steps: ticks(1_000), chunkMs: () => 600 });
    const reply = await opened(call);
    let last: Awaited<ReturnType<UpstreamReply['read']>>;
    do {
      const reading = reply.read();
      await call.clock.advance(600);
      last = await reading;
    } while (last instanceof Uint8Array);
    expect(last).toEqual({ kind: 'timeout', detail: 'total deadline of 10 s passed' });
    expect(call.late).toEqual([]);
  });

  test('only the total, for a reply that is not a stream', async () => {
    const call = open({ steps: [{ hang: true }] }, { stream: false });
    await call.clock.advance(9_999);
    expect(call.hosts.calls[0]?.ended).toBeUndefined();
    await call.clock.advance(1);
    expect(await call.upstream.opened).toMatchObject({ detail: 'total deadline of 10 s passed' });
  });
});

describe('a reader that rests', () => {
  test('for longer than the idle deadline does not end a healthy tier', async () => {
    const call = open({ steps: ticks(4) });
    const reply = await opened(call);
    for (let chunk = 0; chunk < 4; chunk++) {
      expect(await reply.read()).toBeInstanceOf(Uint8Array);
      await call.clock.advance(2_000);
    }
    expect(await reply.read()).toBeUndefined();
    expect(call.hosts.calls[0]?.ended).toBe('complete');
  });

  test('is told when the total passes meanwhile', async () => {
    const call = open({ steps: ticks(4) });
    const reply = await opened(call);
    await reply.read();
    await call.clock.advance(9_999);
    expect(call.late).toEqual([]);
    await call.clock.advance(1);
    expect(call.late).toEqual([{ kind: 'timeout', detail: 'total deadline of 10 s passed' }]);
    expect(call.hosts.calls[0]?.ended).toBe('aborted');
    expect(await reply.read()).toEqual({ kind: 'timeout', detail: 'total deadline of 10 s passed' });
  });

  test('before it read anything is told of the first-byte deadline as well', async () => {
    const call = open({ steps: ticks(4) });
    await opened(call);
    await call.clock.advance(2_000);
    expect(call.late).toEqual([{ kind: 'timeout', detail: 'first byte deadline of 2 s passed' }]);
  });
});

describe('what is left behind', () => {
  test('nothing, after a clean end, a failure, or a cancel at any moment', async () => {
    for (const steps of [[...ticks(2)], [sseHead(), { reset: true as const }], [{ reset: true as const }]]) {
      const call = open({ steps });
      const reply = await call.upstream.opened;
      if (!isFailure(reply)) while ((await reply.read()) instanceof Uint8Array);
      expect(call.clock.pending).toBe(0);
    }
    for (const at of [0, 100, 700, 1_300]) {
      const call = open({ steps: ticks(9), chunkMs: () => 600 });
      void call.upstream.opened.then((reply) => (isFailure(reply) ? undefined : reply.readAll(10_000)));
      await call.clock.advance(at);
      call.upstream.cancel();
      call.upstream.cancel();
      await call.clock.advance(0);
      expect(call.hosts.calls[0]?.ended).toBe('aborted');
      expect(call.clock.pending).toBe(0);
      expect(call.late).toEqual([]);
    }
  });

  test('nothing, after a drain: it ends with the body, after a second, or after 16 chunks', async () => {
    const cases: readonly (readonly [Partial<HostScript>, string, number])[] = [
      [{ steps: sse(['x', 'y']) }, 'complete', 0],
      [{ steps: ticks(100), chunkMs: () => 300 }, 'aborted', 1_300],
      [{ steps: ticks(100) }, 'aborted', 0],
    ];
    for (const [script, ended, at] of cases) {
      const call = open(script);
      const reply = await opened(call);
      const first = reply.read();
      await call.clock.advance(300);
      await first;
      const before = call.clock.now();
      const drained = reply.drain();
      await call.clock.advance(5_000);
      await drained;
      expect(call.hosts.calls[0]?.ended as string).toBe(ended);
      expect(call.hosts.calls[0]?.endedAt).toBeLessThanOrEqual(call.clock.wall() - 5_000 + at);
      expect(before).toBe(300);
      expect(call.clock.pending).toBe(0);
      expect(call.late).toEqual([]);
    }
  });
});
