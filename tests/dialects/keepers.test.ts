/** Does a collected document keep what the parts do not tell, and is it left alone where they tell everything? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { dialects } from '#dialects/dialect';
import { answerParts } from '#tests/dialects/part-sequences';
import { at, contextOf, decodeText, encodeParts, utf8 } from '#tests/dialects/support';
import { createSseSplitter } from '#upstream/sse';

const names = ['anthropic-messages', 'openai-chat'] as const;

const collected = (name: (typeof names)[number], stream: string) => {
  const dialect = dialects[name];
  const reply = dialect.encodeWhole(decodeText(dialect, stream), contextOf());
  if (!reply.ok) throw new Error(reply.failure.detail);
  const keeper = dialect.keeper?.();
  if (!keeper) throw new Error(`${name} has no keeper`);
  const splitter = createSseSplitter(1_000_000);
  for (const frame of [...splitter.push(utf8.encode(stream)), ...splitter.flush()]) keeper.frame(frame.raw);
  return { typed: reply.body, kept: keeper.complete(reply.body) };
};

for (const name of names) {
  test(`${name}: where the parts tell everything, nothing is changed`, () => {
    fc.assert(
      fc.property(answerParts, (parts) => {
        const { typed, kept } = collected(name, encodeParts(dialects[name], parts));
        expect(kept).toEqual(typed);
      }),
      { numRuns: 200 },
    );
  });

  test(`${name}: any bytes are taken without a word`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.jsonValue(), (bytes, value) => {
        const keeper = dialects[name].keeper?.();
        keeper?.frame(bytes);
        keeper?.frame(utf8.encode(`data: ${JSON.stringify(value)}\n\n`));
        expect(keeper?.complete({ usage: {} })).toBeDefined();
      }),
    );
  });
}

const event = (payload: object): string => `event: x\ndata: ${JSON.stringify(payload)}\n\n`;

const messagesStream = (...blocks: readonly object[]): string =>
  [
    { type: 'message_start', message: { usage: { input_tokens: 1, output_tokens: 1 } } },
    ...blocks,
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ]
    .map(event)
    .join('');

const start = (index: number, block: object) => ({ type: 'content_block_start', index, content_block: block });
const delta = (index: number, piece: object) => ({ type: 'content_block_delta', index, delta: piece });
const SEARCH = { type: 'server_tool_use', id: 's', name: 'web_search', input: { q: 1 } };

describe('Messages blocks beside those of server tools', () => {
  test('keep signatures, inputs and order', () => {
    const { kept } = collected(
      'anthropic-messages',
      messagesStream(
        start(0, { type: 'thinking', thinking: '', signature: '' }),
        delta(0, { type: 'thinking_delta', thinking: 'hm' }),
        delta(0, { type: 'signature_delta', signature: 'Eq' }),
        start(1, SEARCH),
        start(2, { type: 'text', text: '' }),
        start(3, { type: 'tool_use', id: 't', name: 'A', input: {} }),
        delta(3, { type: 'input_json_delta', partial_json: '{"a":1}' }),
      ),
    );
    expect(at(kept, 'content')).toEqual([
      { type: 'thinking', thinking: 'hm', signature: 'Eq' },
      SEARCH,
      { type: 'tool_use', id: 't', name: 'A', input: { a: 1 } },
    ]);
  });

  test('take members that a later protocol sends in deltas of its own', () => {
    const { kept } = collected(
      'anthropic-messages',
      messagesStream(start(0, { type: 'later_block' }), delta(0, { type: 'later_delta', state: 'done' })),
    );
    expect(at(kept, 'content')).toEqual([{ type: 'later_block', state: 'done' }]);
  });

  test('are left as the parts tell them when there are too many', () => {
    const many = Array.from({ length: 1_100 }, (_, index) => start(index, SEARCH));
    const { typed, kept } = collected('anthropic-messages', messagesStream(...many));
    expect(at(kept, 'content')).toEqual(at(typed, 'content'));
  });
});

test('lists of a Chat answer are kept up to a limit', () => {
  const keeper = dialects['openai-chat'].keeper?.();
  const content = Array.from({ length: 200_000 }, () => 0);
  const chunk = utf8.encode(
    `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, logprobs: { content } }] })}\n\n`,
  );
  keeper?.frame(chunk);
  keeper?.frame(chunk);
  const body = keeper?.complete({ choices: [{ message: {} }] });
  expect(at(body, 'choices', 0, 'logprobs', 'content', 'length')).toBe(262_144);
});
