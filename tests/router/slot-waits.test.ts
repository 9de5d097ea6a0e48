// How does a request get hold of a model that shares its GPU, what is said meanwhile, and what is given back when?
import { describe, expect, test } from 'bun:test';
import type { SlotSource, TierResidency } from '#core/residency';
import type { SlotLease, SlotRefusal, SlotWish } from '#core/slot-lease';
import type { Tier } from '#core/tier';
import { answering, ask, CHAT, GREETING, MESSAGES, openSmallHouse, passTime, play } from '#tests/router/small-house';
import { plainAnswer } from '#tests/support/answer';
import { eventsFor } from '#tests/support/answers';
import { sseHead } from '#tests/support/fake-tier-steps';
import { chatSeen } from '#tests/support/sse';
import { chatRequest } from '#tests/support/two-tiers';

const READY: TierResidency = { state: 'ready', readyInMs: 0, needs: 'nothing', inFlight: 0, queued: 0 };
const ONE_GPU = 'swap_group = "gpu"';
const DECLARED = '[[router.swap_groups]]\nname = "gpu"\nurl = "http://multiplexer.test"\n';

interface Lent {
  readonly tier: string;
  readonly wish: SlotWish;
  readonly grant: (fields?: Partial<SlotLease>) => void;
  readonly refuse: (refusal: SlotRefusal) => void;
  readonly cut: AbortController;
  released: number;
}

/** Hands out what the test says, when it says so; counts what comes back. */
const scriptedSlots = (answer: (lent: Lent) => void, residency: (tier: Tier) => TierResidency = () => READY) => {
  const lent: Lent[] = [];
  const source: SlotSource = {
    residency,
    groups: () => ({}),
    acquire(tier, wish) {
      const { promise, resolve } = Promise.withResolvers<SlotLease | SlotRefusal>();
      const cut = new AbortController();
      const entry: Lent = {
        tier: tier.id,
        wish,
        cut,
        released: 0,
        refuse: resolve,
        grant: (fields = {}) =>
          resolve({
            model: tier.model ?? tier.id,
            origin: 'http://127.0.0.1:1',
            waitedMs: 0,
            needed: 'nothing',
            cut: cut.signal,
            release: () => {
              entry.released++;
            },
            ...fields,
          }),
      };
      lent.push(entry);
      answer(entry);
      return promise;
    },
  };
  return { lent, slots: () => source };
};

const shared = { fast: ONE_GPU, heavy: ONE_GPU, tables: DECLARED };

describe('a lease', () => {
  test('is held from before the tier is asked until its answer has ended, and given back once', async () => {
    const { lent, slots } = scriptedSlots(({ grant }) => grant({ needed: 'swap', waitedMs: 38_000 }));
    const house = await openSmallHouse({ ...shared, slots });
    const { body, record } = await ask(house, CHAT, chatRequest());
    expect(chatSeen(body).text).toBe(GREETING);
    expect(lent).toMatchObject([{ tier: 'fast-local', released: 1 }]);
    expect(record.attempts[0]?.slot).toEqual({ model: 'fast', needed: 'swap', waitedMs: 38_000 });
  });
  test('is not asked for by a tier that shares nothing', async () => {
    const { lent, slots } = scriptedSlots(({ grant }) => grant());
    const house = await openSmallHouse({ slots });
    const { record } = await ask(house, CHAT, chatRequest());
    expect(lent).toEqual([]);
    expect(record.attempts[0]?.slot).toBeUndefined();
  });
  test('needs nobody to look whether the tier is there: who lends it has seen it answer', async () => {
    const { slots } = scriptedSlots(({ grant }) => grant());
    const reached: number[] = [];
    const house = await openSmallHouse({ ...shared, slots, reach: async (_host, port) => void reached.push(port) });
    await ask(house, CHAT, chatRequest());
    expect(reached).toEqual([]);
  });
  test('that is cut ends the answer in the dialect of its caller, and says nothing against the tier', async () => {
    const { lent, slots } = scriptedSlots(({ grant }) => grant());
    const events = eventsFor('openai-chat', plainAnswer(GREETING));
    const house = await openSmallHouse({
      ...shared,
      slots,
      scripts: { 'fast-local': () => play([sseHead(), { chunk: events.slice(0, 3).join('') }, { hang: true }]) },
    });
    const { decision, response } = house.post(CHAT, JSON.stringify(chatRequest()));
    const answered = await passTime(house, response);
    lent[0]?.cut.abort();
    const body = await passTime(house, answered.text());
    const record = await house.recorded(decision);
    expect(body).toContain('"error"');
    expect(record).toMatchObject({ outcome: 'broken', attempts: [{ outcome: 'broken', slot: { cut: true } }] });
    expect(lent[0]?.released).toBe(1);
    expect(house.assembly.router.breakers.snapshot().every(({ failures }) => failures === 0)).toBe(true);
  });
  test('that is cut before anything left goes to the next tier, unseen', async () => {
    const { lent, slots } = scriptedSlots(({ grant }) => grant());
    const house = await openSmallHouse({
      ...shared,
      slots,
      scripts: { 'fast-local': () => play([sseHead(), { hang: true }]) },
    });
    const { decision, response } = house.post(CHAT, JSON.stringify(chatRequest()));
    await house.clock.advance(10);
    lent[0]?.cut.abort();
    const answered = await passTime(house, response);
    expect(chatSeen(await passTime(house, answered.text())).text).toBe(GREETING);
    const record = await house.recorded(decision);
    expect(record.attempts).toMatchObject([{ outcome: 'error', slot: { cut: true } }, { outcome: 'served' }]);
    expect(lent.map(({ released }) => released)).toEqual([1, 1]);
  });
});

describe('while a model loads', () => {
  test('a caller that streams gets the head and keepalives in its dialect, then the answer', async () => {
    const { lent, slots } = scriptedSlots(() => undefined);
    const house = await openSmallHouse({ ...shared, slots, dialect: 'anthropic-messages', scripts: {} });
    const request = { ...chatRequest(), max_tokens: 100 };
    const { response } = house.post(MESSAGES, JSON.stringify(request));
    let answered: Response | undefined;
    void response.then((got) => {
      answered = got;
    });
    await house.clock.advance(9_999);
    expect(answered).toBeUndefined();
    await house.clock.advance(25_000);
    expect(answered?.status).toBe(200);
    lent[0]?.grant({ needed: 'load', waitedMs: 34_999 });
    const body = await passTime(house, (answered ?? new Response()).text());
    expect(body.split('event: ping').length).toBeGreaterThanOrEqual(3);
    expect(body.indexOf('event: ping')).toBeLessThan(body.indexOf('event: message_start'));
    expect(body).toContain('event: message_stop');
  });
  test('a caller that does not stream waits in silence and gets its document', async () => {
    const { lent, slots } = scriptedSlots(() => undefined);
    const house = await openSmallHouse({ ...shared, slots });
    const { response } = house.post(CHAT, JSON.stringify(chatRequest({ stream: false })));
    await house.clock.advance(60_000);
    lent[0]?.grant();
    const answered = await passTime(house, response);
    expect(await answered.json()).toMatchObject({ choices: [{ message: { content: GREETING } }] });
  });
  test('a caller that hangs up leaves the queue at once', async () => {
    const { lent, slots } = scriptedSlots(() => undefined);
    const house = await openSmallHouse({ ...shared, slots });
    const caller = new AbortController();
    const { decision, response } = house.post(CHAT, JSON.stringify(chatRequest()), { signal: caller.signal });
    await house.clock.advance(1_000);
    caller.abort();
    await passTime(house, response);
    expect(lent[0]?.wish.signal.aborted).toBe(true);
    expect(await house.recorded(decision)).toMatchObject({ outcome: 'cancelled' });
    // The model comes all the same: it must not be kept.
    lent[0]?.grant();
    await house.clock.advance(1);
    expect(lent[0]?.released).toBe(1);
    expect(house.bugs).toEqual([]);
  });
  test('the deadline of the whole request ends the wait', async () => {
    const { lent, slots } = scriptedSlots(() => undefined);
    const house = await openSmallHouse({
      ...shared,
      slots,
      tables: `${DECLARED}[router.attempts]\ntotal_seconds = 20\n`,
    });
    const { record, status } = await ask(house, CHAT, chatRequest({ stream: false }));
    expect({ status, failure: record.failure }).toEqual({ status: 504, failure: 'deadline' });
    expect(lent[0]?.wish.signal.aborted).toBe(true);
  });
});

describe('a refusal', () => {
  const FULL: SlotRefusal = {
    refused: 'queue-full',
    message: 'too many requests wait for fast',
    retryAfterMs: 41_000,
    position: 256,
  };

  test('passes on to the next tier, with the reason on record', async () => {
    const { slots } = scriptedSlots(({ tier, grant, refuse }) => (tier === 'fast-local' ? refuse(FULL) : grant()));
    const house = await openSmallHouse({ ...shared, slots });
    const { body, record } = await ask(house, CHAT, chatRequest());
    expect(chatSeen(body).text).toBe(GREETING);
    expect(record.attempts).toMatchObject([
      {
        outcome: 'skipped-busy',
        detail: 'too many requests wait for fast (position 257 in its queue)',
        slot: { model: 'fast', refused: 'queue-full' },
      },
      { outcome: 'served' },
    ]);
  });
  test('of all tiers tells the caller when to come back', async () => {
    const { slots } = scriptedSlots(({ refuse }) => refuse(FULL));
    const house = await openSmallHouse({ ...shared, slots });
    const { status, headers } = await ask(house, CHAT, chatRequest({ stream: false }));
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('41');
  });
});

describe('the plan', () => {
  test('takes what is loaded over what would have to be loaded, and says so', async () => {
    const { slots } = scriptedSlots(
      ({ grant }) => grant(),
      ({ id }) => (id === 'fast-local' ? { ...READY, state: 'empty', readyInMs: 45_000, needs: 'swap' } : READY),
    );
    const house = await openSmallHouse({ ...shared, slots, scripts: { 'heavy-local': answering() } });
    const { record } = await ask(house, CHAT, chatRequest());
    expect(record.servedTier).toBe('heavy-local');
    expect(record.candidates[0]?.why.at(-1)).toContain('ready now');
    expect(record.candidates[1]?.why.at(-1)).toContain('swapped in within 45.0 s');
  });
  test('gives a tier of a multiplexer elsewhere the time it expects to load', async () => {
    const source: SlotSource = {
      residency: () => ({ ...READY, state: 'loading', readyInMs: 60_000, needs: 'load' }),
      groups: () => ({}),
      acquire: () => undefined,
    };
    const house = await openSmallHouse({
      ...shared,
      tables: `${DECLARED}[router.deadlines]\nfirst_byte_seconds = 3\nfirst_byte_per_1k_tokens_seconds = 0\n`,
      slots: () => source,
      scripts: { 'fast-local': () => play([{ hang: true }]) },
    });
    const { record } = await ask(house, CHAT, chatRequest());
    expect(record.attempts[0]).toMatchObject({ detail: 'first byte deadline of 153 s passed' });
  });
});
