/** Do field names decide what is kept, masked or fingerprinted, as v0.9's rules say? */
import { expect, test } from 'bun:test';
import { createScrubber, kindOfName, maskValue, type RedactOptions, redact } from '#core/redact';

const sha256 = (text: string): string => new Bun.CryptoHasher('sha256').update(text).digest('hex');
const options: RedactOptions = { scrub: createScrubber(), sha256 };

test.each([
  'api_key',
  'apiKey',
  'APIKey',
  'x-api-key',
  'apikey',
  'OPENAI_API_KEY',
  'secret',
  'clientSecret',
  'client_secret_2',
  'password',
  'db.passwd',
  'Authorization',
  'proxy-authorization',
  'token',
  'accessToken',
  'refresh_token',
  'bearer',
  'credentials',
  'set-cookie',
  'privateKey',
  'signing_key',
  'session',
])('%p holds a secret', (name) => {
  expect(kindOfName(name)).toBe('secret');
});

test.each([
  'inputTokens',
  'max_tokens',
  'token_count',
  'tokenUsage',
  'session_id',
  'requestId',
  'timeout_ms',
  'total_cost',
  'token_cost_per_million',
  'context_limit',
  'content_type',
])('%p is a measure', (name) => {
  expect(kindOfName(name)).toBe('metric');
});

test.each(['prompt', 'messages', 'completion', 'systemPrompt', 'input', 'user_text', 'query', 'responseText', 'data'])(
  '%p holds text of a caller',
  (name) => {
    expect(kindOfName(name)).toBe('prompt');
  },
);

test.each(['tokenizer', 'secretary', 'cookiecutter', 'tier', 'promptly', 'contents_', 'database', 'where', 'stack'])(
  '%p is an ordinary name',
  (name) => {
    expect(kindOfName(name)).toBe('plain');
  },
);

test('secrets are masked with a hint only when long, prompts become fingerprints, the rest is scrubbed', () => {
  const hello = sha256('hello').slice(0, 12);
  expect(
    redact(
      {
        tier: 'fast-local',
        apiKey: 'abcdefghijklmnop',
        password: 'hunter2',
        pin: { token: 4711, session: { id: 'x' }, credentials: ['a', 'b'] },
        prompt: 'hello',
        messages: [{ role: 'user', content: 'hello' }],
        inputTokens: 12,
        note: 'key sk-abcdefghijklmnopqrstuv',
        missing: null,
        absent: undefined,
        yes: true,
      },
      options,
    ),
  ).toEqual({
    tier: 'fast-local',
    apiKey: 'abcd[REDACTED]',
    password: '[REDACTED]',
    pin: { token: '[REDACTED]', session: '[REDACTED]', credentials: '[REDACTED]' },
    prompt: `[REDACTED_PROMPT chars=5 sha256=${hello}]`,
    messages: [
      {
        role: `[REDACTED_PROMPT chars=4 sha256=${sha256('user').slice(0, 12)}]`,
        content: `[REDACTED_PROMPT chars=5 sha256=${hello}]`,
      },
    ],
    inputTokens: 12,
    note: 'key [REDACTED]',
    missing: null,
    absent: undefined,
    yes: true,
  });
});

test('calibration keeps prompts, scrubbed, and masks secrets all the same', () => {
  const kept = redact({ prompt: 'use sk-abcdefghijklmnopqrstuv', api_key: 'k' }, { ...options, keepPrompts: true });
  expect(kept).toEqual({ prompt: 'use [REDACTED]', api_key: '[REDACTED]' });
});

test('a value under a measuring name is scrubbed all the same', () => {
  expect(redact({ request_id: 'ghp_abcdefghijklmnopqrst' }, options)).toEqual({ request_id: '[REDACTED]' });
});

test('errors keep what helps, without secrets', () => {
  const error = Object.assign(new Error('bad key sk-abcdefghijklmnopqrstuv', { cause: new TypeError('inner') }), {
    code: 'EBAD',
  });
  const safe = redact({ error }, options) as { error: Record<string, unknown> };
  expect(safe.error).toMatchObject({ name: 'Error', message: 'bad key [REDACTED]', code: 'EBAD' });
  expect(safe.error.cause).toMatchObject({ name: 'TypeError', message: 'inner' });
  expect(String(safe.error.stack)).toContain('redact-names.test');
  expect(String(safe.error.stack)).not.toContain('abcdefghij');
});

test('values without JSON form do no harm', () => {
  const value = { bytes: new Uint8Array(3), big: 10n, call: () => 1, mark: Symbol('s'), list: [undefined, 1] };
  expect(redact(value, options)).toEqual({
    bytes: '[BYTES 3]',
    big: '10',
    call: undefined,
    mark: undefined,
    list: [undefined, 1],
  });
});

test.each([
  ['', '[REDACTED]'],
  ['short', '[REDACTED]'],
  ['123456789012345', '[REDACTED]'],
  ['1234567890123456', '1234[REDACTED]'],
])('the secret %p is shown as %p', (value, shown) => {
  expect(maskValue(value)).toBe(shown);
});
