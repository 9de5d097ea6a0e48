/** Does the memory learn from answers to the whole request, and nothing from calls that only save one? */
import { expect, test } from 'bun:test';
import { NOTHING } from '#core/cost';
import type { AttemptRecord } from '#core/decision';
import type { SessionMark } from '#core/session';
import { createMemory } from '#router/memory';
import { FAST, factsOf, settingsOf } from '#tests/core/decide-fixtures';
import { sampleAttempt, sampleRecord } from '#tests/store/sample-record';
import { createSimulatedClock } from '#tests/support/clock';

const session: SessionMark = { id: 'ses_1', from: 'opening', lane: 'one' };
const facts = factsOf('', { chars: { system: 0, messages: 6_000, tools: 0 } });

/** What is known of the fast tier after a planning request with these attempts. */
const knownAfter = (...attempts: readonly AttemptRecord[]) => {
  const settings = settingsOf();
  const memory = createMemory(settings, { clock: createSimulatedClock(), hash64: () => 'hash' }, NOTHING);
  memory.learn(sampleRecord({ attempts }), session, facts, settings);
  return {
    ratio: memory.estimator.ratioOf(FAST),
    firstByteMs: memory.firstByteMs(FAST),
    answerTokens: memory.answerTokens(FAST, 'planning'),
    tokensPerSecond: memory.tokensPerSecond(FAST),
    ofAnotherClass: memory.answerTokens(FAST, 'chat'),
    affinity: memory.view(session).affinity,
  };
};

const whole = sampleAttempt({ startedMs: 0, firstPartMs: 80, endedMs: 2_180, usage: { input: 3_004, output: 210 } });
const UNKNOWN = { ...knownAfter(), affinity: undefined };

test('a whole answer tells how long prompts, waits and answers are, and how fast they come', () => {
  expect(knownAfter(whole)).toEqual({
    ratio: 2,
    firstByteMs: 80,
    answerTokens: 210,
    tokensPerSecond: 100,
    ofAnotherClass: undefined,
    affinity: 'fast-local',
  });
});

test('an answer that was not served tells nothing of the length and the speed of answers', () => {
  for (const outcome of ['rejected', 'broken', 'cancelled', 'error'] as const) {
    const { answerTokens, tokensPerSecond, firstByteMs } = knownAfter({ ...whole, outcome });
    expect([answerTokens, tokensPerSecond, firstByteMs]).toEqual([undefined, undefined, 80]);
  }
});

test('a question for one block, or for the rest, tells nothing but that the tier has the prefix', () => {
  for (const role of ['ask-again', 'resume'] as const)
    expect(knownAfter({ ...whole, role })).toEqual({ ...UNKNOWN, affinity: 'fast-local' });
});

test('a tier whose answer was rejected and then saved keeps the session', () => {
  expect(knownAfter({ ...whole, outcome: 'rejected' }, { ...whole, role: 'ask-again' }).affinity).toBe('fast-local');
});
