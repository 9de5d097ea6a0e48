/** Is there one record for every way a request can end, and does it say what happened? */
import { expect, test } from 'bun:test';
import {
  answering,
  ask,
  CHAT,
  openSmallHouse,
  passTime,
  play,
  type SmallHouseOptions,
} from '#tests/router/small-house';
import { BAD_ANSWERS, plainAnswer } from '#tests/support/answer';
import { answerSteps, eventsFor } from '#tests/support/answers';
import { json, sseHead } from '#tests/support/fake-tier-steps';
import { chatRequest } from '#tests/support/two-tiers';

const boom = () => play(json(500, { error: { message: 'boom', type: 'server_error' } }));
const cut = () =>
  play([
    sseHead(),
    ...eventsFor('openai-chat', plainAnswer('One two three four.'))
      .slice(0, 3)
      .map((chunk) => ({ chunk })),
    { reset: true },
  ]);
const NONE = '[router.hold]\nallow = "none"\n';

interface Case {
  readonly name: string;
  readonly options?: SmallHouseOptions;
  readonly request?: object;
  readonly expected: object;
}

const CASES: readonly Case[] = [
  {
    name: 'finished',
    expected: {
      outcome: 'finished',
      status: 200,
      servedTier: 'fast-local',
      servedModel: 'fast',
      usage: { input: 25 },
      intent: { source: 'declared', preset: 'chat', workClass: 'chat' },
      candidates: [{ tier: 'fast-local' }, { tier: 'heavy-local' }],
      attempts: [{ outcome: 'served', hold: 'block', upstreamStatus: 200 }],
      unproven: false,
      mapping: 'test.1',
    },
  },
  {
    name: 'finished by the second tier',
    options: { scripts: { 'fast-local': boom } },
    expected: {
      outcome: 'finished',
      servedTier: 'heavy-local',
      attempts: [
        { tier: 'fast-local', outcome: 'error', failure: 'server-error', upstreamStatus: 500 },
        { outcome: 'served' },
      ],
    },
  },
  {
    name: 'rejected, then finished',
    options: {
      tables: '[router.hold]\nallow = "all"\n',
      scripts: { 'fast-local': () => play(answerSteps('openai-chat', true, BAD_ANSWERS.truncated.answer)) },
    },
    expected: {
      outcome: 'finished',
      attempts: [
        {
          outcome: 'rejected',
          failure: 'rejected',
          verifiers: expect.arrayContaining([expect.objectContaining({ verifier: 'not_truncated', verdict: 'fail' })]),
        },
        { outcome: 'served' },
      ],
    },
  },
  {
    name: 'refused before any tier',
    request: { model: 'planning' },
    expected: {
      outcome: 'refused',
      status: 503,
      failure: 'denied',
      attempts: [],
      exclusions: [{ tier: 'heavy-local', kind: 'denied' }],
    },
  },
  {
    name: 'refused by the tier',
    options: {
      scripts: {
        'fast-local': () =>
          play(json(422, { error: { message: 'temperature must be at most 2', type: 'invalid_request_error' } })),
      },
    },
    expected: {
      outcome: 'refused',
      status: 422,
      failure: 'caller-error',
      attempts: [{ outcome: 'error', failure: 'caller-error' }],
    },
  },
  {
    name: 'a body that is no request',
    request: { messages: 'none' },
    expected: { outcome: 'refused', status: 400, failure: 'bad-request', candidates: [], attempts: [] },
  },
  {
    name: 'exhausted',
    options: { scripts: { 'fast-local': boom, 'heavy-local': boom } },
    expected: {
      outcome: 'exhausted',
      status: 503,
      failure: 'exhausted',
      attempts: [{ outcome: 'error' }, { outcome: 'error' }],
    },
  },
  {
    name: 'broken',
    options: { tables: NONE, scripts: { 'fast-local': cut } },
    expected: {
      outcome: 'broken',
      status: 200,
      failure: 'broken',
      servedTier: 'fast-local',
      attempts: [{ outcome: 'broken', failure: 'cut-off' }],
    },
  },
  {
    name: 'unreachable, then finished',
    options: {
      scripts: {},
      reach: async (host) => {
        if (host.startsWith('fast')) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
      },
    },
    expected: {
      outcome: 'finished',
      attempts: [{ tier: 'fast-local', outcome: 'skipped-unavailable' }, { outcome: 'served' }],
    },
  },
  {
    name: 'an exact name whose tier is down',
    options: { tables: '[router.aliases]\nexact = "fast-local"\n', scripts: { 'fast-local': boom } },
    request: { model: 'exact' },
    expected: {
      outcome: 'exhausted',
      failure: 'pin-unavailable',
      intent: { source: 'alias' },
      attempts: [{ outcome: 'error', hold: 'none' }],
    },
  },
  {
    name: 'served unproven',
    options: { router: 'when_unproven = "verify"' },
    request: { model: 'planning' },
    expected: { outcome: 'finished', unproven: true, attempts: [{ outcome: 'served', verdict: 'deny', hold: 'all' }] },
  },
];

for (const { name, options, request = {}, expected } of CASES) {
  test(`${name}: one record, streamed or whole, and no content in it`, async () => {
    for (const stream of [true, false]) {
      if (!stream && name === 'broken') continue;
      const house = await openSmallHouse(options);
      const { status, record } = await ask(house, CHAT, chatRequest({ stream, ...request }), {
        'x-session-id': 'secret-session',
      });
      expect(record).toMatchObject(expected);
      expect(record.status).toBe(status);
      expect(house.records).toEqual([record]);
      expect(house.bugs).toEqual([]);
      const text = JSON.stringify(record);
      for (const content of ['hello there', 'Hello! What', 'One two', 'boom', 'temperature', 'secret-session'])
        expect(text).not.toContain(content);
    }
  });
}

test('cancelled', async () => {
  const house = await openSmallHouse({
    tables: NONE,
    scripts: { 'fast-local': answering(undefined, { chunkMs: () => 1_000 }) },
  });
  const controller = new AbortController();
  const { decision, response } = house.post(CHAT, JSON.stringify(chatRequest()), { signal: controller.signal });
  await passTime(house, response);
  controller.abort();
  expect(await passTime(house, house.recorded(decision))).toMatchObject({
    outcome: 'cancelled',
    attempts: [{ outcome: 'cancelled', tier: 'fast-local' }],
  });
});

test('times count from arrival and follow the order of things', async () => {
  const house = await openSmallHouse({
    tables: '[router.hold]\nallow = "all"\n',
    scripts: {
      'fast-local': () => play([{ hang: true }]),
      'heavy-local': answering(undefined, { chunkMs: () => 100 }),
    },
  });
  const { record } = await ask(house, CHAT, chatRequest());
  const [first, second] = record.attempts;
  expect(first).toMatchObject({ startedMs: 0, outcome: 'error', failure: 'timeout' });
  expect(second?.startedMs).toBe(first?.endedMs);
  expect(second?.headersMs).toBe(second?.startedMs);
  expect(second?.firstPartMs).toBe(200 + (second?.startedMs ?? 0));
  expect(record.stages).toMatchObject({ decidedMs: 0, firstByteMs: second?.endedMs, endedMs: second?.endedMs });
});

test('each attempt is priced at its own tier, and the request at their sum', async () => {
  const usage = { input: 1_000, output: 10 };
  const answer = { ...BAD_ANSWERS.truncated.answer, usage };
  const house = await openSmallHouse({
    cloud: 'behind',
    tables: '[router.hold]\nallow = "all"\n',
    fast: 'cost_input_per_mtok = 1\ncost_output_per_mtok = 2',
    scripts: {
      'fast-local': () => play(answerSteps('openai-chat', true, answer)),
      cloud: () => play(answerSteps('openai-chat', true, { ...plainAnswer('Fine.'), usage })),
    },
  });
  const { record } = await ask(house, CHAT, chatRequest());
  expect(record.attempts.map(({ tier, costUsd }) => [tier, Number(costUsd.toFixed(6))])).toEqual([
    ['fast-local', 0.00102],
    ['cloud', 0.011],
  ]);
  expect(record.costUsd).toBeCloseTo(0.01202, 6);
});
