/** Does POST /v1/route say what would happen, in v0.9's words, without doing any of it? */
import { expect, test } from 'bun:test';
import { errorIn } from '#tests/server/said';
import { refusedPort } from '#tests/support/ports';
import { startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

interface Answer {
  readonly tier: string;
  readonly reason: string;
  readonly session_id: string;
  readonly candidates: readonly Record<string, unknown>[];
  readonly exclusions: readonly Record<string, unknown>[];
  readonly [field: string]: unknown;
}

const CLOUD = `
[[router.tiers]]
id = "cloud"
base_url = "https://cloud.invalid"
model = "claude-large"
dialect = "anthropic"
context_limit = 200000
privacy = "cloud"
tool_support = true
auth_env = "TEST_CLOUD_KEY"
cost_input_per_mtok = 3
cost_output_per_mtok = 15
`;

const withCloud = (options: { readonly metered?: string; readonly key?: string; readonly router?: string } = {}) =>
  startTwoTiers({
    router: `metered_cloud = [${options.metered ?? '"planning"'}]\n${options.router ?? ''}`,
    heavy: CLOUD,
    env: { TEST_CLOUD_KEY: options.key ?? 'cloud-key' },
  });

const withPools = (two: TwoTiers): string =>
  two.toml.replace('planning = ["heavy-local"]', 'planning = ["heavy-local", "cloud"]\nCustom-One = ["fast-local"]');

const ask = async (two: TwoTiers, body: unknown): Promise<Answer> => {
  const response = await two.server.post('/v1/route', body);
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
};
const says = (text: string) => ({ messages: [{ role: 'user', content: text }] });

test('v0.9’s seven fields, with its words', async () => {
  await using two = await withCloud();
  await two.server.reload(withPools(two));
  const cases: readonly (readonly [unknown, Partial<Answer>])[] = [
    [
      { model: 'chat', ...says('hello') },
      {
        tier: 'local',
        model: 'fast',
        provider: 'fast-local',
        work_class: 'chat',
        reason: "preset='chat'; quality gate: on",
        confidence: 1,
      },
    ],
    [
      { model: ' ANVIL/Planning ', ...says('hello') },
      {
        tier: 'cloud',
        model: 'claude-large',
        provider: 'cloud',
        work_class: 'planning',
        reason: "preset='planning'; quality gate: on; denied: [heavy-local]",
        confidence: 1,
      },
    ],
    [
      { model: 'custom-one', ...says('hello') },
      {
        provider: 'fast-local',
        work_class: '',
        reason: "preset='Custom-One'; quality gate: off: custom preset has no work-class",
        confidence: 1,
      },
    ],
    [
      { model: 'fast-local', ...says('hello') },
      { provider: 'fast-local', reason: 'pinned; quality gate: on', confidence: 0.9 },
    ],
    [
      { model: 'fast-local', ...says('Please plan this.') },
      {
        provider: 'cloud',
        work_class: 'planning',
        reason:
          'pinned; quality gate: pin fast-local denied for planning; routed via gated pool; denied: [heavy-local]',
        confidence: 0.9,
      },
    ],
    [
      { model: 'gpt-9', ...says('Please review this pull request and list the risks.') },
      { work_class: 'review', reason: 'inferred; quality gate: on', confidence: 0.8 },
    ],
    [
      { ...says('hello there') },
      { work_class: 'chat', reason: 'inferred (ambiguous→safer tier); quality gate: on', confidence: 0.5 },
    ],
  ];
  for (const [body, expected] of cases) expect(await ask(two, body)).toMatchObject(expected);
});

test('each answer has a fresh session id', async () => {
  await using two = await startTwoTiers();
  const first = await ask(two, { model: 'chat' });
  const second = await ask(two, { model: 'chat' });
  expect(first.session_id).toMatch(/^rte_[a-p]{24}$/);
  expect(second.session_id).not.toBe(first.session_id);
});

test('nothing but a model name is needed, and not even that', async () => {
  await using two = await startTwoTiers();
  for (const body of [{ model: 'chat' }, {}, { messages: [] }, { messages: null }, { model: 'chat', messages: [] }])
    expect((await ask(two, body)).provider).toBeDefined();
});

test('signals.work_class takes the place of the model: class and preset names, nothing else', async () => {
  await using two = await startTwoTiers();
  for (const [named, workClass] of [
    ['chat', 'chat'],
    ['bounded-edit', 'bounded-edit'],
    ['quick-edit', 'bounded-edit'],
    ['multi-file-refactor', 'multi-file-refactor'],
    ['long-context', 'long-context'],
  ] as const) {
    const body = { model: 'review', signals: { work_class: named, urgency: 'now' }, ...says('hello') };
    const response = await two.server.post('/v1/route', body);
    const answer = (await response.json()) as Answer & { decision?: Answer };
    expect([named, (answer.decision ?? answer).work_class]).toEqual([named, workClass]);
  }
  for (const signals of [{ work_class: '' }, { work_class: null }, {}, null, 'none'])
    expect((await ask(two, { model: 'chat', signals })).work_class).toBe('chat');
  const refused = await two.server.post('/v1/route', { signals: { work_class: 'fast-local' } });
  expect(refused.status).toBe(400);
});

test('candidates and exclusions come with their reasons', async () => {
  await using two = await withCloud({ metered: '"review"' });
  await two.server.reload(
    two.toml.replace('chat = ["fast-local", "heavy-local"]', 'chat = ["fast-local", "heavy-local", "cloud"]'),
  );
  const answer = await ask(two, { model: 'chat', ...says('hello') });
  expect(answer.candidates).toMatchObject([
    { place: 1, tier: 'fast-local', verdict: 'allow', verdict_from: 'seed', hold: 'block', breaker: 'closed' },
    { place: 2, tier: 'heavy-local', verdict: 'allow', checks: 'minimal' },
  ]);
  expect(answer.exclusions).toEqual([
    { tier: 'cloud', kind: 'metered', detail: expect.stringContaining('list chat in [router] metered_cloud') },
  ]);
  expect(answer).toMatchObject({ ready: true, unproven: false, intent: { source: 'declared', preset: 'chat' } });
  expect(answer.prompt_tokens).toEqual({ floor: expect.any(Number), best: expect.any(Number) });
});

test('no tier may serve: 503 in the generic envelope, with the decision and without addresses', async () => {
  await using two = await startTwoTiers();
  const response = await two.server.post('/v1/route', { model: 'planning', ...says('hello') });
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('120');
  expect(response.headers.get('x-anvil-reason')).toBe('denied');
  const { decision, ...document } = (await response.json()) as { decision: Answer };
  expect(document).toEqual({
    error: {
      message: 'no quality-gated tier is available for this request',
      type: 'service_unavailable',
      param: null,
      code: 'denied',
    },
    request_id: expect.stringMatching(/^rte_/),
  });
  expect(decision).toMatchObject({
    tier: null,
    provider: null,
    exclusions: [{ tier: 'heavy-local', kind: 'denied' }],
  });
  expect(JSON.stringify(decision)).not.toContain('127.0.0.1');
});

test('too long for every window: 413', async () => {
  await using two = await startTwoTiers();
  const response = await two.server.post('/v1/route', { model: 'chat', ...says('word '.repeat(600_000)) });
  expect(response.status).toBe(413);
  expect(response.headers.get('x-anvil-reason')).toBe('over-context');
});

test('a refusal other than the window is a 503 whatever exhaustion_status says, as in v0.9', async () => {
  await using two = await startTwoTiers({ router: 'exhaustion_status = 422' });
  expect((await two.server.post('/v1/route', { model: 'planning', ...says('hi') })).status).toBe(503);
  expect((await two.server.post('/v1/chat/completions', { model: 'planning', ...says('hi') })).status).toBe(422);
});

test('the body’s tools and thinking count, and tokens wanted are no decision', async () => {
  await using two = await startTwoTiers();
  const edit = { type: 'function', function: { name: 'edit_file', parameters: { type: 'object' } } };
  expect((await ask(two, { ...says('hello'), tools: [edit] })).work_class).toBe('bounded-edit');
  expect((await ask(two, { model: 'chat', ...says('hello'), max_tokens: 5 })).provider).toBe('fast-local');
});

test('no tier is called, no connection opened, nothing recorded, nothing remembered', async () => {
  await using refused = await refusedPort();
  await using two = await startTwoTiers({ fastUrl: `${refused.url}/v1` });
  for (let turn = 0; turn < 5; turn++)
    expect((await ask(two, { model: 'chat', ...says('hello') })).provider).toBe('fast-local');
  expect([two.heavy.accepted, two.heavy.requests.length]).toEqual([0, 0]);
  const list = (await (await two.server.get('/v1/decisions')).json()) as { data: unknown[] };
  expect(list.data).toEqual([]);
});

test('a bad request is refused in the generic envelope', async () => {
  await using two = await startTwoTiers();
  const response = await two.server.post('/v1/route', '[1]');
  expect([response.status, errorIn('openai-chat', await response.text()).message]).toEqual([
    400,
    'body must be a JSON object',
  ]);
});
