/** Do callers hear what a tier meant, through a running router: thinking in tags, and what a collected stream says besides? */
import { expect, test } from 'bun:test';
import { at } from '#tests/dialects/support';
import { sse } from '#tests/support/fake-tier-steps';
import { messagesSeen } from '#tests/support/sse';
import { chatRequest, messagesRequest, startTwoTiers } from '#tests/support/two-tiers';

const chunk = (delta: object, more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'x', model: 'fast', choices: [{ index: 0, delta, finish_reason: null, ...more }] })}\n\n`;

const TAGGED = [
  chunk({ role: 'assistant', content: '<think>' }),
  chunk({ content: '\nThe user greets.\n</thi' }),
  chunk({ content: 'nk>\n\nHello! What can I do for you today?' }),
  chunk({}, { finish_reason: 'stop' }),
  'data: {"id":"x","model":"fast","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":12}}\n\n',
  'data: [DONE]\n\n',
];

test('a Messages caller gets thinking that a local Chat tier wrote in tags as a thinking block', async () => {
  await using two = await startTwoTiers();
  two.fast.always(sse(TAGGED));
  const response = await two.server.post('/v1/messages', messagesRequest());
  const body = await response.text();
  expect(messagesSeen(body).text).toBe('Hello! What can I do for you today?');
  expect(body).toContain('"thinking":"The user greets."');
  expect(body).not.toContain('think>');
});

test('a Chat caller gets the same tier’s bytes as they are', async () => {
  await using two = await startTwoTiers();
  two.fast.always(sse(TAGGED));
  const response = await two.server.post('/v1/chat/completions', chatRequest());
  expect(await response.text()).toContain('<think>');
});

test('a Chat caller that does not stream keeps the log probabilities of a tier that does', async () => {
  await using two = await startTwoTiers({ fast: 'upstream_stream = "always"' });
  const logprobs = (token: string): object => ({ logprobs: { content: [{ token, logprob: -0.5 }] } });
  two.fast.always(
    sse([
      chunk({ role: 'assistant', content: 'Hello there, ' }, logprobs('Hello there, ')),
      chunk({ content: 'how can I help you?' }, logprobs('how can I help you?')),
      chunk({}, { finish_reason: 'stop' }),
      'data: [DONE]\n\n',
    ]),
  );
  const response = await two.server.post('/v1/chat/completions', chatRequest({ stream: false, logprobs: true }));
  const body = await response.json();
  expect(at(two.fast.requests[0]?.json, 'stream')).toBe(true);
  expect(at(body, 'choices', 0, 'message', 'content')).toBe('Hello there, how can I help you?');
  expect(at(body, 'choices', 0, 'logprobs', 'content', 'length')).toBe(2);
  expect(at(body, 'usage', 'anvil_estimated')).toBe(true);
});
