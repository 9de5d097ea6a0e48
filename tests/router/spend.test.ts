// The budget state: session and day, requests in flight, the turn of the day, a restart within it.
import { expect, test } from 'bun:test';
import { createSessions } from '#router/sessions';
import { createSpend } from '#router/spend';
import { createSimulatedClock } from '#tests/support/clock';

const HOUR = 3_600_000;
const usd = (value: number) => ({ usd: value, tokens: 0 });

const started = (hour = 0, spentToday = usd(0)) => {
  const clock = createSimulatedClock({ wall: Date.UTC(2026, 5, 1) + hour * HOUR });
  return { clock, spend: createSpend(clock, createSessions(clock, 10), spentToday) };
};

test('a reservation counts for its session and the day until it is settled with the real charge', () => {
  const { spend } = started();
  const settle = spend.reserve('s', usd(5));
  spend.reserve('t', usd(1));
  expect(spend.state('s')).toMatchObject({ session: usd(5), day: usd(6) });
  settle(usd(2));
  settle(usd(50));
  expect(spend.state('s')).toMatchObject({ session: usd(2), day: usd(3) });
  expect(spend.state('t')).toMatchObject({ session: usd(1), day: usd(3) });
});

test('a reservation that led to nothing is given back', () => {
  const { spend } = started();
  spend.reserve('s', usd(5))();
  expect(spend.state('s')).toMatchObject({ session: usd(0), day: usd(0) });
});

test('a request without a session counts for the day alone', () => {
  const { spend } = started();
  spend.reserve(undefined, usd(5));
  expect(spend.state(undefined)).toMatchObject({ session: usd(0), day: usd(5) });
});

test('the day begins anew at midnight UTC; what is in flight then counts for the day in which it ends', async () => {
  const { clock, spend } = started(22, usd(7));
  expect(spend.state('s')).toMatchObject({ day: usd(7), dayEndsInMs: 2 * HOUR });
  const settle = spend.reserve('s', usd(1));
  await clock.advance(2 * HOUR);
  expect(spend.state('s')).toMatchObject({ session: usd(1), day: usd(1), dayEndsInMs: 24 * HOUR });
  settle(usd(3));
  expect(spend.state('s')).toMatchObject({ session: usd(3), day: usd(3) });
});
