/** Do the rules of `[[router.errors]]` reach the callers they are for, in the order in which they win? */
import { describe, expect, test } from 'bun:test';
import { rulesFor } from '#core/error-table';
import { minimal, problemsOf, settingsOf } from '#tests/config/support';

const FOR_ALL = ['[[router.errors]]', 'outcome = "exhausted"', 'retry_after_seconds = 7'];
const FOR_CHAT = ['[[router.errors]]', 'outcome = "exhausted"', 'dialect = "openai-chat"', 'status = 529'];
const FOR_PROFILE = [
  '[[router.errors]]',
  'outcome = "draining"',
  'profile = "impatient"',
  'status = 422',
  'retry_after_seconds = 0',
  'should_retry = true',
  'text = "Away."',
];
const TOKENS = [
  '[[server.tokens]]',
  'name = "laptop"',
  'env = "LAPTOP"',
  '[[server.tokens]]',
  'name = "opencode"',
  'env = "OPENCODE"',
  'error_profile = "impatient"',
];

const errorsOf = (router: readonly string[], ...tables: readonly (readonly string[])[]) =>
  settingsOf(minimal([...router], tables.flat())).errors;

describe('rules', () => {
  test('are none where the file says nothing', () => {
    expect(errorsOf([])).toEqual({ rules: [], rulesOfToken: new Map() });
  });

  test('with a dialect come last, exhaustion_status first, however the file orders them', () => {
    expect(errorsOf(['exhaustion_status = 424'], FOR_CHAT, FOR_ALL).rules).toEqual([
      { outcome: 'exhausted', status: 424 },
      { outcome: 'exhausted', retryAfterSeconds: 7 },
      { outcome: 'exhausted', dialect: 'openai-chat', status: 529 },
    ]);
  });

  test('of a profile hold for the tokens that name it, behind the rules for all', () => {
    const errors = errorsOf([], FOR_PROFILE, FOR_ALL, TOKENS);
    const forAll = { outcome: 'exhausted', retryAfterSeconds: 7 } as const;
    for (const token of [undefined, 'laptop', 'nobody']) expect(rulesFor(errors, token)).toEqual([forAll]);
    expect(rulesFor(errors, 'opencode')).toEqual([
      forAll,
      { outcome: 'draining', status: 422, retryAfterSeconds: 0, shouldRetry: true, text: 'Away.' },
    ]);
  });
});

describe('a rule is refused', () => {
  const faults: readonly (readonly [string, readonly string[], string, RegExp, RegExp])[] = [
    [
      'for an unknown outcome',
      ['[[router.errors]]', 'outcome = "exhausion"'],
      'router.errors[0].outcome',
      /one of/,
      /did you mean "exhausted"/,
    ],
    [
      'with a status of success',
      ['[[router.errors]]', 'outcome = "internal"', 'status = 200'],
      'router.errors[0].status',
      /from 400 to 599/,
      /correct it, or remove it/,
    ],
    ['when it is there already', [...FOR_CHAT, ...FOR_CHAT], 'router.errors[1]', /a second rule/, /make one/],
    [
      'for a profile that is misspelt by a token',
      [...FOR_PROFILE, '[[server.tokens]]', 'name = "a"', 'env = "A"', 'error_profile = "impatent"'],
      'server.tokens[0].error_profile',
      /no \[\[router.errors\]\] entry has the profile "impatent"/,
      /did you mean "impatient"/,
    ],
    [
      'for a profile that nobody has',
      ['[[server.tokens]]', 'name = "a"', 'env = "A"', 'error_profile = "x"'],
      'server.tokens[0].error_profile',
      /no \[\[router.errors\]\] entry/,
      /add one with profile = "x"/,
    ],
  ];
  test.each(faults)('%s', (_name, tables, key, message, remedy) => {
    expect(problemsOf(minimal([], [...tables]))).toMatchObject([
      { key, message: expect.stringMatching(message), remedy: expect.stringMatching(remedy) },
    ]);
  });
});
