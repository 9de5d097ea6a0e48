/** Do the two ends of the slot feed agree: what one multiplexer tells, does the router of another box know? */
import { describe, expect, test } from 'bun:test';
import type { SlotsStatus } from '#core/slots-status';
import type { FetchLike } from '#platform/effects';
import { FRONT_LIMITS } from '#server/multiplexer/front';
import { createSlotFeed } from '#server/multiplexer/slot-feed';
import { createSimulatedClock } from '#tests/support/clock';
import { sampleSlot, sampleSlots } from '#tests/upstream/sample-slots';
import { createSlotsClient } from '#upstream/slots-client';

/** A feed and a client of it, on one clock and without a network between them. */
const connected = async () => {
  const clock = createSimulatedClock();
  const listeners = new Set<() => void>();
  let status: SlotsStatus = sampleSlots();
  const source = {
    status: () => status,
    onChange(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const feed = createSlotFeed(source, clock, FRONT_LIMITS);
  const visits: Request[] = [];
  const fetch: FetchLike = async (url, init) => {
    const request = new Request(url, init);
    visits.push(request);
    const opened = feed.open(request);
    return opened instanceof Response ? opened : new Response(null, { status: 503 });
  };
  const told: (string | undefined)[] = [];
  const session = { fetch, close: () => undefined };
  const url = 'http://box:8001';
  const client = createSlotsClient({ url, token: undefined, session, clock, onProblem: (text) => told.push(text) });
  await clock.advance(0);
  return {
    clock,
    client,
    feed,
    told,
    visits,
    change(next: SlotsStatus) {
      status = next;
      for (const listener of listeners) listener();
    },
    watched: () => listeners.size,
  };
};

describe('a client of the feed', () => {
  test('knows the state at once, and each change a moment later', async () => {
    const { clock, client, change, told } = await connected();
    expect(client.status()).toEqual(sampleSlots());
    change(sampleSlots({ slots: [sampleSlot('thinker', { state: 'loading', needs: 'load', ready_in_ms: 9_000 })] }));
    await clock.advance(1);
    expect(client.residency('thinker')).toMatchObject({ state: 'loading', readyInMs: 8_999 });
    await clock.advance(3_999);
    expect(client.residency('thinker')?.readyInMs).toBe(5_000);
    expect(told).toEqual([]);
  });

  test('stays on one line through an hour of quiet', async () => {
    const { clock, client, visits, told } = await connected();
    for (let minutes = 0; minutes < 60; minutes++) {
      await clock.advance(60_000);
      expect(client.status()).toBeDefined();
    }
    expect([visits.length, told]).toEqual([1, []]);
  });

  test('hears the last word of one that leaves, and knows nothing ten seconds later', async () => {
    const { clock, client, feed, change } = await connected();
    change(sampleSlots({ state: 'leaving' }));
    feed.close();
    await clock.advance(1);
    expect(client.status()?.state).toBe('leaving');
    await clock.advance(10_000);
    expect(client.status()).toBeUndefined();
  });

  test('leaves no reader behind when it goes', async () => {
    const { clock, client, watched } = await connected();
    expect(watched()).toBe(1);
    client.close();
    await clock.advance(0);
    expect([watched(), clock.pending]).toEqual([0, 0]);
  });
});
