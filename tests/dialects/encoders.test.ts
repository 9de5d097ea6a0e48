/** What do the encoders add to bare parts: order, ids, usage, reasons, and what they refuse to invent? */
import { describe, expect, test } from 'bun:test';
import type { FinishReason, StreamPart } from '#core/message';
import { dialects } from '#dialects/dialect';
import { checkChatStream, checkMessagesStream } from '#tests/dialects/legal-streams';
import { at, contextOf, encodeParts, payloadsOf } from '#tests/dialects/support';

const chat = dialects['openai-chat'];
const messages = dialects['anthropic-messages'];

const text = (index: number, words: string): readonly StreamPart[] => [
  { type: 'text-start', index },
  { type: 'text-delta', index, text: words },
  { type: 'text-end', index },
];
const tool = (index: number, json: string, id = `call_${index}`): readonly StreamPart[] => [
  { type: 'tool-start', index, id, name: 'A' },
  ...(json === '' ? [] : [{ type: 'tool-delta' as const, index, json }]),
  { type: 'tool-end', index },
];
const finish = (reason: FinishReason, more: { raw?: string; stopSequence?: string } = {}): readonly StreamPart[] => [
  { type: 'finish', reason, ...more },
  { type: 'end' },
];
const last = (spoken: string, back: number): unknown => payloadsOf(spoken).at(back);

describe('Messages', () => {
  const speak = (...parts: readonly StreamPart[]): string => {
    const spoken = encodeParts(messages, parts);
    checkMessagesStream(spoken);
    return spoken;
  };
  const blocksOf = (spoken: string): unknown[] =>
    payloadsOf(spoken).flatMap((event) =>
      at(event, 'type') === 'content_block_start' ? [at(event, 'content_block', 'type')] : [],
    );

  test('a tool-only answer has no empty text block in front', () => {
    expect(
      blocksOf(
        speak(
          { type: 'text-start', index: 0 },
          { type: 'text-end', index: 0 },
          ...tool(1, '{}'),
          ...finish('tool-calls'),
        ),
      ),
    ).toEqual(['tool_use']);
  });

  test('an empty answer is a message without content', () => {
    expect(blocksOf(speak({ type: 'start' }, ...finish('stop')))).toEqual([]);
  });

  test('text that is spoken while a call is open waits for the call to end', () => {
    const spoken = speak(
      { type: 'tool-start', index: 0, id: 'a', name: 'A' },
      { type: 'text-start', index: 1 },
      { type: 'text-delta', index: 1, text: 'meanwhile' },
      { type: 'text-end', index: 1 },
      { type: 'tool-delta', index: 0, json: '{}' },
      { type: 'tool-end', index: 0 },
      ...finish('tool-calls'),
    );
    expect(blocksOf(spoken)).toEqual(['tool_use', 'text']);
  });

  test('too much text behind an open call is a failure with a name', () => {
    const encoder = messages.encoder(contextOf());
    encoder.part({ type: 'tool-start', index: 0, id: 'a', name: 'A' });
    encoder.part({ type: 'text-start', index: 1 });
    const piece = 'x'.repeat(1_048_576);
    for (let sent = 0; sent < 8; sent++) encoder.part({ type: 'text-delta', index: 1, text: piece });
    expect(encoder.failure()).toBeUndefined();
    encoder.part({ type: 'text-delta', index: 1, text: piece });
    expect(encoder.failure()).toMatchObject({ kind: 'overflow' });
    expect(encoder.part({ type: 'end' })).toBe('');
  });

  test('room behind an open block is free again once it was used up', () => {
    const encoder = messages.encoder(contextOf());
    const piece = 'x'.repeat(5 * 1_048_576);
    for (let index = 0; index < 6; index += 2) {
      encoder.part({ type: 'tool-start', index, id: '', name: 'A' });
      encoder.part({ type: 'text-start', index: index + 1 });
      encoder.part({ type: 'text-delta', index: index + 1, text: piece });
      encoder.part({ type: 'tool-end', index });
      encoder.part({ type: 'text-end', index: index + 1 });
    }
    expect(encoder.failure()).toBeUndefined();
  });

  test('a refusal is text with the stop reason refusal, and a tool after it has its own block', () => {
    const refused = speak({ type: 'refusal-delta', text: 'No.' }, ...finish('refusal'));
    expect(blocksOf(refused)).toEqual(['text']);
    expect(at(last(refused, -2), 'delta', 'stop_reason')).toBe('refusal');
    expect(blocksOf(speak({ type: 'refusal-delta', text: 'No.' }, ...tool(0, '{}'), ...finish('stop')))).toEqual([
      'text',
      'tool_use',
    ]);
  });

  test('text behind a refusal is spoken at once, in a block of its own', () => {
    const encoder = messages.encoder(contextOf());
    encoder.part({ type: 'refusal-delta', text: 'No.' });
    const spoken =
      encoder.part({ type: 'text-start', index: 0 }) + encoder.part({ type: 'text-delta', index: 0, text: 'But' });
    expect(spoken).toContain('content_block_stop');
    expect(spoken).toContain('But');
  });

  test('thinking nobody signed gets our mark, signed thinking keeps its signature', () => {
    const signatures = (parts: readonly StreamPart[]): unknown[] =>
      payloadsOf(speak(...parts, ...finish('stop'))).flatMap((event) => at(event, 'delta', 'signature') ?? []);
    const thought: readonly StreamPart[] = [
      { type: 'thinking-start', index: 0 },
      { type: 'thinking-delta', index: 0, text: 'hm' },
    ];
    expect(signatures([...thought, { type: 'thinking-end', index: 0 }])).toEqual(['anvil-unsigned']);
    expect(
      signatures([
        ...thought,
        { type: 'thinking-signature', index: 0, signature: 'EqQB', origin: 'anthropic-messages' },
        { type: 'thinking-end', index: 0 },
      ]),
    ).toEqual(['EqQB']);
  });

  test('the start says the real prompt size when it is known, the estimate otherwise, and the end corrects it', () => {
    const usage: StreamPart = { type: 'usage', usage: { input: 100, output: 9, cacheRead: 60, cacheWrite: 10 } };
    const known = payloadsOf(speak({ type: 'start' }, usage, ...text(0, 'x'), ...finish('stop')));
    expect(at(known[0], 'message', 'usage')).toEqual({
      input_tokens: 30,
      cache_creation_input_tokens: 10,
      cache_read_input_tokens: 60,
      output_tokens: 0,
    });
    const late = payloadsOf(speak({ type: 'start' }, ...text(0, 'x'), usage, ...finish('stop')));
    expect(at(late[0], 'message', 'usage', 'input_tokens')).toBe(12);
    expect(at(late.at(-2), 'usage')).toEqual({
      input_tokens: 30,
      cache_creation_input_tokens: 10,
      cache_read_input_tokens: 60,
      output_tokens: 9,
    });
  });

  test('a tier without usage still gives counts, estimated from what was said', () => {
    expect(at(last(speak(...text(0, 'x'.repeat(41)), ...finish('stop')), -2), 'usage')).toMatchObject({
      input_tokens: 12,
      output_tokens: 11,
      anvil_estimated: true,
    });
  });

  const STOPS: readonly (readonly [FinishReason, object, string, unknown])[] = [
    ['stop', {}, 'end_turn', null],
    ['length', {}, 'max_tokens', null],
    ['tool-calls', {}, 'tool_use', null],
    ['stop-sequence', { stopSequence: 'END' }, 'stop_sequence', 'END'],
    ['content-filter', {}, 'refusal', null],
    ['refusal', {}, 'refusal', null],
    ['pause', {}, 'pause_turn', null],
    ['context-overflow', {}, 'model_context_window_exceeded', null],
    ['other', { raw: 'weird' }, 'end_turn', null],
  ];
  for (const [reason, more, stopReason, stopSequence] of STOPS) {
    test(`${reason} is spoken as ${stopReason}`, () => {
      const delta = at(last(speak(...text(0, 'x'), ...finish(reason, more)), -2), 'delta');
      expect(delta).toEqual({
        stop_reason: stopReason,
        stop_sequence: stopSequence,
        ...(reason === 'other' ? { anvil_finish_reason: 'weird' } : {}),
      });
    });
  }

  test('a stop after tool calls is spoken as tool use', () => {
    expect(at(last(speak(...tool(0, '{}'), ...finish('stop')), -2), 'delta', 'stop_reason')).toBe('tool_use');
    expect(at(last(speak(...tool(0, '{}'), ...finish('length')), -2), 'delta', 'stop_reason')).toBe('max_tokens');
  });

  test('whole replies fail on arguments that are no object, and never make some up', () => {
    for (const json of ['{"a":', '5', '"x"', '[]', 'null', '{}{}']) {
      const reply = messages.encodeWhole([...tool(0, json), ...finish('tool-calls')], contextOf());
      expect(reply).toMatchObject({ ok: false, failure: { kind: 'rejected' } });
    }
    for (const json of ['', '  ', '{}']) {
      const reply = messages.encodeWhole([...tool(0, json), ...finish('tool-calls')], contextOf());
      expect(at(reply, 'body', 'content', 0, 'input')).toEqual({});
    }
  });
});

describe('Chat', () => {
  const speak = (...parts: readonly StreamPart[]): string => {
    const spoken = encodeParts(chat, parts);
    checkChatStream(spoken, true);
    return spoken;
  };

  const STOPS: readonly (readonly [FinishReason, object, object])[] = [
    ['stop', {}, { finish_reason: 'stop' }],
    ['length', {}, { finish_reason: 'length' }],
    ['tool-calls', {}, { finish_reason: 'tool_calls' }],
    ['stop-sequence', { stopSequence: 'END' }, { finish_reason: 'stop', stop_reason: 'END' }],
    ['content-filter', {}, { finish_reason: 'content_filter' }],
    ['refusal', {}, { finish_reason: 'content_filter' }],
    ['pause', { raw: 'pause_turn' }, { finish_reason: 'stop', anvil_finish_reason: 'pause_turn' }],
    ['context-overflow', {}, { finish_reason: 'length', anvil_finish_reason: 'context-overflow' }],
    ['other', { raw: 'weird' }, { finish_reason: 'stop', anvil_finish_reason: 'weird' }],
  ];
  for (const [reason, more, choice] of STOPS) {
    test(`${reason} is spoken as ${JSON.stringify(choice)}`, () => {
      const spoken = speak(...text(0, 'x'), ...finish(reason, more));
      expect(at(last(spoken, -3), 'choices', 0)).toEqual({ index: 0, delta: {}, logprobs: null, ...choice });
    });
  }

  test('a stop after tool calls is spoken as tool calls; a spoken refusal ends in stop', () => {
    expect(at(last(speak(...tool(0, '{}'), ...finish('stop')), -3), 'choices', 0, 'finish_reason')).toBe('tool_calls');
    expect(
      at(last(speak({ type: 'refusal-delta', text: 'No.' }, ...finish('refusal')), -3), 'choices', 0, 'finish_reason'),
    ).toBe('stop');
  });

  test('calls without arguments get the empty object, because clients parse them', () => {
    const spoken = speak(...tool(0, ''), ...finish('tool-calls'));
    expect(spoken).toContain('"arguments":"{}"');
    const reply = chat.encodeWhole([...tool(0, ''), ...finish('tool-calls')], contextOf());
    expect(at(reply, 'body', 'choices', 0, 'message', 'tool_calls', 0, 'function', 'arguments')).toBe('{}');
  });

  test('ids are unique even when the tier repeats or leaves them out', () => {
    const spoken = speak(
      ...tool(0, '{}', 'same'),
      ...tool(1, '{}', 'same'),
      ...tool(2, '{}', ''),
      ...finish('tool-calls'),
    );
    const ids = payloadsOf(spoken).flatMap((chunk) => at(chunk, 'choices', 0, 'delta', 'tool_calls', 0, 'id') ?? []);
    expect(ids).toEqual(['same', 'call_0123456789abcdef01234567_0', 'call_0123456789abcdef01234567_1']);
  });

  test('usage is gross, with the cache told apart', () => {
    const usage: StreamPart = { type: 'usage', usage: { input: 100, output: 9, cacheRead: 60, reasoning: 4 } };
    expect(
      at(last(speak(...text(0, 'x'), ...finish('stop').slice(0, 1), usage, { type: 'end' }), -2), 'usage'),
    ).toEqual({
      prompt_tokens: 100,
      completion_tokens: 9,
      total_tokens: 109,
      prompt_tokens_details: { cached_tokens: 60 },
      completion_tokens_details: { reasoning_tokens: 4 },
    });
  });
});

test('nothing is spoken after the end, in any dialect', () => {
  for (const dialect of Object.values(dialects)) {
    const encoder = dialect.encoder(contextOf());
    encoder.part({ type: 'end' });
    for (const part of [...text(0, 'x'), ...tool(1, '{}'), ...finish('stop')]) expect(encoder.part(part)).toBe('');
  }
});
