/** Does a body of whatever shape come out as JSON that says the same as its parsed form? */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { DialectName, JsonObject, ModelRequest } from '#core/message';
import type { SessionMark } from '#core/session';
import { createPrefixMemory } from '#router/prefix';
import { any, near, some, word } from '#tests/dialects/wild-values';

const DIALECTS: readonly DialectName[] = ['anthropic-messages', 'openai-chat', 'openai-responses'];
const SESSION: SessionMark = { id: 'ses_0000000000000001', from: 'opening', lane: '00000001' };

const volatile = fc.oneof(
  fc.constantFrom(
    'x-anthropic-billing-header: cc_version=2.1.329.bee; cch=eb6c6;',
    'x-anthropic-billing-header: a=b;\nRules.',
    "Today's date: 2026-11-21",
    '"Current time": "10:55:12" \\ "é"\n',
    'Request id: 8f14e45fceea467f, 3 files',
    'Request id: 8f14e45fceea467f, 4 files',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const part = near({
  type: word('text', 'input_text', 'tool_result', 'image'),
  text: fc.oneof(volatile, any),
  content: fc.oneof(volatile, some(near({ type: word('text'), text: volatile }))),
});
const content = fc.oneof(volatile, some(part));
const message = near({
  type: word('message', 'function_call', 'function_call_output', 'custom_tool_call_output', 'reasoning'),
  role: word('system', 'developer', 'user', 'assistant', 'tool'),
  content,
  output: content,
});
const messages = fc.array(message, { maxLength: 6 });
const bodies = fc.record(
  { system: content, instructions: content, messages, input: fc.oneof(volatile, messages), extra: any },
  { requiredKeys: [] },
);

const requestOf = (dialect: DialectName, text: string): ModelRequest =>
  ({ dialect, text, raw: JSON.parse(text) as JsonObject }) as unknown as ModelRequest;

test('the text and the parsed body stay one, over two requests of a session', () => {
  const spelled = fc.tuple(bodies, fc.constantFrom(undefined, 2));
  fc.assert(
    fc.property(fc.constantFrom(...DIALECTS), spelled, spelled, (dialect, ...requests) => {
      const memory = createPrefixMemory(10);
      for (const [body, indent] of requests) {
        const request = requestOf(dialect, JSON.stringify(body, null, indent));
        const { request: stable, record } = memory.stabilise(SESSION, request);
        expect(JSON.parse(stable.text)).toEqual(stable.raw);
        expect(request.raw).toEqual(JSON.parse(request.text));
        expect(stable === request).toBe(record === undefined);
      }
    }),
    { numRuns: 400 },
  );
});

test('a body in which members occur twice is changed where readers look', () => {
  const text = `{"system":"Today is 2026-11-20","system":"Today is 2026-11-21","messages":[{"role":"user","content":"a","content":"b"}]}`;
  const { request } = createPrefixMemory(10).stabilise(SESSION, requestOf('anthropic-messages', text));
  expect(JSON.parse(request.text)).toEqual(request.raw);
  expect(request.text).toStartWith('{"system":"Today is 2026-11-20","system":"Today is [see context note]"');
});
