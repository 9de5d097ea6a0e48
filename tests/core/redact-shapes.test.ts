/** Is every shape of secret masked in free text, and is what only looks like one kept? */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { createScrubber, MASK, mayHoldSecret } from '#core/redact';

const scrub = createScrubber();

// Assembled, so that no scanner takes these made-up values for real ones.
const join = (...parts: string[]): string => parts.join('');
const body = 'aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5';
const upper = 'ABCDEFGH01234567';

const SECRETS: readonly (readonly [string, string])[] = [
  ['OpenAI', join('sk-', body)],
  ['OpenAI project', join('sk-proj-', body, '_-', body)],
  ['Anthropic', join('sk-ant-api03-', body, '-AA')],
  ['OpenRouter', join('sk-or-v1-', '0123456789abcdef'.repeat(4))],
  ['Stripe live', join('sk_live_', body)],
  ['Stripe test', join('sk_test_', body)],
  ['Stripe restricted', join('rk_live_', body)],
  ['GitHub fine-grained', join('github_pat_', '11ABCDEFG0', body)],
  ['GitHub classic', join('ghp_', body)],
  ['GitHub OAuth', join('gho_', body)],
  ['GitHub refresh', join('ghr_', body)],
  ['GitHub server', join('ghs_', body)],
  ['GitHub user', join('ghu_', body)],
  ['GitLab', join('glpat-', body)],
  ['Slack bot', join('xoxb-', '123456789012-', body)],
  ['Slack user', join('xoxp-', '123456789012-', body)],
  ['Google', join('AIza', 'SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q')],
  ['AWS key', join('AKIA', upper)],
  ['AWS session key', join('ASIA', upper)],
  ['Hugging Face', join('hf_', body)],
  ['Groq', join('gsk_', body)],
  ['xAI', join('xai-', body)],
  ['npm', join('npm_', body)],
  ['JWT', join('eyJ', 'hbGciOiJIUzI1NiJ9.', 'eyJ', 'zdWIiOiIxMjM0NTY3ODkwIn0.', body)],
];

test.each(SECRETS)('%s', (_name, secret) => {
  for (const text of [
    secret,
    `key ${secret} refused`,
    `"${secret}"`,
    `(${secret})`,
    `a=1&k=${secret}`,
    `${secret}\n`,
  ]) {
    const clean = scrub(text);
    expect(clean).toContain(MASK);
    expect(clean).not.toContain(secret.slice(-16));
    expect(clean).toBe(text.replace(secret, MASK));
  }
});

test('a private key is masked from its first line to its last, or to the end when that is missing', () => {
  const begin = join('-----BEGIN RSA ', 'PRIVATE KEY-----');
  const end = join('-----END RSA ', 'PRIVATE KEY-----');
  expect(scrub(`before\n${begin}\nMIIE\nabc=\n${end}\nafter`)).toBe(`before\n${MASK}\nafter`);
  expect(scrub(`before ${begin}\\nMIIEabc=`)).toBe(`before ${MASK}`);
});

test.each([
  ['Authorization: Bearer abcdef0123456789', `Authorization: Bearer ${MASK}`],
  ['{"authorization":"bearer abc123def"}', `{"authorization":"bearer ${MASK}"}`],
  ['authorization: Basic dXNlcjpwYXNzd29yZA==', `authorization: Basic ${MASK}`],
  ['x-api-key: local-0123', `x-api-key: ${MASK}`],
  ['x-goog-api-key=Ab12cd34', `x-goog-api-key=${MASK}`],
  ['cookie: sid=1234abcd', `cookie: ${MASK}`],
  ['GET /v1/models?key=1&api_key=hunter2hunter2&x=1', `GET /v1/models?key=1&api_key=${MASK}&x=1`],
  ['access_token=abcd1234 next', `access_token=${MASK} next`],
  ['password="correct horse', `password="${MASK} horse`],
  ['http://user:pass@host:80/v1', `http://user:${MASK}@host:80/v1`],
  ['postgres://u:p4ss%21@db/x and more', `postgres://u:${MASK}@db/x and more`],
])('%p', (text, clean) => {
  expect(scrub(text)).toBe(clean);
});

test.each([
  'task-force-one risk-averse disk-0123456789abcdef desk-lamp',
  'pip install sk-learn',
  'sk-short',
  'the Bearer of bad news; a bearer token is missing',
  'Basic authentication is not supported',
  'authorization: missing',
  'the cookie: absent',
  'max_tokens=200 input_tokens=1234',
  'token: invalid',
  'ghp_short and hf_hub and gsk_x and npm_config',
  'AKIA0123 and AKIAabcdefghijklmnop',
  join('AKIA', upper, 'X9'),
  'eyJust a word.with.dots',
  'https://example.com/path?model=a@b',
  'http://127.0.0.1:8000/v1/messages',
  'git@github.com:owner/name.git',
  '-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----',
  '3f2a9c0d41e85b7766d0a1b2',
  'a5f3'.repeat(16),
])('%p is kept', (text) => {
  expect(scrub(text)).toBe(text);
});

test('secrets known by value are masked wherever they stand, also percent-encoded', () => {
  const known = createScrubber(['hunter2!/x', 'abc', '  padded-secret  ', 'outer-hunter2!/x-outer']);
  expect(known('url?k=hunter2!%2Fx and hunter2!/x, abc')).toBe(`url?k=${MASK} and ${MASK}, abc`);
  expect(known('[padded-secret]')).toBe(`[${MASK}]`);
  expect(known('outer-hunter2!/x-outer')).toBe(MASK);
});

test('text without any secret is kept letter by letter', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      fc.pre(!mayHoldSecret(text));
      expect(scrub(text)).toBe(text);
    }),
  );
});

test('a secret is masked whatever stands around it, and scrubbing twice changes nothing', () => {
  const edge = fc.stringMatching(/^[ ,;:()[\]{}"'\n/.!?=-]{0,6}$/);
  fc.assert(
    fc.property(fc.constantFrom(...SECRETS), edge, edge, (secret, before, after) => {
      const clean = scrub(`${before}${secret[1]}${after} end`);
      expect(clean).not.toContain(secret[1].slice(-12));
      expect(scrub(clean)).toBe(clean);
    }),
    { numRuns: 500 },
  );
});

test('a known secret of several lines is masked line by line', () => {
  const key = join('first-part-of-it\nsecond', '-part-of-it\n');
  expect(createScrubber([key])('it begins with first-part-of-it')).toBe(`it begins with ${MASK}`);
  expect(createScrubber([key])('second-part-of-it ends it')).toBe(`${MASK} ends it`);
});
