/** Are tools whose names another dialect refuses offered under legal ones, and called by their own in the answer? */
import { describe, expect, test } from 'bun:test';
import type { Dialect } from '#core/dialect';
import type { JsonObject, ModelRequest } from '#core/message';
import { dialects } from '#dialects/dialect';
import { at, contextOf, decodeText, encodeParts, requestOf, tierOf } from '#tests/dialects/support';

const NAMES = ['fs.read', 'fs/read', '読む', `${'n'.repeat(100)}1`, `${'n'.repeat(100)}2`, 'plain'] as const;
const LEGAL = /^[A-Za-z0-9_-]{1,64}$/;
const schema = { type: 'object' };

const CALLERS: readonly (readonly [Dialect, (name: string) => JsonObject])[] = [
  [
    dialects['openai-chat'],
    (called) => ({
      model: 'm',
      tools: NAMES.map((name) => ({ type: 'function', function: { name, parameters: schema } })),
      tool_choice: { type: 'function', function: { name: called } },
      messages: [
        { role: 'user', content: 'go' },
        { role: 'assistant', tool_calls: [{ id: '1', type: 'function', function: { name: called, arguments: '{}' } }] },
        { role: 'tool', tool_call_id: '1', content: 'x' },
      ],
    }),
  ],
  [
    dialects['anthropic-messages'],
    (called) => ({
      model: 'm',
      max_tokens: 10,
      tools: NAMES.map((name) => ({ name, input_schema: schema })),
      tool_choice: { type: 'tool', name: called },
      messages: [
        { role: 'user', content: 'go' },
        { role: 'assistant', content: [{ type: 'tool_use', id: '1', name: called, input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: '1', content: 'x' }] },
      ],
    }),
  ],
];

const originOf = (caller: Dialect, request: ModelRequest) => (name: string) =>
  caller.conversation(request).tools.find((tool) => tool.name === name)?.origin;

for (const [caller, bodyOf] of CALLERS)
  for (const tier of Object.values(dialects)) {
    if (tier === caller) continue;
    describe(`a caller of ${caller.name} and a tier of ${tier.name}`, () => {
      for (const name of NAMES)
        test(`agree on ${name.slice(0, 12)}${name.slice(-1)}`, () => {
          const request = requestOf(caller, bodyOf(name));
          const sent = JSON.parse(
            tier.render(caller.conversation(request), request, tierOf({ dialect: tier.name }), true).text,
          );
          const offered = tier.conversation(requestOf(tier, sent)).tools.map((tool) => tool.name);
          expect(new Set(offered).size).toBe(NAMES.length);
          for (const each of offered) expect(each).toMatch(LEGAL);
          const flat = offered[NAMES.indexOf(name)] ?? '';
          expect(flat === name).toBe(LEGAL.test(name));
          expect(JSON.stringify(sent).split(JSON.stringify(flat))).toHaveLength(4);

          // The tier calls the tool by the name it knows; the caller hears its own.
          const said = encodeParts(tier, [
            { type: 'start', id: 'x', model: 'm' },
            { type: 'tool-start', index: 0, id: 'call_9', name: flat },
            { type: 'tool-delta', index: 0, json: '{}' },
            { type: 'tool-end', index: 0 },
            { type: 'finish', reason: 'tool-calls' },
            { type: 'end' },
          ]);
          const parts = decodeText(tier, said);
          const context = contextOf({ toolOrigin: originOf(caller, request) });
          const encoder = caller.encoder(context);
          const streamed = parts.map((part) => encoder.part(part)).join('');
          expect(streamed).toContain(`"name":${JSON.stringify(name)}`);
          const whole = caller.encodeWhole(parts, context);
          expect(JSON.stringify(at(whole, 'body'))).toContain(`"name":${JSON.stringify(name)}`);
        });
    });
  }

test('a tool that is defined again keeps its place and takes the newer definition', () => {
  const tools = ['a', 'b', 'a'].map((name, index) => ({ name, description: String(index), input_schema: schema }));
  const request = requestOf(dialects['anthropic-messages'], {
    model: 'm',
    max_tokens: 1,
    tools,
    messages: [{ role: 'user', content: 'x' }],
  });
  const read = dialects['anthropic-messages'].conversation(request).tools;
  expect(read.map(({ name, description }) => [name, description])).toEqual([
    ['a', '2'],
    ['b', '1'],
  ]);
});
