// What does the router tell and learn of a model that a multiplexer elsewhere lends, within the time of the attempt?
import { describe, expect, test } from 'bun:test';
import { NOTHING } from '#core/cost';
import { explain } from '#core/explain';
import { REMEDY_OF_SLOT } from '#core/remedies';
import type { SlotSource, TierResidency } from '#core/residency';
import type { SlotRefusal } from '#core/slot-lease';
import { dialects } from '#dialects/dialect';
import { createMemory } from '#router/memory';
import { slotInHeaders } from '#router/slot-headers';
import { CUT, refusalTrouble, troubleEvent, troubleResponse } from '#server/multiplexer/trouble';
import { factsOf, settingsOf, tierOf } from '#tests/core/decide-fixtures';
import {
  ask,
  CHAT,
  GREETING,
  MESSAGES,
  openSmallHouse,
  passTime,
  play,
  type SmallHouseOptions,
} from '#tests/router/small-house';
import type { HostScript } from '#tests/simulation/scripted-hosts';
import { sampleAttempt, sampleRecord } from '#tests/store/sample-record';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps, eventsFor } from '#tests/support/answers';
import { createSimulatedClock } from '#tests/support/clock';
import { sseHead } from '#tests/support/fake-tier-steps';
import { chatSeen } from '#tests/support/sse';
import { chatRequest } from '#tests/support/two-tiers';

const READY: TierResidency = { state: 'ready', readyInMs: 0, needs: 'nothing', inFlight: 0, queued: 0 };
const AWAY: TierResidency = { state: 'empty', readyInMs: 60_000, needs: 'load', inFlight: 0, queued: 0 };
const shared = {
  fast: 'swap_group = "gpu"',
  tables: '[[router.swap_groups]]\nname = "gpu"\nurl = "http://multiplexer.test"\n',
} as const;

const knowing = (residency: TierResidency | undefined): SlotSource => ({
  residency: () => residency,
  groups: () => ({}),
  acquire: () => undefined,
});

/** A tier that says nothing for so long, as a front door does while it loads a model. */
const loadsFor = (gateMs: number, headers: Record<string, string> = {}): HostScript => {
  const steps = [...answerSteps('openai-chat', true, plainAnswer(GREETING))].map((step) =>
    'status' in step ? { ...step, headers: { ...step.headers, ...headers } } : step,
  );
  return play([{ waitFor: 'the model is loaded' }, ...steps], { gateMs });
};

describe('a caller that streams', () => {
  for (const [name, residency, told] of [
    ['a model that has to be loaded', AWAY, true],
    ['a model of which nothing is known', undefined, true],
    ['a model that is ready and slow', READY, false],
  ] as const) {
    test(`hears ${told ? 'that somebody is there' : 'nothing'} after ten seconds of ${name}`, async () => {
      const house = await openSmallHouse({
        ...shared,
        slots: () => knowing(residency),
        scripts: { 'fast-local': () => loadsFor(40_000) },
      });
      const { response } = house.post(
        MESSAGES,
        JSON.stringify({ ...chatRequest({ model: 'fast-local' }), max_tokens: 99 }),
      );
      let answered: Response | undefined;
      void response.then((got) => {
        answered = got;
      });
      await house.clock.advance(9_999);
      expect(answered).toBeUndefined();
      await house.clock.advance(10_000);
      expect(answered?.status).toBe(told ? 200 : undefined);
      const whole = await passTime(house, (await passTime(house, response)).text());
      expect([whole.includes('event: ping'), whole.includes('event: message_stop')]).toEqual([told, true]);
    });
  }
});

describe('the headers of the reply', () => {
  const TELLING = { 'x-anvil-slot-needed': 'swap', 'x-anvil-slot-waited-ms': '2500' };

  test('put the wait on record, in words that explain it', async () => {
    const house = await openSmallHouse({
      ...shared,
      slots: () => knowing(AWAY),
      scripts: { 'fast-local': () => loadsFor(2_500, TELLING) },
    });
    const { body, record } = await ask(house, CHAT, chatRequest({ model: 'fast-local' }));
    expect(chatSeen(body).text).toBe(GREETING);
    expect(record.attempts[0]?.slot).toEqual({ model: 'fast', needed: 'swap', waitedMs: 2_500, elsewhere: true });
  });

  test.each([
    ['none', {}],
    ['an unknown word', { ...TELLING, 'x-anvil-slot-needed': 'magic' }],
    ['a member of every object', { ...TELLING, 'x-anvil-slot-needed': 'constructor' }],
    ['no number', { ...TELLING, 'x-anvil-slot-waited-ms': 'long' }],
    ['less than nothing', { ...TELLING, 'x-anvil-slot-waited-ms': '-1' }],
    ['half of them', { 'x-anvil-slot-needed': 'swap' }],
  ])('say nothing with %s', (_name, headers) => {
    expect(slotInHeaders(tierOf('one', { swapGroup: 'gpu', model: 'm' }), new Headers(headers))).toBeUndefined();
  });

  test('say nothing for a tier without a swap group', () => {
    expect(slotInHeaders(tierOf('one', { model: 'm' }), new Headers(TELLING))).toBeUndefined();
  });
});

describe('a refusal there', () => {
  const FULL: SlotRefusal = { refused: 'queue-full', message: 'too many wait', retryAfterMs: 7_000, position: 3 };
  const refusing = async (refusal: SlotRefusal, options: SmallHouseOptions = shared) => {
    const response = troubleResponse(refusalTrouble(refusal), dialects['openai-chat'], 'x');
    const body = await response.text();
    const head = { status: response.status, headers: Object.fromEntries(response.headers) };
    const house = await openSmallHouse({
      ...options,
      slots: () => knowing(READY),
      scripts: { 'fast-local': () => play([head, { chunk: body }]) },
    });
    const { record } = await ask(house, CHAT, chatRequest());
    const failures = house.assembly.router.breakers.snapshot().reduce((sum, breaker) => sum + breaker.failures, 0);
    return { record, failures };
  };

  test.each(['queue-full', 'wait-limit', 'load-failed', 'no-memory', 'unavailable'] as const)(
    '(%s) is on record as such, passes to the next tier, and says nothing against this one',
    async (refused) => {
      const { record, failures } = await refusing({ ...FULL, refused });
      expect([record.servedTier, failures]).toEqual(['heavy-local', 0]);
      expect(record.attempts[0]).toMatchObject({
        tier: 'fast-local',
        failure: 'busy',
        slot: { model: 'fast', refused, elsewhere: true },
      });
      expect(explain(record).join('\n')).toContain(REMEDY_OF_SLOT[refused]);
    },
  );
  test('(unknown-model) is a mistake of the operator', async () => {
    const { record } = await refusing({ refused: 'unknown-model', message: 'unknown model' });
    expect(record.attempts[0]).toMatchObject({ failure: 'server-error', detail: expect.stringContaining('model') });
  });
  test('is believed of a tier in a swap group only', async () => {
    const { record, failures } = await refusing(FULL, {});
    expect([record.attempts[0]?.failure, failures]).toEqual(['server-error', 1]);
  });
});

describe('an answer that was cut there in a drain', () => {
  const events = eventsFor('openai-chat', plainAnswer(GREETING));
  const cutHere = (): HostScript =>
    play([
      sseHead(),
      { chunk: events.slice(0, 2).join('') },
      { chunk: troubleEvent(CUT, dialects['openai-chat'], 'x') },
    ]);
  const afterCut = async (options: SmallHouseOptions) => {
    const house = await openSmallHouse({
      ...options,
      slots: () => knowing(READY),
      scripts: { 'fast-local': cutHere },
    });
    const { record } = await ask(house, CHAT, chatRequest({ model: 'fast-local' }));
    const failures = house.assembly.router.breakers.snapshot().reduce((sum, breaker) => sum + breaker.failures, 0);
    return { detail: record.attempts[0]?.detail, failures };
  };

  test('is known by its words, and says nothing against the tier', async () => {
    const { detail, failures } = await afterCut(shared);
    expect([detail, failures]).toEqual(['its model had to make room for another before the answer had ended', 0]);
  });
  test('is an error like any other where no multiplexer is', async () => {
    const { detail, failures } = await afterCut({});
    expect([detail?.includes('error event'), failures]).toEqual([true, 1]);
  });
});

describe('how long a tier takes to begin', () => {
  const shares = tierOf('fast-local', { swapGroup: 'gpu', model: 'm' });
  const learned = (fields: Parameters<typeof sampleAttempt>[0], tier = shares): number | undefined => {
    const settings = settingsOf({ tiers: [tier] });
    const memory = createMemory(settings, { clock: createSimulatedClock(), hash64: () => 'hash' }, NOTHING);
    const session = { id: 'ses_1', from: 'opening', lane: 'one' } as const;
    memory.learn(sampleRecord({ attempts: [sampleAttempt(fields)] }), session, factsOf('', {}), settings);
    return memory.firstByteMs(tier);
  };
  const slot = { model: 'm', needed: 'load', waitedMs: 60_000 } as const;

  test('is learned without the load, wherever that is counted', () => {
    expect(learned({ startedMs: 60_000, firstPartMs: 60_400, slot })).toBe(400);
    expect(learned({ startedMs: 0, firstPartMs: 60_400, slot: { ...slot, elsewhere: true } })).toBe(400);
  });
  test('is not learned from a silence that may have been a load', () => {
    expect(learned({ startedMs: 0, firstPartMs: 60_400 })).toBeUndefined();
    expect(learned({ startedMs: 0, firstPartMs: 400 })).toBe(400);
    expect(learned({ startedMs: 0, firstPartMs: 60_400 }, tierOf('fast-local', { model: 'm' }))).toBe(60_400);
  });
});
