/** Which headers of a tier's reply reach the caller, and which never do? */
import { expect, test } from 'bun:test';
import { passedHeaders } from '#router/upstream-headers';
import { plainAnswer } from '#tests/support/answer';
import { wholeFor } from '#tests/support/answers';
import { json } from '#tests/support/fake-tier-steps';
import { chatRequest, startTwoTiers } from '#tests/support/two-tiers';

test('limits and names of replies pass, everything else stays', () => {
  const passed = passedHeaders(
    new Headers({
      'x-ratelimit-remaining-tokens': '9000',
      'anthropic-ratelimit-requests-reset': '2026-11-21T12:00:00Z',
      'request-id': 'req_1',
      'X-Request-Id': 'abc',
      'openai-model': 'gpt-other',
      'openai-organization': 'org',
      'set-cookie': 'a=b',
      server: 'uvicorn',
      'x-anvil-tier': 'forged',
      'retry-after': '5',
      'content-type': 'application/json',
    }),
  );
  expect(passed).toEqual({
    'x-ratelimit-remaining-tokens': '9000',
    'anthropic-ratelimit-requests-reset': '2026-11-21T12:00:00Z',
    'request-id': 'req_1',
    'x-request-id': 'abc',
  });
});

test('a reply without any costs no object', () => {
  expect(passedHeaders(new Headers({ server: 'llama.cpp', 'content-type': 'text/event-stream' }))).toBeUndefined();
});

test('values too long or not plain stay, and there is a limit to their number', () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-ratelimit-${index}`, '1']));
  expect(Object.keys(passedHeaders(new Headers(many)) ?? {})).toHaveLength(32);
  expect(passedHeaders(new Headers({ 'request-id': 'x'.repeat(257) }))).toBeUndefined();
  expect(passedHeaders(new Headers({ 'request-id': 'caf\u00e9' }))).toBeUndefined();
});

for (const stream of [false, true]) {
  test(`the caller of a ${stream ? 'streamed' : 'whole'} answer gets them beside the receipt`, async () => {
    await using two = await startTwoTiers();
    const answer = plainAnswer('Hello! What can I do for you today?');
    const headers = { 'x-request-id': 'up_1', 'openai-model': 'other', 'x-ratelimit-limit-requests': '60' };
    two.fast.always(json(200, wholeFor('openai-chat', answer), headers));
    const response = await two.server.post('/v1/chat/completions', chatRequest({ stream }));
    await response.text();
    expect(response.status).toBe(200);
    expect(response.headers.get('x-request-id')).toBe('up_1');
    expect(response.headers.get('x-ratelimit-limit-requests')).toBe('60');
    expect(response.headers.get('openai-model')).toBeNull();
    expect(response.headers.get('x-anvil-tier')).toBe('fast-local');
  });
}
