/** Does every row of the error table say something legal, and does a configuration change what it says and no more? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { CODE_OF, OUTCOME_MEANING, OUTCOME_OF, OUTCOMES } from '#core/error-outcome';
import { ERROR_TABLE, type ErrorPhase, type ErrorRule, sayFailure } from '#core/error-table';
import { type FailureKind, failure, NO_TIER_KINDS, STATUS_OF } from '#core/failure';
import type { DialectName } from '#core/message';

const DIALECTS = Object.keys(ERROR_TABLE) as DialectName[];
const KINDS = Object.keys(STATUS_OF) as FailureKind[];

const dialects = fc.constantFrom(...DIALECTS);
const kinds = fc.constantFrom(...KINDS);
const phases = fc.constantFrom<ErrorPhase>('head', 'stream');
const message = fc.string({ minLength: 1, maxLength: 80 }).filter((text) => text.trim() !== '');
const seconds = fc.integer({ min: 1, max: 86_400 });

const failures = fc
  .record(
    {
      kind: kinds,
      message,
      wait: seconds,
      tokens: fc.record({ prompt: fc.nat(), window: fc.nat() }),
      detail: fc.constant('for the operator only'),
    },
    { requiredKeys: ['kind', 'message'] },
  )
  .map(({ kind, message: text, wait, tokens, detail }) =>
    failure(kind, text, {
      ...(wait === undefined ? {} : { retryAfterSeconds: wait }),
      ...(tokens === undefined ? {} : { tokens }),
      ...(detail === undefined ? {} : { detail }),
    }),
  );

const rules = fc.array(
  fc.record(
    {
      outcome: fc.constantFrom(...OUTCOMES),
      dialect: dialects,
      status: fc.integer({ min: 400, max: 599 }),
      retryAfterSeconds: fc.nat({ max: 86_400 }),
      shouldRetry: fc.boolean(),
      text: message,
    },
    { requiredKeys: ['outcome'] },
  ),
  { maxLength: 6 },
) as fc.Arbitrary<ErrorRule[]>;

test('every failure of every phase has a legal status, a type, a code and a message, and keeps its reason', () => {
  fc.assert(
    fc.property(failures, dialects, phases, rules, (failed, dialect, phase, ruled) => {
      const said = sayFailure(failed, dialect, phase, ruled);
      expect(said.status).toBeWithin(400, 600);
      expect([said.kind, said.outcome]).toEqual([failed.kind, OUTCOME_OF[failed.kind]]);
      for (const word of [said.type, said.code]) expect(word).toMatch(/^[a-z][a-z_]*$/);
      expect(said.message.trim()).not.toBe('');
      expect(said.message).not.toContain('operator');
      expect(said.message).not.toMatch(/\{(?:prompt|window|message)\}|undefined/);
      if (said.retryAfterSeconds !== undefined) expect(said.retryAfterSeconds).toBeWithin(1, 86_401);
    }),
  );
});

test('every row says why it is so, every outcome when it comes about, every kind its code', () => {
  for (const dialect of DIALECTS) {
    expect(Object.keys(ERROR_TABLE[dialect]).sort()).toEqual([...OUTCOMES].sort());
    for (const row of Object.values(ERROR_TABLE[dialect])) expect(row.because).toMatch(/^\S.{20,}[^.]$/);
  }
  for (const outcome of OUTCOMES) expect(OUTCOME_MEANING[outcome].length).toBeGreaterThan(10);
  expect(Object.keys(OUTCOME_OF).sort()).toEqual([...KINDS].sort());
  expect(Object.keys(CODE_OF).sort()).toEqual([...KINDS].sort());
});

describe('no client storms, because', () => {
  const told = (kind: FailureKind, dialect: DialectName, fields = {}) =>
    sayFailure(failure(kind, 'm', fields), dialect, 'head');

  test('Codex never hears a wait, and no 5xx without the code that ends its turn early', () => {
    for (const kind of KINDS) {
      const said = told(kind, 'openai-responses', { retryAfterSeconds: 5 });
      expect([kind, said.retryAfterSeconds]).toEqual([kind, undefined]);
      if (said.status >= 500) expect([kind, said.code]).toEqual([kind, 'server_is_overloaded']);
    }
  });

  test('an exhaustion_status of 503 reaches Codex with that code as well', () => {
    const rule = { outcome: 'exhausted', status: 503 } as const;
    expect(sayFailure(failure('denied', 'm'), 'openai-responses', 'head', [rule])).toMatchObject({
      status: 503,
      code: 'server_is_overloaded',
    });
  });

  test('a Messages or Chat caller that is not to ask again is told so in both ways', () => {
    for (const dialect of ['anthropic-messages', 'openai-chat'] as const) {
      for (const kind of [...NO_TIER_KINDS, 'pin-unavailable', 'deadline', 'internal', 'broken'] as const) {
        expect([kind, told(kind, dialect)]).toMatchObject([kind, { retryAfterSeconds: 120, shouldRetry: false }]);
      }
      for (const kind of ['overloaded', 'draining'] as const) {
        const said = told(kind, dialect, { retryAfterSeconds: 3 });
        expect([said.status, said.retryAfterSeconds, said.shouldRetry]).toEqual([503, 3, undefined]);
      }
    }
  });

  test('a 429 goes to Messages callers only: Chat clients repeat it up to 27 times, or without end', () => {
    const told429 = DIALECTS.filter((dialect) => KINDS.some((kind) => told(kind, dialect).status === 429));
    expect(told429).toEqual(['anthropic-messages']);
  });

  test('opencode never reads a word for which it asks again, unless a 5xx or a broken stream is meant to be', () => {
    // Program text of opencode 1.18.33: it searches the body of any error, whatever its status.
    const asksAgain =
      /429|50[0234]|524|rate.?limit|too many requests|overloaded|exhausted|unavailable|internal.error|server.error|retry your request|try again (?:later|in\b)/i;
    const helps: readonly FailureKind[] = ['overloaded', 'draining', 'broken'];
    for (const dialect of ['openai-chat', 'openai-responses'] as const) {
      for (const kind of KINDS.filter((each) => !helps.includes(each))) {
        const outcome = OUTCOME_OF[kind];
        for (const [phase, ruled] of [
          ['stream', []],
          ['head', [{ outcome, status: 422 }]],
        ] as const) {
          const { type, code } = sayFailure(failure(kind, 'm'), dialect, phase, ruled);
          expect([kind, `${type} ${code}`]).toEqual([kind, expect.not.stringMatching(asksAgain)]);
        }
      }
    }
  });

  test('inside a stream Claude Code hears overloaded_error only where asking again may help', () => {
    const told = KINDS.filter(
      (kind) => sayFailure(failure(kind, 'm'), 'anthropic-messages', 'stream').type === 'overloaded_error',
    );
    expect(told).toEqual(['overloaded', 'draining']);
  });

  test('a wait that a tier asked for is passed on, longer or shorter than ours', () => {
    for (const wait of [7, 600])
      expect(told('exhausted', 'openai-chat', { retryAfterSeconds: wait }).retryAfterSeconds).toBe(wait);
  });
});

describe('a prompt that does not fit', () => {
  const tokens = { prompt: 137_500, window: 131_072 };
  const words = (dialect: DialectName, fields: object) =>
    sayFailure(failure('over-context', 'send less', fields), dialect, 'head').message;

  test('is told with both numbers, in the words that clients look for', () => {
    expect(words('anthropic-messages', { tokens })).toBe('prompt is too long: 137500 tokens > 131072 maximum');
    for (const dialect of ['openai-chat', 'openai-responses'] as const)
      expect(words(dialect, { tokens })).toBe(
        "This model's maximum context length is 131072 tokens. However, your messages resulted in 137500 tokens. Please reduce the length of the messages. (send less)",
      );
  });

  test('is told without numbers where they are unknown, or would say that it fits', () => {
    for (const fields of [{}, { tokens: { prompt: 900, window: 131_072 } }]) {
      expect(words('anthropic-messages', fields)).toBe('prompt is too long: send less');
      expect(words('openai-chat', fields)).toBe('send less');
    }
  });
});

describe('a rule', () => {
  const exhausted = failure('exhausted', 'the message', { retryAfterSeconds: 9 });

  test('changes what it names and leaves the rest', () => {
    const table = sayFailure(exhausted, 'openai-chat', 'head');
    expect(sayFailure(exhausted, 'openai-chat', 'head', [{ outcome: 'exhausted', status: 529 }])).toEqual({
      ...table,
      status: 529,
    });
    expect(sayFailure(exhausted, 'openai-chat', 'head', [{ outcome: 'draining', status: 422 }])).toEqual(table);
    expect(
      sayFailure(exhausted, 'openai-chat', 'head', [
        { outcome: 'exhausted', dialect: 'anthropic-messages', text: 'x' },
      ]),
    ).toEqual(table);
  });

  test('of a status below 500 brings the words with it that go with one', () => {
    expect(sayFailure(exhausted, 'openai-chat', 'head', [{ outcome: 'exhausted', status: 422 }])).toMatchObject({
      status: 422,
      type: 'invalid_request_error',
      code: 'invalid_prompt',
    });
  });

  test('of a wait says exactly that wait, and none with 0', () => {
    const wait = (retryAfterSeconds: number) =>
      sayFailure(exhausted, 'openai-responses', 'head', [{ outcome: 'exhausted', retryAfterSeconds }]);
    expect(wait(300).retryAfterSeconds).toBe(300);
    expect(wait(0)).not.toHaveProperty('retryAfterSeconds');
  });

  test('that comes later wins, key by key', () => {
    const ruled = sayFailure(exhausted, 'openai-chat', 'head', [
      { outcome: 'exhausted', status: 424, text: 'first' },
      { outcome: 'exhausted', dialect: 'openai-chat', status: 529, shouldRetry: true },
    ]);
    expect(ruled).toMatchObject({ status: 529, message: 'first', shouldRetry: true });
  });

  test('replaces the words of a tier as well', () => {
    const upstream = { status: 400, message: 'tools[0] is wrong' };
    const refused = failure('caller-error', 'refused', { upstream });
    expect(sayFailure(refused, 'openai-chat', 'head').message).toBe('tools[0] is wrong');
    expect(sayFailure(refused, 'openai-chat', 'head', [{ outcome: 'caller-error', text: 'No.' }]).message).toBe('No.');
  });
});
