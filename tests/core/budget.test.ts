// When a cap is spent or would be passed, which one is named, and when it opens again.
import { expect, test } from 'bun:test';
import { capReached, capText } from '#core/budget';
import type { BudgetSettings } from '#core/settings';

const amount = (usd: number, tokens = 0) => ({ usd, tokens });
const state = (session = amount(0), day = amount(0)) => ({ session, day, dayEndsInMs: 1_000 });

const cases: readonly (readonly [
  string,
  BudgetSettings,
  ReturnType<typeof state>,
  ReturnType<typeof amount>,
  string | undefined,
])[] = [
  ['no caps', {}, state(amount(99, 99), amount(99, 99)), amount(9, 9), undefined],
  ['room for the request', { dayUsd: 1 }, state(amount(0), amount(0.5)), amount(0.5), undefined],
  ['no room for the request', { dayUsd: 1 }, state(amount(0), amount(0.5)), amount(0.51), 'day-usd'],
  [
    'a cap spent to the last cent, and a request for nothing',
    { dayUsd: 1 },
    state(amount(0), amount(1)),
    amount(0),
    'day-usd',
  ],
  ['a cap of nothing', { sessionUsd: 0 }, state(), amount(0), 'session-usd'],
  ['day tokens', { dayTokens: 10 }, state(amount(0), amount(0, 9)), amount(0, 2), 'day-tokens'],
  ['session tokens', { sessionTokens: 10 }, state(amount(0, 9)), amount(0, 2), 'session-tokens'],
  ['the day before the session', { sessionUsd: 1, dayUsd: 1 }, state(amount(2), amount(2)), amount(0), 'day-usd'],
  ['only the cap that is set', { sessionUsd: 1 }, state(amount(0), amount(50)), amount(0), undefined],
];

test.each(cases)('%s', (_name, caps, spent, expected, cap) => {
  expect(capReached(caps, spent, expected)?.cap).toBe(cap as never);
});

test('a day opens again at its end, a session does not', () => {
  expect(capReached({ dayUsd: 1 }, state(amount(0), amount(1)), amount(0))?.opensInMs).toBe(1_000);
  expect(capReached({ sessionUsd: 1 }, state(amount(1)), amount(0))).not.toHaveProperty('opensInMs');
});

test('operators read the cap in its own unit', () => {
  expect(capText({ cap: 'day-usd', limit: 5, spent: 4.966 })).toBe('day cap 5.00 USD, 4.97 spent');
  expect(capText({ cap: 'session-tokens', limit: 1_000, spent: 900.4 })).toBe('session cap 1000 tokens, 900 spent');
});

test('a cap on one request counts what its earlier attempts cost', () => {
  const spent = { ...state(), request: amount(0.004, 900) };
  expect(capReached({ requestUsd: 0.01 }, spent, amount(0.005))).toBeUndefined();
  const reached = capReached({ requestUsd: 0.008 }, spent, amount(0.005));
  expect(reached && capText(reached)).toBe('request cap 0.0080 USD, 0.0040 spent');
  expect(capReached({ requestTokens: 1_000 }, spent, amount(0, 101))?.cap).toBe('request-tokens');
  expect(capReached({ requestTokens: 1_000 }, state(), amount(0, 1_000))).toBeUndefined();
});
