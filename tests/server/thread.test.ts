/** Is a stateful thread refused in the one form upon which the official client sends the whole conversation? */
import { expect, test } from 'bun:test';
import { MESSAGES } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { messagesRequest, startTwoTiers } from '#tests/support/two-tiers';

const cases = [
  [
    { type: 'create' },
    400,
    {
      type: 'invalid_request_error',
      details: { error_code: 'thread_unsupported_request', unsupported: ['context_management'] },
    },
  ],
  [
    { type: 'continue', previous_message_id: 'msg_1' },
    404,
    { type: 'not_found_error', details: { error_code: 'thread_not_found' } },
  ],
] as const;

for (const [thread, status, error] of cases)
  for (const path of [MESSAGES, `${MESSAGES}?beta=true`, `${MESSAGES}/count_tokens`])
    test(`thread ${thread.type} on ${path} is a ${status}, and no tier hears of it`, async () => {
      await using two = await startTwoTiers();
      const headers = { 'anthropic-beta': 'message-threads-2026-08-12', 'anthropic-version': '2026-10-21' };
      const response = await two.server.post(path, messagesRequest({ thread }), { headers });
      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({
        type: 'error',
        error: { ...error, message: expect.stringMatching(/^thread: .*send all messages$/) },
        request_id: expect.any(String),
      });
      expect([two.fast.requests.length, two.heavy.requests.length]).toEqual([0, 0]);
    });

test('a null thread is none', async () => {
  await using two = await startTwoTiers();
  two.fast.always(answerSteps('openai-chat', false, plainAnswer('Hello! That is all.')));
  expect((await two.server.post(MESSAGES, messagesRequest({ thread: null, stream: false }))).status).toBe(200);
});
