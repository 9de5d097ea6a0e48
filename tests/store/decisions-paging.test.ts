/** Do pages, whatever their size and filter, show every matching decision once, newest first? */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { DecisionRecord } from '#core/decision';
import { workClassOf } from '#core/decision-facts';
import type { DecisionQuery } from '#store/decision-row';
import type { Decisions } from '#store/decisions';
import { openForTest } from '#tests/store/open-decisions';
import { ARRIVED_AT, idOf, sampleRecord } from '#tests/store/sample-record';
import { tmpdir } from '#tests/support/tmp';

const CLASSES = ['chat', 'planning', 'review'] as const;
const OUTCOMES = ['finished', 'refused', 'broken'] as const;

const record = fc.record({
  at: fc.integer({ min: ARRIVED_AT, max: ARRIVED_AT + 8 }),
  outcome: fc.constantFrom(...OUTCOMES),
  servedTier: fc.constantFrom('a', 'b', undefined),
  session: fc.constantFrom('one', 'two', undefined),
  workClass: fc.constantFrom(...CLASSES),
});

const query = fc.record(
  {
    outcome: fc.constantFrom(...OUTCOMES),
    tier: fc.constantFrom('a', 'b', 'never'),
    session: fc.constantFrom('one', 'two'),
    workClass: fc.constantFrom(...CLASSES),
    since: fc.integer({ min: ARRIVED_AT, max: ARRIVED_AT + 8 }),
  },
  { requiredKeys: [] },
);

type Shape = {
  at: number;
  outcome: string;
  servedTier?: string | undefined;
  session?: string | undefined;
  workClass: string;
};

const build = (shape: Shape, number: number): DecisionRecord => {
  const { intent, session: _session, servedTier: _tier, ...rest } = sampleRecord();
  return JSON.parse(
    JSON.stringify({
      ...rest,
      ...shape,
      workClass: undefined,
      id: idOf((number * 7919) % 100_003),
      intent: { ...intent, gateClass: shape.workClass },
    }),
  );
};

const allPages = (decisions: Decisions, question: DecisionQuery, limit: number): DecisionRecord[][] => {
  const pages: DecisionRecord[][] = [];
  let before: string | undefined;
  do {
    const page = decisions.list({ ...question, limit, ...(before === undefined ? {} : { before }) });
    expect(page.problem).toBeUndefined();
    pages.push([...page.records]);
    before = page.next;
  } while (before !== undefined && pages.length < 500);
  return pages;
};

const expected = (records: DecisionRecord[], question: DecisionQuery): string[] =>
  records
    .filter(
      (item) =>
        (question.outcome === undefined || item.outcome === question.outcome) &&
        (question.tier === undefined || item.servedTier === question.tier) &&
        (question.session === undefined || item.session === question.session) &&
        (question.workClass === undefined || workClassOf(item) === question.workClass) &&
        (question.since === undefined || item.at >= question.since),
    )
    .sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
    .map((item) => item.id);

test('pages over file and queue together are complete, in order and without repeats', async () => {
  await using folder = await tmpdir();
  let run = 0;
  const world = fc.record({
    shapes: fc.array(record, { minLength: 10, maxLength: 40, size: 'max' }),
    question: query,
    limit: fc.integer({ min: 1, max: 6 }),
    writtenPercent: fc.nat(100),
  });
  await fc.assert(
    fc.asyncProperty(world, async ({ shapes, question, limit, writtenPercent }) => {
      run += 1;
      await using log = openForTest(folder.file(`${run}.db`));
      const records = shapes.map(build);
      const written = Math.round((records.length * writtenPercent) / 100);
      for (const item of records.slice(0, written)) log.decisions.append(item);
      await log.decisions.flush();
      for (const item of records.slice(written)) log.decisions.append(item);
      const pages = allPages(log.decisions, question as DecisionQuery, limit);
      expect(pages.flat().map((item) => item.id)).toEqual(expected(records, question as DecisionQuery));
      for (const page of pages.slice(0, -1)) expect(page).toHaveLength(limit);
    }),
    { numRuns: 25 },
  );
});

test('decisions that arrive while someone pages neither repeat nor hide older ones', async () => {
  await using folder = await tmpdir();
  await using log = openForTest(folder.file('decisions.db'));
  for (let number = 0; number < 30; number++) {
    log.decisions.append(sampleRecord({ id: idOf(number), at: ARRIVED_AT + number }));
  }
  const seen: string[] = [];
  let before: string | undefined;
  for (let turn = 0; turn < 4; turn++) {
    const page = log.decisions.list({ limit: 10, ...(before === undefined ? {} : { before }) });
    seen.push(...page.records.map((item) => item.id));
    before = page.next;
    for (let extra = 0; extra < 5; extra++) {
      const number = 1_000 + turn * 10 + extra;
      log.decisions.append(sampleRecord({ id: idOf(number), at: ARRIVED_AT + number }));
    }
    await log.decisions.flush();
    if (before === undefined) break;
  }
  expect(seen).toEqual(Array.from({ length: 30 }, (_, index) => idOf(29 - index)));
});

test.each([
  [undefined, 50],
  [0, 1],
  [-3, 1],
  [7.9, 7],
  [Number.NaN, 1],
  [10_000, 500],
])('a limit of %p shows %p', async (limit, shown) => {
  await using log = openForTest(undefined);
  for (let number = 0; number < 600; number++) log.decisions.append(sampleRecord({ id: idOf(number) }));
  expect(log.decisions.list(limit === undefined ? {} : { limit }).records).toHaveLength(shown);
});

test.each(['', 'yesterday', '12', '.abc', '1e9.abc', "1'; DROP TABLE decision; --"])(
  'the cursor %p is refused with a reason',
  async (before) => {
    await using log = openForTest(undefined);
    log.decisions.append(sampleRecord());
    const page = log.decisions.list({ before });
    expect(page.records).toEqual([]);
    expect(page.problem).toContain('before');
  },
);
