/** Does count_tokens keep answering, fast and with sense, when callers and engines do not? Real sockets. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { quiet } from '#tests/server/quiet';
import { rawConnection, rawRequest } from '#tests/server/raw';
import { errorIn, MESSAGES } from '#tests/server/said';
import { json, type Steps } from '#tests/support/fake-tier-steps';
import { startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

const COUNT = `${MESSAGES}/count_tokens`;
const prompt = (chars: number): object => ({
  model: 'chat',
  messages: [{ role: 'user', content: 'word '.repeat(chars / 5) }],
});

const said = async (two: TwoTiers, body: unknown): Promise<{ status: number; count: number }> => {
  const response = await two.server.post(COUNT, body);
  const { input_tokens } = (await response.json()) as { input_tokens: number };
  return { status: response.status, count: input_tokens };
};

const head = { status: 200, headers: { 'content-type': 'application/json' } };
const ENGINES: readonly (readonly [does: string, steps: Steps])[] = [
  ['says a number beyond all reason', json(200, { count: 1e308 })],
  ['says a number that no prompt of this length has', json(200, { count: 9_000_000_000 })],
  ['says less than nothing', json(200, { count: -5 })],
  ['says half a token', json(200, { count: 1_000.5 })],
  ['says a word', json(200, { count: 'many' })],
  ['says null', json(200, { count: null })],
  ['stops in the middle', [head, { chunk: '{"count": 1' }, { hang: true }]],
  ['breaks off in the middle', [head, { chunk: '{"count": 1' }, { close: true }]],
  ['resets the connection', [{ reset: true }]],
  ['says nothing and closes', [{ close: true }]],
];

for (const [does, steps] of ENGINES)
  test(`an engine that ${does} costs nothing but the estimate, and teaches nothing`, async () => {
    await using two = await startTwoTiers();
    const { count: estimate } = await said(two, { ...prompt(10_000), model: 'planning' });
    two.fast.always(steps);
    expect(await said(two, prompt(10_000))).toEqual({ status: 200, count: estimate });
    const { estimator } = two.server.assembly.router.memory;
    for (const tier of two.server.assembly.router.generation.settings.tiers) expect(estimator.ratioOf(tier)).toBe(3.6);
    expect(two.server.bugs).toEqual([]);
  });

test('two hundred at once are all answered, while the engine hangs', async () => {
  await using two = await startTwoTiers({ router: '[router.limits]\nconcurrency_max = 200\n' });
  two.fast.always([{ hang: true }]);
  const all = await Promise.all(Array.from({ length: 200 }, () => said(two, prompt(1_000))));
  expect(new Set(all.map(({ status, count }) => `${status} ${count}`)).size).toBe(1);
  expect(two.fast.requests.length).toBeLessThanOrEqual(4);
  await quiet(two.server);
});

test('beyond the places of the router the refusal says when to come back', async () => {
  await using two = await startTwoTiers({ router: '[router.limits]\nconcurrency_max = 1\n' });
  two.fast.always([{ hang: true }]);
  const first = two.server.post(COUNT, prompt(1_000));
  await two.fast.nextRequest();
  const second = await two.server.post(COUNT, prompt(1_000));
  expect([second.status, second.headers.get('retry-after')]).toEqual([503, '2']);
  expect((await first).status).toBe(200);
});

test('a prompt as large as the body may be is estimated, and no engine is bothered with it', async () => {
  await using two = await startTwoTiers();
  two.fast.always(json(200, { count: 7 }));
  const { status, count } = await said(two, prompt(32_000_000));
  expect(status).toBe(200);
  expect(count).toBeGreaterThan(1_000_000);
  expect(two.fast.requests).toEqual([]);
  const refused = await two.server.post(COUNT, prompt(34_000_000));
  expect(refused.status).toBe(413);
  expect(errorIn('anthropic-messages', await refused.text()).message).toContain('too large');
});

test('a prompt that no tier may serve, for money or for its key, is counted all the same', async () => {
  await using two = await startTwoTiers({ tables: '[router.budgets]\nday_usd = 0\n' });
  const [before = '', heavy = ''] = two.toml.split('id = "heavy-local"');
  const cloud = heavy.replace('privacy = "local"', 'privacy = "cloud"\ncost_input_per_mtok = 3');
  await two.server.reload(`${before}id = "heavy-local"${cloud}`);
  const review = { ...prompt(10_000), model: 'review' };
  for (const headers of [{}, { 'x-anvil-budget': 'request-usd=0, session-tokens=0' }]) {
    const response = await two.server.post(COUNT, review, { headers });
    expect([response.status, Object.keys((await response.json()) as object)]).toEqual([200, ['input_tokens']]);
  }
  expect(two.heavy.requests).toEqual([]);
});

test('a caller that leaves while the engine thinks leaves nothing behind', async () => {
  await using two = await startTwoTiers();
  two.fast.always([{ hang: true }]);
  await using connection = await rawConnection(two.server.url);
  await connection.send(rawRequest('POST', COUNT, { body: JSON.stringify(prompt(1_000)) }));
  await two.fast.nextRequest();
  connection.reset();
  await quiet(two.server);
  expect(two.server.bugs).toEqual([]);
});

test('while the router leaves, nobody is counted for', async () => {
  await using two = await startTwoTiers();
  two.fast.always([{ hang: true }]);
  const counting = two.server.post(COUNT, prompt(1_000));
  await two.fast.nextRequest();
  const drained = two.server.assembly.router.drain();
  expect((await two.server.post(COUNT, prompt(1_000))).status).toBe(503);
  expect((await counting).status).toBe(200);
  expect(await drained).toBe('drained');
});

const anyScrap = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1e308, '', 'text', '\ud800', [], {}, [null], [[]], { type: 'text' }),
  fc.jsonValue({ maxDepth: 2 }),
);
const anyBlock = fc.oneof(
  anyScrap,
  fc.record(
    {
      type: fc.constantFrom(
        'text',
        'image',
        'document',
        'tool_use',
        'tool_result',
        'thinking',
        'redacted_thinking',
        'x',
      ),
      text: anyScrap,
      source: anyScrap,
      id: anyScrap,
      name: anyScrap,
      input: anyScrap,
      tool_use_id: anyScrap,
      content: anyScrap,
      thinking: anyScrap,
      signature: anyScrap,
      cache_control: anyScrap,
    },
    { requiredKeys: ['type'] },
  ),
);
const sound = <T>(value: T, scrap: fc.Arbitrary<unknown> = anyScrap): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant<unknown>(value) }, { weight: 1, arbitrary: scrap });
const anyMessage = fc.record({
  role: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom<unknown>('user', 'assistant') },
    { weight: 1, arbitrary: anyScrap },
  ),
  content: fc.oneof(fc.string(), fc.array(anyBlock, { maxLength: 2 }), anyScrap),
});
/** Mostly sound, so that what is odd gets past the first check. */
const anyBody = fc.record(
  {
    model: fc.oneof(fc.constantFrom<unknown>('chat', 'planning', 'gpt-9', ''), sound('chat')),
    messages: fc.oneof(
      { weight: 9, arbitrary: fc.array<unknown>(anyMessage, { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: anyScrap },
    ),
    system: sound('Be brief.', fc.array(anyBlock, { maxLength: 2 })),
    tools: sound([{ name: 'read', input_schema: {} }], fc.array(fc.record({ name: anyScrap, input_schema: anyScrap }))),
    tool_choice: sound({ type: 'auto' }),
    thinking: sound({ type: 'disabled' }),
    max_tokens: sound(100),
    stream: sound(true),
  },
  { requiredKeys: ['messages'] },
);

test('any scraps of JSON are a count or a 400, never a bug', async () => {
  await using two = await startTwoTiers();
  two.fast.always(json(200, { count: 12 }));
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(anyBody, async (body) => {
      const response = await two.server.post(COUNT, body);
      const text = await response.text();
      seen.add(response.status);
      expect([200, 400]).toContain(response.status);
      if (response.status === 400) errorIn('anthropic-messages', text);
      else expect(JSON.parse(text)).toEqual({ input_tokens: expect.any(Number) });
    }),
    { numRuns: 400 },
  );
  expect([...seen].sort()).toEqual([200, 400]);
  expect(two.server.bugs).toEqual([]);
});
