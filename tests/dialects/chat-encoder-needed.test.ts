/** Which members of our Chat stream would break a client if they were left out? One test each. */
import { expect, test } from 'bun:test';
import type { StreamPart } from '#core/message';
import { openaiChat as dialect } from '#dialects/openai-chat/dialect';
import { withoutMember } from '#tests/dialects/left-out';
import { checkChatStream } from '#tests/dialects/legal-streams';
import { readChat } from '#tests/dialects/stream-clients';
import { encodeParts } from '#tests/dialects/support';
import { rejectionOf } from '#tests/support/rejection';

const PARTS: readonly StreamPart[] = [
  { type: 'text-start', index: 0 },
  { type: 'text-delta', index: 0, text: 'hello' },
  { type: 'text-end', index: 0 },
  { type: 'tool-start', index: 1, id: 'call_a', name: 'read' },
  { type: 'tool-delta', index: 1, json: '{"path":"a"}' },
  { type: 'tool-end', index: 1 },
  { type: 'finish', reason: 'tool-calls' },
  { type: 'usage', usage: { input: 50, output: 9 } },
  { type: 'end' },
];
const SPOKEN = encodeParts(dialect, PARTS);

/** Fails in the test; of the other clients it was measured that they break. */
const SDK_FAILS = 'the OpenAI SDK (fails)';
/** Does not fail, but hands on another call. */
const SDK_LOSES = 'the OpenAI SDK (loses it)';

test('nothing is left out of our stream, and the official client reads it', async () => {
  checkChatStream(SPOKEN, true);
  expect((await readChat(SPOKEN)).choices[0]?.finish_reason).toBe('tool_calls');
});

test.each([
  ['choices.*.delta.role', SDK_FAILS],
  ['choices.*.index', SDK_FAILS],
  ['choices.*.finish_reason', `${SDK_FAILS}, pi and Qwen Code; opencode asks again without end`],
  ['choices.*.delta.tool_calls.*.index', SDK_FAILS],
  ['choices.*.delta.tool_calls.*.id', SDK_LOSES],
  ['choices.*.delta.tool_calls.*.type', SDK_FAILS],
  ['choices.*.delta.tool_calls.*.function.name', SDK_LOSES],
])('without %s, %s would break', async (path, breaks) => {
  const body = withoutMember(SPOKEN, path);
  expect(body).not.toBe(SPOKEN);
  expect(() => checkChatStream(body, true)).toThrow();
  if (breaks.startsWith(SDK_FAILS)) await rejectionOf(readChat(body));
  else expect(await readChat(body)).not.toEqual(await readChat(SPOKEN));
});
