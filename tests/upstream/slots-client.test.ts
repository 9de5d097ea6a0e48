/** Does the router know what another multiplexer has loaded, and admit it when it no longer does? */
import { describe, expect, test } from 'bun:test';
import { bunEffects } from '#platform/bun-effects';
import type { FetchLike } from '#platform/effects';
import { createSimulatedClock, settle } from '#tests/support/clock';
import { refusedPort } from '#tests/support/ports';
import { sampleSlot, sampleSlots } from '#tests/upstream/sample-slots';
import { eventOf, startScriptedMultiplexer } from '#tests/upstream/scripted-multiplexer';
import { createSlotsClient } from '#upstream/slots-client';

const session = bunEffects().openSession();
const STATUS = sampleSlots();
const EVENT = eventOf(STATUS);
const loading = (readyInMs: number) =>
  sampleSlots({ slots: [sampleSlot('coder', { state: 'loading', needs: 'load', ready_in_ms: readyInMs })] });

/** A client on a clock that stands still; what it tells is kept, and can be waited for. */
const connect = (url: string, fetch: FetchLike = session.fetch, token?: string, clock = createSimulatedClock()) => {
  const told: (string | undefined)[] = [];
  const client = createSlotsClient({
    url,
    token,
    session: { fetch, close: () => undefined },
    clock,
    onProblem: (problem) => told.push(problem),
  });
  return { clock, client, told, [Symbol.dispose]: client.close };
};

/** Real bytes take a few turns of the event loop; the limit is for a test that would never end. */
const TURNS_MS_MAX = 4_000;

const until = async (holds: () => boolean): Promise<void> => {
  const end = performance.now() + TURNS_MS_MAX;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`never happened: ${holds}`);
    await settle();
  }
};

describe('a stream of events', () => {
  test('is asked for with the token, and each event is all there is to know', async () => {
    await using multiplexer = await startScriptedMultiplexer();
    using here = connect(multiplexer.url, session.fetch, 'sesame');
    expect([here.client.status(), here.client.residency('coder')]).toEqual([undefined, undefined]);
    const visit = await multiplexer.visit();
    expect(visit).toMatchObject({
      path: '/v1/slots/events',
      headers: { authorization: 'Bearer sesame', accept: 'text/event-stream' },
    });
    visit.begin();
    visit.send(EVENT);
    await until(() => here.client.status() !== undefined);
    expect(here.client.status()).toEqual(STATUS);
    expect(here.client.residency('thinker')).toMatchObject({ readyInMs: 42_000, needs: 'swap', queued: 3 });
    expect(here.client.residency('stranger')).toBeUndefined();
    visit.send(eventOf(loading(7_000)));
    await until(() => here.client.residency('coder')?.state === 'loading');
    expect(here.client.residency('thinker')).toBeUndefined();
    expect(here.told).toEqual([]);
  });

  test('may come in pieces, and counts once a piece ends it', async () => {
    await using multiplexer = await startScriptedMultiplexer();
    using here = connect(multiplexer.url);
    const visit = await multiplexer.visit();
    visit.begin();
    for (const piece of EVENT.slice(0, -1).match(/.{1,97}/gs) ?? []) {
      visit.send(piece);
      await settle();
      expect(here.client.status()).toBeUndefined();
    }
    visit.send('\n');
    await until(() => here.client.status() !== undefined);
  });

  test('that breaks off in the middle of an event leaves what was known before', async () => {
    await using multiplexer = await startScriptedMultiplexer();
    using here = connect(multiplexer.url);
    const visit = await multiplexer.visit();
    visit.begin();
    visit.send(EVENT + eventOf(loading(1)).slice(0, 200));
    await until(() => here.client.status() !== undefined);
    visit.destroy();
    await until(() => here.told.length > 0);
    expect(here.told).toEqual([expect.stringMatching(/^multiplexer at http:\/\/127.*: the connection failed/)]);
    expect(here.client.status()).toEqual(STATUS);
    await here.clock.advance(500);
    const again = await multiplexer.visit();
    again.begin();
    again.send(EVENT);
    await until(() => here.told.length > 1);
    expect(here.told[1]).toBeUndefined();
  });

  test('counts down between two events', async () => {
    await using multiplexer = await startScriptedMultiplexer();
    using here = connect(multiplexer.url);
    const visit = await multiplexer.visit();
    visit.begin();
    visit.send(eventOf(loading(7_000)));
    await until(() => here.client.status() !== undefined);
    await here.clock.advance(4_000);
    expect(here.client.residency('coder')?.readyInMs).toBe(3_000);
  });

  test('holds as long as heartbeats come, and is given up twenty seconds after the last', async () => {
    await using multiplexer = await startScriptedMultiplexer();
    using here = connect(multiplexer.url);
    const visit = await multiplexer.visit();
    visit.begin();
    visit.send(EVENT);
    await until(() => here.client.status() !== undefined);
    for (let beat = 0; beat < 4; beat++) {
      await here.clock.advance(15_000);
      // Its own timer is set anew once the beat is there.
      const due = here.clock.nextAt ?? 0;
      visit.send(': quiet\n\n');
      await until(() => (here.clock.nextAt ?? 0) > due);
      expect(here.client.status()).toEqual(STATUS);
    }
    await here.clock.advance(19_900);
    expect(here.client.status()).toEqual(STATUS);
    await here.clock.advance(101);
    await visit.gone;
    await until(() => here.told.length > 0);
    expect(here.told).toEqual([expect.stringContaining('it has fallen silent')]);
    expect(here.client.status()).toBeUndefined();
  });

  test('that ends is believed for ten seconds, and opened again after half a second, without a word', async () => {
    await using multiplexer = await startScriptedMultiplexer();
    using here = connect(multiplexer.url);
    const visit = await multiplexer.visit();
    visit.begin();
    visit.send(EVENT);
    visit.end();
    await until(() => here.client.status() !== undefined);
    await until(() => (here.clock.nextAt ?? 0) === 500);
    await here.clock.advance(500);
    // It is heard of, but says nothing: a heartbeat confirms nothing that another connection has said.
    const again = await multiplexer.visit();
    again.begin();
    await until(() => here.clock.nextAt === 20_500);
    await here.clock.advance(1_000);
    again.send(': quiet\n\n');
    await until(() => here.clock.nextAt === 21_500);
    await here.clock.advance(8_500);
    expect(here.client.status()).toEqual(STATUS);
    await here.clock.advance(1);
    expect([here.client.status(), here.client.residency('coder'), ...here.told]).toEqual([undefined, undefined]);
  });

  test('of nonsense is told once, and a status among it counts', async () => {
    await using multiplexer = await startScriptedMultiplexer();
    using here = connect(multiplexer.url);
    const visit = await multiplexer.visit();
    visit.begin();
    visit.send('data: {"half":\n\ndata: null\n\ndata: {"object":"list","data":[]}\n\n\u0000\u0001\n\nevent: x\n\n');
    await until(() => here.told.length > 0);
    expect(here.client.status()).toBeUndefined();
    visit.send(`data: [DONE]\n\n${EVENT}`);
    await until(() => here.client.status() !== undefined);
    expect(here.told).toEqual([expect.stringContaining('no status of slots'), undefined]);
  });

  test('with an event beyond all bounds is hung up on', async () => {
    await using multiplexer = await startScriptedMultiplexer();
    using here = connect(multiplexer.url);
    const visit = await multiplexer.visit();
    visit.begin();
    visit.send(`data: ${'x'.repeat(1024 * 1024)}`);
    await visit.gone;
    await until(() => here.told.length > 0);
    expect(here.told).toEqual([expect.stringContaining('larger than 1048576 bytes')]);
  });
});

describe('a multiplexer without events', () => {
  test('is asked every two seconds, and believed for ten', async () => {
    await using multiplexer = await startScriptedMultiplexer();
    using here = connect(multiplexer.url);
    (await multiplexer.visit()).answer(404, 'application/json', '{}');
    for (const readyInMs of [9_000, 5_000]) {
      const visit = await multiplexer.visit();
      expect(visit.path).toBe('/v1/slots');
      visit.answer(200, 'application/json; charset=utf-8', JSON.stringify(loading(readyInMs)));
      await until(() => here.client.residency('coder')?.readyInMs === readyInMs);
      await until(() => (here.clock.nextAt ?? 0) - here.clock.now() === 2_000);
      await here.clock.advance(2_000);
    }
    await multiplexer.visit();
    await here.clock.advance(8_000);
    expect(here.client.status()).toBeDefined();
    await here.clock.advance(1);
    expect(here.client.status()).toBeUndefined();
  });

  test('that fails is asked for events again: it may have become another one', async () => {
    await using multiplexer = await startScriptedMultiplexer();
    using here = connect(multiplexer.url);
    (await multiplexer.visit()).answer(404, 'application/json', '{}');
    (await multiplexer.visit()).answer(500, 'application/json', '{}');
    await until(() => here.told.length > 0);
    expect(here.told).toEqual([expect.stringContaining('it answers with status 500')]);
    await here.clock.advance(500);
    expect((await multiplexer.visit()).path).toBe('/v1/slots/events');
  });

  test.each([
    ['that has no status either', 404, 'application/json', '{}', 'neither /v1/slots/events nor /v1/slots is there'],
    ['whose status is none', 200, 'application/json', '{"object":"list"}', 'no multiplexer'],
    ['whose status is cut off', 200, 'application/json', EVENT.slice(18, 90), 'no multiplexer'],
    ['whose status is a page', 200, 'text/html', '<html>', 'no multiplexer'],
    ['whose status has no end', 200, 'application/json', ' '.repeat(1024 * 1024 + 1), 'larger than'],
  ])('%s is told', async (_what, status, type, body, problem) => {
    await using multiplexer = await startScriptedMultiplexer();
    using here = connect(multiplexer.url);
    (await multiplexer.visit()).answer(404, 'application/json', '{}');
    (await multiplexer.visit()).answer(status, type, body);
    await until(() => here.told.length > 0);
    expect(here.told).toEqual([expect.stringContaining(problem)]);
    expect(here.client.status()).toBeUndefined();
  });
});

describe('trouble', () => {
  test.each([
    [401, 'it refuses the token (status 401): set the variable that auth_env of the swap group names'],
    [503, 'it answers with status 503'],
    [204, 'it answers with status 204'],
    [200, 'what answers there is no multiplexer'],
  ])('of status %d is told in words', async (status, problem) => {
    const fetch: FetchLike = async () => new Response(null, { status });
    using here = connect('http://box:8001', fetch, 'sesame');
    await settle();
    expect(here.told).toEqual([`multiplexer at http://box:8001: ${problem}`]);
  });

  test('is told once, tried again ever later, and forgotten by the first status', async () => {
    const clock = createSimulatedClock();
    const asked: number[] = [];
    const fetch: FetchLike = async () => {
      asked.push(clock.now());
      if (asked.length < 9) throw Object.assign(new Error('connect 10.0.0.7'), { code: 'ECONNREFUSED' });
      return new Response(EVENT, { headers: { 'content-type': 'text/event-stream' } });
    };
    using here = connect('http://box:8001', fetch, undefined, clock);
    await clock.advance(80_000);
    expect(asked.slice(0, 8)).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 30_500, 45_500]);
    expect(here.told).toEqual(['multiplexer at http://box:8001: the connection failed (ECONNREFUSED)', undefined]);
    expect(asked.slice(8, 10)).toEqual([60_500, 61_000]);
    expect(here.client.status()).toEqual(STATUS);
  });

  test('is a port where nobody listens', async () => {
    await using nobody = await refusedPort();
    using here = connect(nobody.url);
    await until(() => here.told.length > 0);
    expect(here.told).toEqual([expect.stringContaining('the connection failed')]);
  });

  test('is a server that accepts and says nothing', async () => {
    await using multiplexer = await startScriptedMultiplexer();
    using here = connect(multiplexer.url);
    const visit = await multiplexer.visit();
    await here.clock.advance(10_000);
    await visit.gone;
    await until(() => here.told.length > 0);
    expect(here.told).toEqual([expect.stringContaining('it has fallen silent')]);
  });

  test('is a server that hangs up at once', async () => {
    await using multiplexer = await startScriptedMultiplexer();
    using here = connect(multiplexer.url);
    const visit = await multiplexer.visit();
    visit.begin();
    visit.end();
    await until(() => here.told.length > 0);
    expect(here.told).toEqual([expect.stringContaining('hung up without a word')]);
  });

  test('is a redirect, which is not followed, so that the token goes nowhere else', async () => {
    const urls: string[] = [];
    const fetch: FetchLike = async (url, init) => {
      urls.push(`${url} ${init.redirect}`);
      return new Response(null, { status: 307, headers: { location: 'http://elsewhere/' } });
    };
    using here = connect('http://box:8001', fetch, 'sesame');
    await settle();
    expect(urls).toEqual(['http://box:8001/v1/slots/events manual']);
    expect(here.told).toEqual([expect.stringContaining('status 307')]);
  });
});

describe('closing', () => {
  test('hangs up, leaves no timer behind, and says nothing any more', async () => {
    await using multiplexer = await startScriptedMultiplexer();
    using here = connect(multiplexer.url);
    const visit = await multiplexer.visit();
    visit.begin();
    visit.send(EVENT);
    await until(() => here.client.status() !== undefined);
    here.client.close();
    here.client.close();
    await visit.gone;
    await until(() => here.clock.pending === 0);
    expect([here.told, multiplexer.visits]).toEqual([[], 1]);
  });

  test('ends a rest between two tries', async () => {
    const fetch: FetchLike = async () => {
      throw new Error('no network');
    };
    using here = connect('http://box:8001', fetch);
    await settle();
    expect(here.clock.pending).toBe(1);
    here.client.close();
    await settle();
    expect(here.clock.pending).toBe(0);
    expect(await here.clock.advanceToNext()).toBe(false);
  });
});
