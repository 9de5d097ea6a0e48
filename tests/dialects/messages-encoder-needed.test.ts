/** Which events and members of our Messages stream would break a client if they were left out? One test each. */
import { describe, expect, test } from 'bun:test';
import type { StreamPart } from '#core/message';
import { anthropicMessages as dialect } from '#dialects/anthropic-messages/dialect';
import { withoutEvent, withoutMember } from '#tests/dialects/left-out';
import { checkMessagesStream } from '#tests/dialects/legal-streams';
import { readMessages } from '#tests/dialects/stream-clients';
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

/** Fails in the test; of the other clients it was measured that they break, or it follows from what the helper loses. */
const SDK_FAILS = 'the Anthropic SDK (fails)';
/** Does not fail, but hands on another message. */
const SDK_LOSES = 'the Anthropic SDK (loses it)';

const check = async (body: string, breaks: string): Promise<void> => {
  expect(body).not.toBe(SPOKEN);
  expect(() => checkMessagesStream(body)).toThrow();
  if (breaks.startsWith(SDK_FAILS)) await rejectionOf(readMessages(body));
  else if (breaks.startsWith(SDK_LOSES)) expect(await readMessages(body)).not.toEqual(await readMessages(SPOKEN));
};

test('nothing is left out of our stream, and the official client reads it', async () => {
  checkMessagesStream(SPOKEN);
  expect(await readMessages(SPOKEN)).toMatchObject({ stop_reason: 'tool_use', usage: { input_tokens: 50 } });
});

test(`without event lines, ${SDK_FAILS} and Claude Code, which asks again without streaming, would break`, () =>
  check(SPOKEN.replaceAll(/^event: .*\n/gm, ''), SDK_FAILS));

describe('without the event', () => {
  test.each([
    ['message_start', SDK_FAILS],
    ['content_block_start', SDK_FAILS],
    ['content_block_delta', SDK_LOSES],
    ['content_block_stop', 'Claude Code, Qwen Code and the Vercel AI SDK'],
    ['message_delta', SDK_LOSES],
    ['message_stop', `${SDK_FAILS} and pi`],
  ])('%s, %s would break', (type, breaks) => check(withoutEvent(SPOKEN, type), breaks));
});

describe('without the member', () => {
  test.each([
    ['message.content', SDK_FAILS],
    ['message.usage', `${SDK_FAILS}, pi and the Vercel AI SDK; opencode asks again without end`],
    ['message.usage.input_tokens', 'pi and the Vercel AI SDK; opencode asks again without end'],
    ['message.usage.output_tokens', 'pi and the Vercel AI SDK; opencode asks again without end'],
    ['index', SDK_LOSES],
    ['content_block.type', SDK_LOSES],
    ['content_block.text', 'whoever adds deltas to it'],
    ['content_block.id', SDK_LOSES],
    ['content_block.name', SDK_LOSES],
    ['content_block.input', 'whoever reads the block before its deltas'],
    ['delta.type', SDK_LOSES],
    ['delta.stop_reason', SDK_LOSES],
    ['usage', SDK_FAILS],
    ['usage.output_tokens', SDK_LOSES],
  ])('%s, %s would break', (path, breaks) => check(withoutMember(SPOKEN, path), breaks));
});
