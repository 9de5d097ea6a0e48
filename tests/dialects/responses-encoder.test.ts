/** What does the Responses encoder add to bare parts: order, ids, numbers, usage, status, and what it does not make up? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { FinishReason, StreamPart, ToolOrigin } from '#core/message';
import { openaiResponses } from '#dialects/openai-responses/dialect';
import { readEncrypted } from '#dialects/openai-responses/proof';
import { checkResponsesStream } from '#tests/dialects/legal-responses';
import { answerParts } from '#tests/dialects/part-sequences';
import { at, contextOf, encodeParts, payloadsOf } from '#tests/dialects/support';

const text = (index: number, words: string): readonly StreamPart[] => [
  { type: 'text-start', index },
  { type: 'text-delta', index, text: words },
  { type: 'text-end', index },
];
const tool = (index: number, json: string, name = 'A', id = `call_${index}`): readonly StreamPart[] => [
  { type: 'tool-start', index, id, name },
  ...(json === '' ? [] : [{ type: 'tool-delta' as const, index, json }]),
  { type: 'tool-end', index },
];
const finish = (reason: FinishReason, raw?: string): readonly StreamPart[] => [
  { type: 'finish', reason, ...(raw === undefined ? {} : { raw }) },
  { type: 'end' },
];

const ORIGINS: Readonly<Record<string, ToolOrigin>> = {
  files__read: { kind: 'function', namespace: 'files', name: 'read' },
  apply_patch: { kind: 'custom', name: 'apply_patch' },
  functions__exec: { kind: 'custom', namespace: 'functions', name: 'exec' },
};
const context = contextOf({ toolOrigin: (name) => ORIGINS[name] });

const speak = (...parts: readonly StreamPart[]): string => {
  const spoken = encodeParts(openaiResponses, parts, context);
  checkResponsesStream(spoken);
  return spoken;
};
const last = (spoken: string): unknown => payloadsOf(spoken).at(-1);
const outputOf = (spoken: string): readonly unknown[] => {
  const output = at(last(spoken), 'response', 'output');
  return Array.isArray(output) ? output : [];
};
const typesOf = (spoken: string): readonly unknown[] => payloadsOf(spoken).map((event) => at(event, 'type'));

test('any legal answer is spoken in legal order', () => {
  fc.assert(
    fc.property(answerParts, (parts) => checkResponsesStream(encodeParts(openaiResponses, parts))),
    { numRuns: 300 },
  );
});

describe('items', () => {
  test('of a text come with every event that clients wait for', () => {
    expect(typesOf(speak(...text(0, 'hi'), ...finish('stop')))).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
  });

  test('without content are left out, and an empty answer is a response without output', () => {
    const empty: readonly StreamPart[] = [
      { type: 'text-start', index: 0 },
      { type: 'text-end', index: 0 },
      { type: 'thinking-start', index: 1 },
      { type: 'thinking-end', index: 1 },
    ];
    expect(outputOf(speak(...empty, ...finish('stop')))).toEqual([]);
  });

  test('that interleave are spoken one after the other, each in full', () => {
    const spoken = speak(
      { type: 'tool-start', index: 0, id: 'a', name: 'A' },
      { type: 'tool-start', index: 1, id: 'b', name: 'B' },
      { type: 'tool-delta', index: 1, json: '{"b":1}' },
      { type: 'tool-delta', index: 0, json: '{"a":' },
      { type: 'tool-end', index: 1 },
      ...text(2, 'meanwhile'),
      { type: 'tool-delta', index: 0, json: '1}' },
      { type: 'tool-end', index: 0 },
      ...finish('tool-calls'),
    );
    expect(outputOf(spoken)).toMatchObject([
      { type: 'function_call', call_id: 'a', arguments: '{"a":1}' },
      { type: 'function_call', call_id: 'b', arguments: '{"b":1}' },
      { type: 'message', content: [{ type: 'output_text', text: 'meanwhile' }] },
    ]);
  });

  test('that wait are spoken as soon as the open one ends, and deltas of the open one at once', () => {
    const encoder = openaiResponses.encoder(context);
    encoder.part({ type: 'tool-start', index: 0, id: 'a', name: 'A' });
    encoder.part({ type: 'text-start', index: 1 });
    expect(encoder.part({ type: 'text-delta', index: 1, text: 'meanwhile' })).toBe('');
    expect(encoder.part({ type: 'tool-delta', index: 0, json: '{' })).toContain('arguments.delta');
    expect(encoder.part({ type: 'tool-end', index: 0 })).toContain('meanwhile');
  });

  test('left open by the tier are closed in front of the end', () => {
    const spoken = speak(
      { type: 'text-start', index: 0 },
      { type: 'text-delta', index: 0, text: 'cut' },
      ...finish('length'),
    );
    expect(outputOf(spoken)).toMatchObject([{ type: 'message', status: 'completed' }]);
  });

  test('are not numbered by the tier’s indexes, and have ids of their own', () => {
    const spoken = speak(...text(7, 'a'), ...text(9, 'b'), ...finish('stop'));
    const ids = outputOf(spoken).map((item) => at(item, 'id'));
    expect(new Set(ids).size).toBe(2);
    const other = encodeParts(
      openaiResponses,
      [...text(7, 'a'), ...finish('stop')],
      contextOf({ responseId: 'other' }),
    );
    expect(ids).not.toContain(at(outputOf(other)[0], 'id'));
    expect(at(last(other), 'response', 'id')).toBe('resp_other');
  });

  test('of a refusal hold a refusal, and what follows is an item of its own', () => {
    const spoken = speak(
      { type: 'refusal-delta', text: 'No' },
      { type: 'refusal-delta', text: '.' },
      ...text(0, 'But'),
      ...finish('refusal'),
    );
    expect(outputOf(spoken)).toMatchObject([
      { content: [{ type: 'refusal', refusal: 'No.' }] },
      { content: [{ type: 'output_text', text: 'But' }] },
    ]);
    expect(at(last(spoken), 'response', 'status')).toBe('completed');
  });
});

describe('calls', () => {
  test('to a tool of a namespace get their name and namespace back', () => {
    const [item] = outputOf(speak(...tool(0, '{"p":1}', 'files__read'), ...finish('tool-calls')));
    expect(item).toMatchObject({ type: 'function_call', name: 'read', namespace: 'files', arguments: '{"p":1}' });
  });

  test('to other tools keep their name and have no namespace', () => {
    const [item] = outputOf(speak(...tool(0, '{}', 'plain'), ...finish('tool-calls')));
    expect(at(item, 'name')).toBe('plain');
    expect(Object.keys(item as object)).not.toContain('namespace');
  });

  const PATCH = '*** Begin Patch\n+"ä🙂\\\n*** End Patch';
  const CUSTOM: readonly (readonly [string, string, string])[] = [
    ['the one string argument', JSON.stringify({ input: PATCH }), PATCH],
    ['an empty one', '{"input":""}', ''],
    ['no arguments at all', '', ''],
    ['another object, which leaves as it came', '{"patch":"x"}', '{"patch":"x"}'],
    ['another type, which leaves as it came', '{"input":7}', '{"input":7}'],
    ['text that is no JSON, which leaves as it came', '*** Begin Patch', '*** Begin Patch'],
    ['JSON that breaks off, which leaves as it came', '{"input":"*** Beg', '{"input":"*** Beg'],
  ];
  for (const [name, json, input] of CUSTOM) {
    test(`to a custom tool with ${name}`, () => {
      const spoken = speak(...tool(0, json, 'apply_patch'), ...finish('tool-calls'));
      expect(outputOf(spoken)).toMatchObject([
        { type: 'custom_tool_call', name: 'apply_patch', call_id: 'call_0', input },
      ]);
      const deltas = payloadsOf(spoken).filter(
        (event) => at(event, 'type') === 'response.custom_tool_call_input.delta',
      );
      expect(deltas.map((event) => at(event, 'delta')).join('')).toBe(input);
    });
  }

  test('to a custom tool of a namespace have both', () => {
    const [item] = outputOf(speak(...tool(0, '{"input":"1+1"}', 'functions__exec'), ...finish('tool-calls')));
    expect(item).toMatchObject({ type: 'custom_tool_call', namespace: 'functions', name: 'exec', input: '1+1' });
  });

  test('without arguments have an empty object, and broken ones stay broken', () => {
    for (const [sent, told] of [
      ['', '{}'],
      [' \n', '{}'],
      ['{"x": }}', '{"x": }}'],
    ] as const) {
      const spoken = encodeParts(openaiResponses, [...tool(0, sent), ...finish('tool-calls')]);
      expect(outputOf(spoken)).toMatchObject([{ arguments: told }]);
    }
  });

  test('with an illegal, absent or repeated id get a fresh one', () => {
    const calls = [tool(0, '{}', 'A', 'same'), tool(1, '{}', 'A', ''), tool(2, '{}', 'A', 'same')].flat();
    const ids = outputOf(speak(...calls, ...finish('stop'))).map((item) => at(item, 'call_id'));
    expect(ids).toEqual(['same', 'call_0123456789abcdef01234567_0', 'call_0123456789abcdef01234567_1']);
  });
});

describe('reasoning', () => {
  const thought = (...more: readonly StreamPart[]): readonly StreamPart[] => [
    { type: 'thinking-start', index: 0 },
    { type: 'thinking-delta', index: 0, text: 'hm' },
    ...more,
    { type: 'thinking-end', index: 0 },
  ];
  const encryptedOf = (spoken: string): unknown => at(outputOf(spoken)[0], 'encrypted_content');

  test('is a summary, without a proof when there is none', () => {
    const [item] = outputOf(speak(...thought(), ...finish('stop')));
    expect(item).toMatchObject({
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'hm' }],
      encrypted_content: null,
    });
  });

  test('keeps the dialect’s own proof verbatim, pieces joined', () => {
    const own = { type: 'thinking-signature', index: 0, origin: 'openai-responses' } as const;
    const spoken = speak(...thought({ ...own, signature: 'gAA' }, { ...own, signature: 'AB=' }), ...finish('stop'));
    expect(encryptedOf(spoken)).toBe('gAAAB=');
  });

  test('carries a foreign signature marked, so that it finds back', () => {
    const spoken = speak(
      ...thought({ type: 'thinking-signature', index: 0, signature: 'EqQB', origin: 'anthropic-messages' }),
      ...finish('stop'),
    );
    expect(encryptedOf(spoken)).not.toBe('EqQB');
    expect(readEncrypted(String(encryptedOf(spoken)))).toEqual({
      kind: 'signature',
      text: 'EqQB',
      origin: 'anthropic-messages',
    });
  });

  test('that is hidden has no words, and its payload is told from a signature', () => {
    const spoken = speak(
      { type: 'thinking-start', index: 0 },
      { type: 'thinking-redacted', index: 0, data: 'b3Bh', origin: 'anthropic-messages' },
      { type: 'thinking-end', index: 0 },
      ...finish('stop'),
    );
    expect(outputOf(spoken)).toMatchObject([{ type: 'reasoning', summary: [] }]);
    expect(readEncrypted(String(encryptedOf(spoken)))).toEqual({
      kind: 'redacted',
      text: 'b3Bh',
      origin: 'anthropic-messages',
    });
  });
});

describe('the end', () => {
  const REASONS: readonly (readonly [FinishReason, string, string | undefined, string | undefined])[] = [
    ['stop', 'completed', undefined, undefined],
    ['tool-calls', 'completed', undefined, undefined],
    ['stop-sequence', 'completed', undefined, 'stop-sequence'],
    ['length', 'incomplete', 'max_output_tokens', undefined],
    ['context-overflow', 'incomplete', 'max_output_tokens', 'context-overflow'],
    ['content-filter', 'incomplete', 'content_filter', undefined],
    ['refusal', 'incomplete', 'content_filter', undefined],
    ['pause', 'completed', undefined, 'pause'],
    ['other', 'completed', undefined, 'eos_found'],
  ];
  for (const [reason, status, detail, own] of REASONS) {
    test(`for ${reason} is ${status}${detail === undefined ? '' : `, ${detail}`}`, () => {
      const spoken = speak(...text(0, 'x'), ...finish(reason, reason === 'other' ? 'eos_found' : undefined));
      const response = at(last(spoken), 'response');
      expect(at(response, 'status')).toBe(status);
      expect(at(response, 'incomplete_details', 'reason')).toBe(detail);
      expect(at(response, 'anvil_finish_reason')).toBe(own);
    });
  }

  test('without a finish reason is a completed response', () => {
    expect(at(last(speak(...text(0, 'x'), { type: 'end' })), 'type')).toBe('response.completed');
  });

  test('tells gross usage with cached and reasoning tokens, even when it comes behind the finish', () => {
    const usage: StreamPart = { type: 'usage', usage: { input: 100, output: 9, cacheRead: 60, reasoning: 4 } };
    const spoken = speak(...text(0, 'x'), { type: 'finish', reason: 'stop' }, usage, { type: 'end' });
    expect(at(last(spoken), 'response', 'usage')).toEqual({
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 60, cache_write_tokens: 0 },
      output_tokens: 9,
      output_tokens_details: { reasoning_tokens: 4 },
      total_tokens: 109,
    });
  });

  test('estimates usage that the tier did not tell', () => {
    const spoken = speak(...text(0, 'x'.repeat(41)), ...finish('stop'));
    expect(at(last(spoken), 'response', 'usage')).toMatchObject({
      input_tokens: 12,
      output_tokens: 11,
      total_tokens: 23,
    });
  });

  test('is the last thing said', () => {
    const encoder = openaiResponses.encoder(context);
    encoder.part({ type: 'end' });
    for (const part of [...text(0, 'x'), ...finish('stop')]) expect(encoder.part(part)).toBe('');
  });
});

test('an answer too long to be repeated in the closing event is a failure with a name', () => {
  const encoder = openaiResponses.encoder(context);
  encoder.part({ type: 'text-start', index: 0 });
  const piece = 'x'.repeat(1_048_576);
  for (let sent = 0; sent < 16; sent++) encoder.part({ type: 'text-delta', index: 0, text: piece });
  expect(encoder.failure()).toBeUndefined();
  expect(encoder.part({ type: 'text-delta', index: 0, text: 'x' })).toBe('');
  expect(encoder.failure()).toMatchObject({ kind: 'overflow' });
  expect(encoder.part({ type: 'end' })).toBe('');
});

test('a long answer costs time in proportion to its length', () => {
  const encoder = openaiResponses.encoder(context);
  encoder.part({ type: 'text-start', index: 0 });
  let chars = 0;
  for (let sent = 0; sent < 200_000; sent++) {
    chars += encoder.part({ type: 'text-delta', index: 0, text: 'word ' }).length > 0 ? 5 : 0;
  }
  const end = encoder.part({ type: 'text-end', index: 0 }) + encoder.part({ type: 'end' });
  expect(chars).toBe(1_000_000);
  expect(end.length).toBeGreaterThan(4_000_000);
}, 20_000);
