/** Do sums over file and queue equal the sums over the records themselves? */
import { expect, test } from 'bun:test';
import { openForTest } from '#tests/store/open-decisions';
import { ARRIVED_AT, idOf, sampleAttempt, sampleRecord } from '#tests/store/sample-record';
import { tmpdir } from '#tests/support/tmp';

test('an empty log sums to nothing', async () => {
  await using folder = await tmpdir();
  await using log = openForTest(folder.file('decisions.db'));
  expect(log.decisions.summary(5)).toEqual({
    since: 5,
    requests: 0,
    costUsd: 0,
    tokens: 0,
    byOutcome: {},
    byTier: {},
    byWorkClass: {},
  });
});

test('written and waiting decisions are added up by outcome, tier and class, from a moment on', async () => {
  await using folder = await tmpdir();
  await using log = openForTest(folder.file('decisions.db'));
  const { servedTier: _tier, intent: _intent, ...bare } = sampleRecord();
  log.decisions.append(sampleRecord({ id: idOf(1), at: ARRIVED_AT - 1, costUsd: 99 }));
  log.decisions.append(sampleRecord({ id: idOf(2), at: ARRIVED_AT, costUsd: 0.25 }));
  log.decisions.append({
    ...bare,
    id: idOf(3),
    at: ARRIVED_AT + 7,
    outcome: 'refused',
    attempts: [],
    usage: undefined,
  } as never);
  await log.decisions.flush();
  const cloud = sampleAttempt({ tier: 'cloud', usage: { input: 500, output: 100 }, costUsd: 0.5 });
  const attempts = [sampleAttempt({ outcome: 'rejected' }), cloud];
  log.decisions.append(sampleRecord({ id: idOf(4), at: ARRIVED_AT + 9, servedTier: 'cloud', attempts, costUsd: 0.5 }));
  expect(log.decisions.summary(ARRIVED_AT)).toEqual({
    since: ARRIVED_AT,
    requests: 3,
    costUsd: 0.75,
    tokens: 1_410 + 2_010,
    oldestAt: ARRIVED_AT,
    newestAt: ARRIVED_AT + 9,
    byOutcome: {
      finished: { requests: 2, costUsd: 0.75, tokens: 3_420 },
      refused: { requests: 1, costUsd: 0, tokens: 0 },
    },
    byTier: {
      'fast-local': { requests: 1, costUsd: 0.25, tokens: 1_410 },
      cloud: { requests: 1, costUsd: 0.5, tokens: 2_010 },
      none: { requests: 1, costUsd: 0, tokens: 0 },
    },
    byWorkClass: {
      planning: { requests: 2, costUsd: 0.75, tokens: 3_420 },
      none: { requests: 1, costUsd: 0, tokens: 0 },
    },
  });
});
