/** Are the scripted answers what real tiers write, in both dialects and both forms? */
import { describe, expect, test } from 'bun:test';
import type { DialectName } from '#core/message';
import { type Answer, BAD_ANSWERS, GOOD_ANSWERS, hugeAnswer, piecesOf, usageOf } from '#tests/support/answer';
import { bytesOf, chunksOf, eventsFor, everySplit, wholeFor } from '#tests/support/answers';
import { chatErrorEvent } from '#tests/support/answers-chat';
import { messagesErrorEvent } from '#tests/support/answers-messages';
import { chatSeen, messagesSeen, type StreamSeen } from '#tests/support/sse';

const DIALECTS: readonly DialectName[] = ['openai-chat', 'anthropic-messages'];
const seen = (dialect: DialectName, answer: Answer): StreamSeen => {
  const body = eventsFor(dialect, answer).join('');
  return dialect === 'openai-chat' ? chatSeen(body) : messagesSeen(body);
};
const textOf = (answer: Answer, kind: 'text' | 'thinking'): string =>
  answer.blocks.map((block) => (block.kind === kind ? block.text : '')).join('');
const toolsOf = (answer: Answer) =>
  answer.blocks.flatMap((block) => (block.kind === 'tool' ? [{ name: block.name, arguments: block.arguments }] : []));

const ALL: readonly (readonly [string, Answer])[] = [
  ...Object.entries(GOOD_ANSWERS),
  ...Object.entries(BAD_ANSWERS).map(([name, { answer }]) => [name, answer] as const),
];

describe.each([...DIALECTS])('%s streams', (dialect) => {
  test.each([...ALL])('%s says what it was built from', (_name, answer) => {
    const read = seen(dialect, answer);
    expect(read.thinking).toBe(textOf(answer, 'thinking'));
    expect(read.tools.map(({ name, arguments: text }) => ({ name, arguments: text }))).toEqual(toolsOf(answer));
    expect(new Set(read.tools.map((tool) => tool.id)).size).toBe(toolsOf(answer).length);
    expect(read.terminal).toBe(true);
    if (answer.blocks.every((block) => block.kind !== 'refusal')) expect(read.text).toBe(textOf(answer, 'text'));
  });

  test('missing marker, missing finish reason and missing usage are really missing', () => {
    const bare: Answer = { ...GOOD_ANSWERS.text, finish: 'none', usage: 'none', terminal: false };
    expect(seen(dialect, bare)).toMatchObject({ terminal: false, finish: undefined });
    expect(eventsFor(dialect, bare).join('')).not.toContain('tokens');
    expect(JSON.stringify(wholeFor(dialect, bare))).not.toContain('tokens');
  });
});

test('finish reasons are worded by each dialect, unknown ones kept', () => {
  const finishes = (answer: Answer): (string | undefined)[] => DIALECTS.map((dialect) => seen(dialect, answer).finish);
  expect(finishes(GOOD_ANSWERS.text)).toEqual(['stop', 'end_turn']);
  expect(finishes(GOOD_ANSWERS['tool call'])).toEqual(['tool_calls', 'tool_use']);
  expect(finishes(BAD_ANSWERS.truncated.answer)).toEqual(['length', 'max_tokens']);
  expect(finishes(GOOD_ANSWERS['filtered content'])).toEqual(['content_filter', 'refusal']);
  expect(finishes(GOOD_ANSWERS['unknown finish'])).toEqual(['eos_token_found', 'eos_token_found']);
});

test('Chat counts cached tokens inside the prompt, Messages beside it', () => {
  expect(seen('openai-chat', GOOD_ANSWERS['cached prompt']).usage).toMatchObject({
    prompt_tokens: 1200,
    completion_tokens: 3,
    prompt_tokens_details: { cached_tokens: 1024 },
  });
  expect(seen('anthropic-messages', GOOD_ANSWERS['cached prompt']).usage).toEqual({
    input_tokens: 48,
    cache_read_input_tokens: 1024,
    cache_creation_input_tokens: 128,
    output_tokens: 3,
  });
});

test('parallel calls interleave in Chat and follow each other in Messages', () => {
  const order = (events: readonly string[], pattern: RegExp): string =>
    events.flatMap((event) => pattern.exec(event)?.[1] ?? []).join('');
  const answer = GOOD_ANSWERS['parallel tool calls'];
  expect(order(eventsFor('openai-chat', answer), /"tool_calls":\[\{"index":(\d)/)).toMatch(/^0101/);
  expect(order(eventsFor('anthropic-messages', answer), /content_block_delta","index":(\d)/)).toMatch(/^0+1+$/);
});

test('whole replies carry the same content', () => {
  expect(wholeFor('openai-chat', GOOD_ANSWERS['tool call'])).toMatchObject({
    object: 'chat.completion',
    choices: [{ finish_reason: 'tool_calls', message: { role: 'assistant', content: 'Let me look.' } }],
  });
  expect(wholeFor('anthropic-messages', GOOD_ANSWERS['tool call'])).toMatchObject({
    stop_reason: 'tool_use',
    content: [{ type: 'text' }, { type: 'tool_use', input: { path: 'src/main.ts', lines: [1, 20] } }],
  });
  expect(() => wholeFor('anthropic-messages', BAD_ANSWERS['tool arguments cut off'].answer)).toThrow();
});

test('error events are read as errors', () => {
  expect(chatSeen(chatErrorEvent('no slot')).error).toMatchObject({ message: 'no slot' });
  expect(messagesSeen(messagesErrorEvent('no slot')).error).toEqual({ type: 'overloaded_error', message: 'no slot' });
});

test('pieces never split a code point, chunks and splits lose no byte', () => {
  expect(piecesOf('a🚀b', 1)).toEqual(['a', '🚀', 'b']);
  const bytes = bytesOf(eventsFor('openai-chat', GOOD_ANSWERS.multibyte));
  expect(Buffer.concat(chunksOf(bytes, 7))).toEqual(Buffer.from(bytes));
  const splits = everySplit(bytes);
  expect(splits.length).toBe(bytes.length - 1);
  for (const [left, right] of splits) expect(left.length * right.length).toBeGreaterThan(0);
});

test('a huge answer is as long as it says, and usage follows the pieces', () => {
  const answer = hugeAnswer(100_000);
  expect(textOf(answer, 'text').length).toBe(100_000);
  expect(usageOf(answer)).toEqual({ input: 25, output: Math.ceil(100_000 / 64) });
});
