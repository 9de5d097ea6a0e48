/** Do the marks of harnesses and our own headers route, limit and show up, over real sockets? */
import { describe, expect, test } from 'bun:test';
import { explain } from '#core/explain';
import { RECORDINGS } from '#tests/server/recordings';
import { CHAT, errorIn, MESSAGES } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { chatRequest, messagesRequest, READ_FILE, startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

const PLAN = 'Please plan the migration of the billing service, step by step.';
const SAID = {
  ...plainAnswer('The answer, in full: there is nothing more to it than this.'),
  usage: { input: 500, output: 200 },
};

const start = async (router = ''): Promise<TwoTiers> => {
  const two = await startTwoTiers({ router, env: { TEST_HEAVY_KEY: 'heavy-key' } });
  for (const tier of [two.fast, two.heavy])
    tier.always(({ json }) => answerSteps('openai-chat', Object(json).stream === true, SAID));
  return two;
};

/** The heavy tier as a cloud tier with prices, opened for every class. */
const withCloud = async (): Promise<TwoTiers> => {
  const two = await start();
  const toml = two.toml
    .replace(
      /(id = "heavy-local"[\s\S]*?)privacy = "local"/,
      '$1privacy = "cloud"\ncost_input_per_mtok = 3\ncost_output_per_mtok = 15',
    )
    .replace('[router]', '[router]\nmetered_cloud = ["chat", "bounded-edit", "review", "planning", "long-context"]');
  await two.server.reload(toml);
  return two;
};

const recordOf = async (two: TwoTiers, response: Response) => {
  await response.text();
  return two.server.record(response.headers.get('x-anvil-decision') ?? '');
};
const reviewed = (): Record<string, unknown> => chatRequest({ model: 'review' });
const claude = (requestClass: string) => ({
  'x-claude-code-session-id': 'b5a2dfc6-90d0-45f0-adfc-596108c8fad9',
  'x-claude-code-request-class': requestClass,
});

describe('what a harness says of a request', () => {
  test('sends its title to the cheap tier, whatever the preset and the words of the title', async () => {
    await using two = await start();
    const messages = [{ role: 'user', content: PLAN }];
    const response = await two.server.post(MESSAGES, messagesRequest({ model: 'planning', messages }), {
      headers: claude('auxiliary'),
    });
    expect([response.headers.get('x-anvil-tier'), response.headers.get('x-anvil-intent')]).toEqual([
      'fast-local',
      'hinted',
    ]);
    expect(await recordOf(two, response)).toMatchObject({
      harness: 'claude-code',
      requestClass: 'auxiliary',
      hints: [{ from: 'request-class', says: 'auxiliary as chat', taken: true }],
      intent: { source: 'hinted', preset: 'chat', workClass: 'chat', gateClass: 'chat' },
      // The rule of its class, no laxer: a local tier with the verdict allow is held block by block and checked.
      attempts: [{ tier: 'fast-local', hold: 'block' }],
    });
  });

  test('is not believed of a request that offers tools, and a sub-agent goes where its name sends it', async () => {
    await using two = await start();
    for (const [requestClass, hints] of [
      ['auxiliary', [{ taken: false, why: 'the request offers tools' }]],
      ['subagent', undefined],
    ] as const) {
      const tools = [{ name: 'read', input_schema: { type: 'object' } }];
      const response = await two.server.post(MESSAGES, messagesRequest({ model: 'review', tools }), {
        headers: claude(requestClass),
      });
      expect(response.headers.get('x-anvil-tier')).toBe('heavy-local');
      const record = await recordOf(two, response);
      expect([record.requestClass, record.intent?.preset]).toEqual([requestClass, 'review']);
      if (hints) expect(record.hints).toMatchObject(hints);
      else expect(record).not.toHaveProperty('hints');
    }
  });

  test('never leads to no tier: a title too long for the cheap pool goes where its name sends it', async () => {
    await using two = await start();
    await two.server.reload(two.toml.replace('chat = ["fast-local", "heavy-local"]', 'chat = ["fast-local"]'));
    const messages = [{ role: 'user', content: 'word '.repeat(60_000) }];
    const response = await two.server.post(MESSAGES, messagesRequest({ model: 'review', messages }), {
      headers: claude('auxiliary'),
    });
    expect(response.headers.get('x-anvil-tier')).toBe('heavy-local');
    expect((await recordOf(two, response)).hints).toMatchObject([
      { from: 'request-class', taken: false, why: 'no tier of that class may serve it' },
    ]);
  });

  test('is only recorded where the operator switched it off', async () => {
    await using two = await start('request_class_hints = false');
    const response = await two.server.post(MESSAGES, messagesRequest({ model: 'review' }), {
      headers: claude('auxiliary'),
    });
    expect(response.headers.get('x-anvil-tier')).toBe('heavy-local');
    const record = await recordOf(two, response);
    expect(record).toMatchObject({ harness: 'claude-code', requestClass: 'auxiliary' });
    expect(record).not.toHaveProperty('hints');
  });

  const recorded = [
    ['claude-code/6-title-auxiliary', 'review', 'chat', 'fast-local'],
    ['opencode/1-title', 'review', 'chat', 'fast-local'],
    ['qwen-code/3-memory-update', 'review', 'quick-edit', 'fast-local'],
    ['codex/3-compaction', 'gpt-9', 'long-context', 'heavy-local'],
    ['claude-code/4-subagent', 'review', undefined, 'heavy-local'],
  ] as const;
  for (const [name, model, preset, tier] of recorded)
    test(`the recorded request ${name} for ${model} is served by ${tier}`, async () => {
      const recording = RECORDINGS.find((each) => each.name === name);
      if (recording === undefined) throw new Error(`no recording ${name}`);
      await using two = await start();
      for (const each of [two.fast, two.heavy])
        each.always(answerSteps('openai-chat', true, plainAnswer('{"title": "A short title"}')));
      const { target, headers, body, client } = recording;
      const response = await two.server.post(target, { ...body, model }, { headers });
      expect([response.status, response.headers.get('x-anvil-tier')]).toEqual([200, tier]);
      const record = await recordOf(two, response);
      expect(record.harness).toBe(client as never);
      expect(record.intent?.source).toBe(preset === undefined ? 'declared' : 'hinted');
      if (preset !== undefined) expect(record.intent?.preset).toBe(preset);
      // Nothing of the marks themselves: ids, agent names, turn metadata.
      for (const [header, value] of Object.entries(headers))
        if (/session|thread|agent-id|prompt-id|metadata|traceparent/.test(header))
          expect(JSON.stringify(record)).not.toContain(value.slice(0, 36));
    });
});

describe('x-anvil-intent', () => {
  const declared = (intent: string) => ({ headers: { 'x-anvil-intent': intent } });

  test('takes the place of the model name, and the record says who said so', async () => {
    await using two = await start();
    const response = await two.server.post(CHAT, chatRequest({ model: 'gpt-9' }), declared('review'));
    expect(response.headers.get('x-anvil-tier')).toBe('heavy-local');
    const record = await recordOf(two, response);
    expect(record).toMatchObject({
      intent: { source: 'declared', preset: 'review', workClass: 'review' },
      hints: [{ from: 'x-anvil-intent', says: 'review', taken: true, why: 'declared by the caller' }],
    });
    expect(explain(record).join('\n')).toContain('x-anvil-intent (review): followed, declared by the caller');
  });

  test('loses to an exact name', async () => {
    await using two = await start();
    const response = await two.server.post(CHAT, chatRequest({ model: 'fast-local' }), declared('review'));
    expect(response.headers.get('x-anvil-tier')).toBe('fast-local');
    expect((await recordOf(two, response)).hints).toMatchObject([{ from: 'x-anvil-intent', taken: false }]);
  });

  test('that means nothing is a 400 in the caller’s dialect, recorded, and no tier is asked', async () => {
    await using two = await start();
    for (const [path, body, dialect] of [
      [CHAT, chatRequest(), 'openai-chat'],
      [MESSAGES, messagesRequest(), 'anthropic-messages'],
    ] as const) {
      const response = await two.server.post(path, body, declared('make it so'));
      expect(response.status).toBe(400);
      const id = response.headers.get('x-anvil-decision') ?? '';
      expect(errorIn(dialect, await response.text()).message).toStartWith('x-anvil-intent: not a work class or preset');
      expect(await two.server.record(id)).toMatchObject({ outcome: 'refused', failure: 'bad-request' });
    }
    expect([two.fast.requests.length, two.heavy.requests.length]).toEqual([0, 0]);
    expect(two.server.assembly.router.admission.inFlight()).toBe(0);
  });
});

describe('x-anvil-budget', () => {
  const budget = (value: string, headers: Record<string, string> = {}) => ({
    headers: { 'x-anvil-budget': value, ...headers },
  });

  test('keeps a metered tier out of a request that would cost more', async () => {
    await using two = await withCloud();
    for (const value of ['request-usd=0.00001', 'request-tokens=10', 'session-usd=0']) {
      const response = await two.server.post(CHAT, reviewed(), budget(value));
      expect([value, response.headers.get('x-anvil-reason')]).toEqual([value, 'budget-spent']);
      expect(response.status).toBeWithin(400, 500);
    }
    expect(two.heavy.requests.length).toBe(0);
  });

  test('leaves free tiers alone', async () => {
    await using two = await withCloud();
    const response = await two.server.post(CHAT, chatRequest(), budget('request-usd=0, session-tokens=0'));
    expect([response.status, response.headers.get('x-anvil-tier')]).toEqual([200, 'fast-local']);
    const record = await recordOf(two, response);
    expect(record.exclusions).toMatchObject([{ tier: 'heavy-local', kind: 'budget' }]);
    expect(record.hints).toEqual([
      {
        from: 'x-anvil-budget',
        says: 'request-usd=0, session-tokens=0',
        taken: true,
        why: 'caps metered tiers beside [router.budgets]',
      },
    ]);
  });

  test('lets a request through that costs less, until the session has spent it', async () => {
    await using two = await withCloud();
    const session = { 'x-session-id': 'one' };
    const limits = 'request-usd=1, session-tokens=6000';
    const first = await two.server.post(CHAT, reviewed(), budget(limits, session));
    expect((await recordOf(two, first)).servedTier).toBe('heavy-local');
    const used = await two.server.post(CHAT, reviewed(), budget('session-tokens=4500', session));
    expect(used.headers.get('x-anvil-reason')).toBe('budget-spent');
    const other = await two.server.post(CHAT, reviewed(), budget('session-tokens=4500', { 'x-session-id': 'two' }));
    expect(other.status).toBe(200);
  });

  test('cannot widen the operator’s own', async () => {
    await using two = await withCloud();
    const { toml } = two;
    await two.server.reload(
      `${toml
        .replace(/(id = "heavy-local"[\s\S]*?)privacy = "local"/, '$1privacy = "cloud"')
        .replace('[router]', '[router]\nmetered_cloud = ["review"]')}\n[router.budgets]\nsession_tokens = 10\n`,
    );
    const response = await two.server.post(CHAT, reviewed(), budget('session-tokens=1000000'));
    expect(response.headers.get('x-anvil-reason')).toBe('budget-spent');
    expect((await recordOf(two, response)).hints).toMatchObject([
      { taken: false, why: '[router.budgets] is tighter already' },
    ]);
  });
});

describe('x-anvil-max-latency', () => {
  const within = (seconds: string) => ({ headers: { 'x-anvil-max-latency': seconds } });

  test('gives a tier no longer for its first byte, and the next one answers', async () => {
    await using two = await start();
    two.fast.always([{ hang: true }]);
    const response = await two.server.post(CHAT, chatRequest(), within('0.2'));
    expect([response.status, response.headers.get('x-anvil-tier')]).toEqual([200, 'heavy-local']);
    const record = await recordOf(two, response);
    expect(record.attempts).toMatchObject([
      { tier: 'fast-local', outcome: 'error', failure: 'timeout' },
      { tier: 'heavy-local', outcome: 'served' },
    ]);
    expect(record.hints).toMatchObject([{ from: 'x-anvil-max-latency', says: '0.2 s', taken: true }]);
  });

  test('prefers a tier that was quick among free ones, and the plan says why', async () => {
    await using two = await start();
    const { settings } = two.server.assembly.router.generation;
    const slow = { tier: 'fast-local', outcome: 'served', startedMs: 0, firstPartMs: 9_000 };
    two.server.assembly.router.memory.learn(
      { attempts: [slow] } as never,
      { id: 'ses_y', from: 'opening', lane: 'none' },
      {} as never,
      settings,
    );
    const first = async (headers: Record<string, string>) => {
      const response = await two.server.post('/v1/route', { model: 'chat' }, { headers });
      return (await response.json()) as { provider: string; candidates: { why: string[] }[] };
    };
    expect((await first({})).provider).toBe('fast-local');
    expect((await first({ 'x-anvil-max-latency': '20' })).provider).toBe('fast-local');
    const hurried = await first({ 'x-anvil-max-latency': '2' });
    expect(hurried.provider).toBe('heavy-local');
    expect(hurried.candidates[1]?.why).toContain('slow: its answers began after about 9.0 s, 2.0 s are asked for');
  });

  test('that is no number of seconds is refused', async () => {
    await using two = await start();
    const response = await two.server.post(CHAT, chatRequest(), within('soon'));
    expect(response.status).toBe(400);
  });
});

test('/v1/route shows harness, class and hints', async () => {
  await using two = await start();
  const headers = {
    'user-agent': 'opencode/1.18.33',
    'x-anvil-intent': 'review',
    'x-anvil-budget': 'request-usd=2',
  };
  const response = await two.server.post('/v1/route', { model: 'gpt-9', tools: [READ_FILE] }, { headers });
  expect(await response.json()).toMatchObject({
    work_class: 'review',
    harness: 'opencode',
    request_class: 'main',
    hints: [
      { from: 'x-anvil-intent', taken: true },
      { from: 'x-anvil-budget', taken: true },
    ],
  });
  expect((await two.server.post('/v1/route', {}, { headers: { 'x-anvil-budget': 'lots' } })).status).toBe(400);
});

test('a request without marks has none in its record', async () => {
  await using two = await start();
  const response = await two.server.post(CHAT, chatRequest(), { headers: { 'user-agent': 'curl/8.5' } });
  const record = await recordOf(two, response);
  for (const field of ['harness', 'requestClass', 'hints']) expect(record).not.toHaveProperty(field);
});
