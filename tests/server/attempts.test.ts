/** How often is one request tried, where, and what does the caller hear when nobody could serve it? */
import { describe, expect, test } from 'bun:test';
import { CHAT, errorIn, MESSAGES } from '#tests/server/said';
import { BAD_ANSWERS, plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { createSimulatedClock } from '#tests/support/clock';
import { type FakeTier, startFakeTier } from '#tests/support/fake-tier';
import { json } from '#tests/support/fake-tier-steps';
import { startTestServer, type TestServer } from '#tests/support/test-server';
import { chatRequest, messagesRequest, startTwoTiers } from '#tests/support/two-tiers';

const idOf = (response: Response): string => response.headers.get('x-anvil-decision') ?? '';
const boom = json(500, { error: { message: 'the engine at 10.0.0.5 died' } });
const good = answerSteps('openai-chat', false, plainAnswer('Hello!'));

interface Five extends AsyncDisposable {
  readonly tiers: readonly FakeTier[];
  readonly server: TestServer;
  /** Places of the tiers that were asked, in order. */
  asked(): readonly number[];
}

/** Five local tiers in one preset. */
const startFive = async (tables = ''): Promise<Five> => {
  const tiers: FakeTier[] = [];
  for (let at = 0; at < 5; at++) tiers.push(await startFakeTier());
  const entries = tiers.map(
    ({ url }, at) =>
      `[[router.tiers]]\nid = "t${at}"\nmodel = "m${at}"\nbase_url = "${url}/v1"\ndialect = "openai"\n` +
      'context_limit = 32768\nprivacy = "local"\ntool_support = true\nauth_env = "NONE"\n',
  );
  const presets = '[router.presets]\nchat = ["t0", "t1", "t2", "t3", "t4"]\n';
  const server = await startTestServer({
    toml: `[router]\nmapping_version = "five"\n${entries.join('')}${presets}${tables}`,
  });
  return {
    tiers,
    server,
    asked: () => tiers.flatMap((tier, at) => tier.requests.map(() => at)),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      for (const tier of tiers) await tier.stop();
    },
  };
};

describe('how many', () => {
  test('three by default, the last one reserved for the last tier of the plan', async () => {
    await using five = await startFive();
    for (const tier of five.tiers) tier.always(boom);
    const response = await five.server.post(CHAT, chatRequest({ stream: false }));
    expect([response.status, response.headers.get('x-anvil-attempts')]).toEqual([503, '3']);
    expect(five.asked()).toEqual([0, 1, 4]);
  });

  test('as many as the configuration says, and without the reserve in plain order', async () => {
    await using five = await startFive('[router.attempts]\nmax = 2\nreserve_last = false\n');
    for (const tier of five.tiers) tier.always(boom);
    await five.server.post(CHAT, chatRequest({ stream: false }));
    expect(five.asked()).toEqual([0, 1]);
  });

  test('a lone attempt goes to the first tier', async () => {
    await using five = await startFive('[router.attempts]\nmax = 1\n');
    for (const tier of five.tiers) tier.always(good);
    expect((await five.server.post(CHAT, chatRequest({ stream: false }))).headers.get('x-anvil-tier')).toBe('t0');
  });

  test('all attempts together have a time limit, which is a 504', async () => {
    const clock = createSimulatedClock();
    await using two = await startTwoTiers({
      tables:
        '[router.attempts]\ntotal_seconds = 40\n[router.deadlines]\ntotal_seconds = 30\nfirst_byte_seconds = 30\n',
      effects: { clock },
    });
    for (const tier of [two.fast, two.heavy]) tier.always([{ hang: true }]);
    const pending = two.server.post(CHAT, chatRequest());
    await two.fast.nextRequest();
    await clock.advance(30_000);
    await two.heavy.nextRequest();
    await clock.advance(10_000);
    const response = await pending;
    expect([response.status, errorIn('openai-chat', await response.text()).code]).toEqual([504, 'deadline']);
    await two.heavy.callerClosed(0);
  });
});

describe('what the caller hears', () => {
  test('nothing of the tiers: no address, no upstream text, no model bytes, in either dialect', async () => {
    await using two = await startTwoTiers({ tables: '[router.hold]\nallow = "all"\n' });
    two.fast.always(answerSteps('openai-chat', true, BAD_ANSWERS.truncated.answer));
    two.heavy.always(boom);
    for (const [path, body, dialect] of [
      [CHAT, chatRequest(), 'openai-chat'],
      [MESSAGES, messagesRequest(), 'anthropic-messages'],
    ] as const) {
      const response = await two.server.post(path, body);
      const text = await response.text();
      expect(response.status).toBe(503);
      expect(errorIn(dialect, text).message).toBe('no quality-gated tier is available for this request');
      for (const secret of ['10.0.0.5', 'three steps', 'fast-local', two.fast.url]) expect(text).not.toContain(secret);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'x-should-retry': 'false',
        'x-anvil-reason': 'exhausted',
        'x-anvil-attempts': '2',
      });
      const record = await two.server.record(idOf(response));
      expect(record.detail).toContain('fast-local');
    }
  });

  test('the shortest wait that a tier asked for', async () => {
    await using two = await startTwoTiers();
    two.fast.always(json(429, { error: { message: 'slow' } }, { 'retry-after': '40' }));
    two.heavy.always(json(503, { error: { message: 'loading' } }, { 'retry-after': '20' }));
    const response = await two.server.post(CHAT, chatRequest());
    expect(response.headers.get('retry-after')).toBe('20');
  });

  test('two minutes when nobody said how long', async () => {
    await using two = await startTwoTiers();
    for (const tier of [two.fast, two.heavy]) tier.always(boom);
    expect((await two.server.post(CHAT, chatRequest())).headers.get('retry-after')).toBe('120');
  });
});

describe('a prompt too long for a tier after all', () => {
  const overflow = json(400, {
    error: {
      message: "This model's maximum context length is 32768 tokens. However, your request has 40000 input tokens.",
      type: 'BadRequestError',
      code: 400,
    },
  });

  test('is served by the tier with the larger window, and trips nothing', async () => {
    await using two = await startTwoTiers();
    two.fast.always(overflow);
    two.heavy.always(good);
    for (let turn = 0; turn < 4; turn++) {
      const response = await two.server.post(CHAT, chatRequest({ stream: false }));
      expect(response.headers.get('x-anvil-tier')).toBe('heavy-local');
    }
    expect(two.server.assembly.router.breakers.peek('fast-local', 'chat').state).toBe('closed');
  });

  test('is told in words that make a harness compact when no window is large enough', async () => {
    await using two = await startTwoTiers();
    for (const tier of [two.fast, two.heavy]) tier.always(overflow);
    const chat = await two.server.post(CHAT, chatRequest());
    expect([chat.status, errorIn('openai-chat', await chat.text()).code]).toEqual([413, 'context_length_exceeded']);
    const messages = await two.server.post(MESSAGES, messagesRequest());
    expect(messages.status).toBe(400);
    expect(errorIn('anthropic-messages', await messages.text())).toMatchObject({
      type: 'invalid_request_error',
      message: expect.stringMatching(/^prompt is too long/),
    });
  });

  test('skips smaller windows', async () => {
    await using five = await startFive();
    for (const tier of five.tiers) tier.always(overflow);
    const response = await five.server.post(CHAT, chatRequest());
    expect(response.status).toBe(413);
    expect(five.asked()).toEqual([0]);
  });
});

describe('a tier that refuses its key', () => {
  for (const status of [401, 403])
    test(`${status} moves on to the next tier, and counts as an alarm, not as the caller’s fault`, async () => {
      await using two = await startTwoTiers();
      two.fast.always(json(status, { error: { message: 'invalid api key' } }));
      two.heavy.always(good);
      const response = await two.server.post(CHAT, chatRequest({ stream: false }));
      expect(response.headers.get('x-anvil-tier')).toBe('heavy-local');
      const record = await two.server.record(idOf(response));
      expect(record.attempts[0]).toMatchObject({ failure: 'unauthorized', upstreamStatus: status });
    });

  test('alone, it is an exhaustion, never a 401: the caller’s key is fine', async () => {
    await using two = await startTwoTiers();
    for (const tier of [two.fast, two.heavy]) tier.always(json(401, { error: { message: 'invalid api key' } }));
    expect((await two.server.post(CHAT, chatRequest())).status).toBe(503);
  });
});

test('a tier that failed is left alone until its breaker lets one probe through', async () => {
  const clock = createSimulatedClock();
  await using two = await startTwoTiers({ effects: { clock } });
  two.fast.always(boom);
  two.heavy.always(good);
  /** Every turn is a new conversation: an old one would stay with the tier that holds its prefix. */
  const ask = async (opening: string): Promise<string | null> => {
    const request = chatRequest({ stream: false, messages: [{ role: 'user', content: opening }] });
    return (await two.server.post(CHAT, request)).headers.get('x-anvil-tier');
  };
  for (let turn = 0; turn < 6; turn++) expect(await ask(`opening ${turn}`)).toBe('heavy-local');
  expect(two.fast.requests.length).toBe(2);
  const decided = (await (await two.server.post('/v1/route', chatRequest())).json()) as { exclusions: unknown[] };
  expect(decided.exclusions).toMatchObject([{ tier: 'fast-local', kind: 'breaker-open' }]);

  two.fast.always(good);
  await clock.advance(15_000);
  expect(await ask('after the cooldown')).toBe('fast-local');
  expect(two.server.assembly.router.breakers.peek('fast-local', 'chat').state).toBe('closed');
});
