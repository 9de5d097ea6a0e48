/** What do callers of each dialect receive from a running router when it ends badly, and is that what the record says? */
import { describe, expect, test } from 'bun:test';
import type { DialectName } from '#core/message';
import { errorIn, PATH } from '#tests/server/said';
import { createSimulatedClock } from '#tests/support/clock';
import { json } from '#tests/support/fake-tier-steps';
import { chatRequest, messagesRequest, responsesRequest, startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

const DIALECTS = ['openai-chat', 'anthropic-messages', 'openai-responses'] as const;
const REQUEST = {
  'openai-chat': chatRequest,
  'anthropic-messages': messagesRequest,
  'openai-responses': responsesRequest,
} as const satisfies Record<DialectName, unknown>;

const boom = json(500, { error: { message: 'the engine at http://10.0.0.5:8000 died, key sk-tier' } });

/** A request whose text is at least `tokens` tokens long by any count. */
const long = (dialect: DialectName, fields: Record<string, unknown>): Record<string, unknown> => {
  const turns = [{ role: 'user', content: 'word '.repeat(300_000) }];
  return REQUEST[dialect]({ ...fields, ...(dialect === 'openai-responses' ? { input: turns } : { messages: turns }) });
};

interface Heard {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly shouldRetry: string | null;
  readonly reason: string | null;
  readonly type: string;
  readonly code: string | undefined;
  readonly message: string;
}

const hear = async (two: TwoTiers, dialect: DialectName, body: object, headers = {}): Promise<Heard> => {
  const response = await two.server.post(PATH[dialect], body, { headers });
  const text = await response.text();
  expect(text).not.toMatch(/127\.0\.0\.1|10\.0\.0\.5|sk-tier|fast-local|heavy-local/);
  const { type, code, message } = errorIn(dialect, text);
  const record = await two.server.record(response.headers.get('x-anvil-decision') ?? '');
  expect([record.status, record.failure as string]).toEqual([
    response.status,
    response.headers.get('x-anvil-reason') ?? '',
  ]);
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    shouldRetry: response.headers.get('x-should-retry'),
    reason: response.headers.get('x-anvil-reason'),
    type,
    code,
    message,
  };
};

const NO_TIER = 'no quality-gated tier is available for this request';

describe('every tier failed', () => {
  const FINAL = { shouldRetry: 'false', reason: 'exhausted', message: NO_TIER };
  const EXPECTED: Record<DialectName, Heard> = {
    'openai-chat': { ...FINAL, status: 503, retryAfter: '120', type: 'service_unavailable', code: 'exhausted' },
    'anthropic-messages': { ...FINAL, status: 503, retryAfter: '120', type: 'overloaded_error', code: undefined },
    'openai-responses': {
      ...FINAL,
      status: 400,
      retryAfter: null,
      type: 'invalid_request_error',
      code: 'invalid_prompt',
    },
  };
  for (const dialect of DIALECTS)
    for (const stream of [true, false])
      test(`${dialect}, ${stream ? 'streaming' : 'whole'}`, async () => {
        await using two = await startTwoTiers();
        for (const tier of [two.fast, two.heavy]) tier.always(boom);
        expect(await hear(two, dialect, REQUEST[dialect]({ stream }))).toEqual(EXPECTED[dialect]);
      });

  test('exhaustion_status holds for every dialect; Codex gets the code with which it stops at a 503', async () => {
    await using two = await startTwoTiers({ router: 'exhaustion_status = 503' });
    for (const tier of [two.fast, two.heavy]) tier.always(boom);
    const heard = await hear(two, 'openai-responses', REQUEST['openai-responses']());
    expect([heard.status, heard.code, heard.retryAfter]).toEqual([503, 'server_is_overloaded', null]);
  });
});

describe('a prompt that fits no window', () => {
  const STATUS: Record<DialectName, number> = {
    'openai-chat': 413,
    'anthropic-messages': 400,
    'openai-responses': 400,
  };
  for (const dialect of DIALECTS)
    test(`is told to ${dialect} callers with its size and the largest window`, async () => {
      await using two = await startTwoTiers();
      const heard = await hear(two, dialect, long(dialect, {}));
      expect([heard.status, heard.type, heard.retryAfter]).toEqual([STATUS[dialect], 'invalid_request_error', null]);
      const [prompt = 0, window = 0] = [...heard.message.matchAll(/\d+/g)].map(Number).sort((a, b) => b - a);
      expect(window).toBe(131_072);
      expect(prompt).toBeWithin(250_000, 1_500_000);
      if (dialect === 'anthropic-messages')
        expect(heard.message).toBe(`prompt is too long: ${prompt} tokens > 131072 maximum`);
      else {
        expect(heard.code).toBe('context_length_exceeded');
        expect(heard.message).toStartWith("This model's maximum context length is 131072 tokens.");
      }
    });
});

describe('a spent budget', () => {
  const METERED = 'cost_input_per_mtok = 1.0';
  const EXPECTED: Record<DialectName, Partial<Heard>> = {
    'openai-chat': { status: 400, retryAfter: '3600', type: 'spending_limit' },
    'anthropic-messages': { status: 429, retryAfter: '3600', type: 'billing_error' },
    'openai-responses': { status: 400, retryAfter: null, type: 'spending_limit' },
  };
  for (const dialect of DIALECTS)
    test(`ends ${dialect} clients after one request, in our words`, async () => {
      const clock = createSimulatedClock({ wall: Date.UTC(2026, 5, 1, 23, 0, 0) });
      await using two = await startTwoTiers({
        fast: METERED,
        heavy: METERED,
        tables: '[router.budgets]\nday_tokens = 1\n',
        effects: { clock },
      });
      const heard = await hear(two, dialect, REQUEST[dialect]());
      expect(heard).toMatchObject({ ...EXPECTED[dialect], shouldRetry: 'false', reason: 'budget-spent' });
      expect(heard.message).toContain('spending limit');
    });
});

describe('a request that a tier refuses', () => {
  const refusal = json(422, { error: { message: 'tools[0].name is wrong', type: 'BadRequestError' } });
  const EXPECTED: Record<DialectName, Partial<Heard>> = {
    'openai-chat': { status: 422, type: 'BadRequestError' },
    'anthropic-messages': { status: 422, type: 'invalid_request_error' },
    'openai-responses': { status: 400 },
  };
  for (const dialect of DIALECTS)
    test(`is refused to ${dialect} callers in the tier’s words, once`, async () => {
      await using two = await startTwoTiers();
      for (const tier of [two.fast, two.heavy]) tier.always(refusal);
      const heard = await hear(two, dialect, REQUEST[dialect]());
      const told = { message: 'tools[0].name is wrong', reason: 'caller-error', retryAfter: null };
      expect(heard).toMatchObject({ ...EXPECTED[dialect], ...told });
      expect(two.fast.requests.length + two.heavy.requests.length).toBe(1);
    });
});

describe('a router that leaves', () => {
  for (const dialect of DIALECTS)
    test(`asks ${dialect} callers to come back in a way they bear`, async () => {
      await using two = await startTwoTiers();
      two.fast.always([{ hang: true }]);
      const pending = new AbortController();
      const open = two.server
        .post(PATH[dialect], REQUEST[dialect](), { signal: pending.signal })
        .catch(() => undefined);
      await two.fast.nextRequest();
      const drained = two.server.assembly.router.drain();
      const heard = await hear(two, dialect, REQUEST[dialect]());
      expect([heard.status, heard.reason, heard.shouldRetry]).toEqual([503, 'draining', null]);
      expect(heard.retryAfter).toBe(dialect === 'openai-responses' ? null : '5');
      if (dialect === 'openai-responses') expect(heard.code).toBe('server_is_overloaded');
      pending.abort();
      await Promise.all([open, drained]);
    });
});

describe('a path that is not there', () => {
  test.each([
    ['/v1/messages/batches', 501, 'not_supported'],
    ['/v1/chat/completions/none', 404, 'invalid_request_error'],
    ['/v1/embeddings', 404, 'invalid_request_error'],
  ])('%s is a %i', async (path, status, type) => {
    await using two = await startTwoTiers();
    const response = await two.server.post(path, {});
    const body = (await response.json()) as { readonly error: { readonly type: string } };
    expect([response.status, body.error.type, response.headers.get('x-anvil-reason')]).toEqual([
      status,
      type,
      'no-endpoint',
    ]);
  });
});
