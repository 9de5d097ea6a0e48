/** What is a local Messages server spared, and is everything else left as the caller wrote it? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { JsonObject } from '#core/message';
import { serverToolText } from '#dialects/anthropic-messages/server-tools';
import { dialects } from '#dialects/dialect';
import { requestOf, tierOf } from '#tests/dialects/support';

const messages = dialects['anthropic-messages'];
const user = { role: 'user', content: 'go' };
const tool = (name: string, more: JsonObject = {}): JsonObject => ({ name, input_schema: { type: 'object' }, ...more });

const sentTo = (privacy: 'local' | 'cloud', fields: JsonObject) => {
  const request = requestOf(messages, { model: 'm', max_tokens: 100, messages: [user], ...fields });
  const tier = tierOf({ dialect: 'anthropic-messages', privacy, model: 'served' });
  const sent = messages.forward(request, tier, false);
  return { ...sent, body: JSON.parse(sent.text), before: request.text };
};

const change = (type: string, name: string): JsonObject => ({
  role: 'user',
  content: [{ type, ...(type === 'tool_reference' ? { tool_name: name } : { tool: { name } }) }],
});

describe('tools of a local server', () => {
  const deferred = tool('Fetch', { defer_loading: true });
  const CASES: readonly (readonly [string, JsonObject, readonly string[]])[] = [
    ['are all of them when none is special', { tools: [tool('A'), tool('B')] }, ['A', 'B']],
    ['leave out what runs at Anthropic', { tools: [tool('A'), { type: 'bash_20250124', name: 'bash' }] }, ['A']],
    ['leave out what is deferred', { tools: [tool('A'), deferred] }, ['A']],
    [
      'have it once a reference names it',
      { tools: [deferred], messages: [change('tool_reference', 'Fetch')] },
      ['Fetch'],
    ],
    ['have it once it was added', { tools: [deferred], messages: [change('tool_addition', 'Fetch')] }, ['Fetch']],
    [
      'lose it when it is removed again',
      { tools: [tool('A'), deferred], messages: [change('tool_reference', 'Fetch'), change('tool_removal', 'Fetch')] },
      ['A'],
    ],
    [
      'have it back when it is added once more',
      { tools: [tool('A')], messages: [change('tool_removal', 'A'), change('tool_addition', 'A')] },
      ['A'],
    ],
  ];
  for (const [title, fields, names] of CASES) {
    test(title, () => {
      const { body } = sentTo('local', fields);
      expect(body.tools.map(({ name }: JsonObject) => name)).toEqual([...names]);
      for (const each of body.tools) expect(Object.keys(each)).not.toContain('defer_loading');
    });
  }

  test('are no member at all when none is left, and neither is the choice', () => {
    const { body, losses } = sentTo('local', {
      tools: [{ type: 'web_search_20260209', name: 'web_search' }],
      tool_choice: { type: 'auto' },
    });
    expect([body.tools, body.tool_choice]).toEqual([undefined, undefined]);
    expect(losses).toEqual(['tools.web_search_20260209']);
  });

  test('that run elsewhere stay where the tier is said to have them', () => {
    const bash = { type: 'bash_20250124', name: 'bash' };
    const request = requestOf(messages, { model: 'm', max_tokens: 9, messages: [user], tools: [bash] });
    const sent = messages.forward(request, tierOf({ forward: ['bash_20250124'] }), false);
    expect([JSON.parse(sent.text).tools, sent.losses]).toEqual([[bash], []]);
  });

  test('that are gone cannot be forced: the choice is named as a loss', () => {
    const choice = { type: 'tool', name: 'web_search' };
    const hosted = { type: 'web_search_20260209', name: 'web_search' };
    expect(sentTo('local', { tools: [tool('A'), hosted], tool_choice: choice }).losses).toContain('tool_choice');
    expect(sentTo('local', { tools: [hosted], tool_choice: { type: 'any' } }).losses).toContain('tool_choice');
    expect(sentTo('local', { tools: [tool('A'), hosted], tool_choice: { type: 'any' } }).losses).not.toContain(
      'tool_choice',
    );
    expect(sentTo('cloud', { tools: [hosted], tool_choice: choice }).losses).toEqual([]);
  });
});

test('a request without anything special keeps its bytes but for the model', () => {
  const plain = fc.record({
    tools: fc.array(
      fc.stringMatching(/^[A-Z][a-z]{0,5}$/).map((name) => tool(name)),
      { minLength: 1, maxLength: 3 },
    ),
    texts: fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 }),
  });
  fc.assert(
    fc.property(plain, ({ tools, texts }) => {
      const content = texts.map((text) => ({ type: 'text', text }));
      const { text, before, losses } = sentTo('local', { tools, messages: [{ role: 'user', content }] });
      expect(text).toBe(before.replace('"model":"m"', '"model":"served"'));
      expect(losses).toEqual([]);
    }),
  );
});

test('results inside tool results are told in words as well, and the caller’s own stay', () => {
  const result = {
    type: 'tool_result',
    tool_use_id: 't',
    content: [
      { type: 'text', text: 'own' },
      { type: 'tool_reference', tool_name: 'A' },
    ],
  };
  const { body } = sentTo('local', { messages: [{ role: 'user', content: [result] }] });
  expect(body.messages[0].content[0].content).toEqual([
    { type: 'text', text: 'own' },
    { type: 'text', text: '[tool now available: A]' },
  ]);
});

describe('a server tool in words', () => {
  const CASES: readonly (readonly [string, JsonObject, string | undefined])[] = [
    ['its call', { type: 'mcp_tool_use', name: 'lookup', input: { a: 1 } }, '[server tool lookup: {"a":1}]\n'],
    [
      'pages that a search found',
      { type: 'web_search_tool_result', content: [{ title: 'T', url: 'https://a.test', encrypted_content: 'x' }] },
      '[web search tool result]\nT\nhttps://a.test\n',
    ],
    [
      'what a program printed',
      { type: 'code_execution_tool_result', content: { stdout: 'out', stderr: 'err', return_code: 0 } },
      '[code execution tool result]\nout\nerr\n',
    ],
    [
      'tools that a search found',
      { type: 'tool_search_tool_result', content: { tool_references: [{ tool_name: 'A' }, { tool_name: 'B' }] } },
      '[tool search tool result]\nA, B\n',
    ],
    [
      'a page that was fetched',
      {
        type: 'web_fetch_tool_result',
        content: { url: 'https://a.test', content: { title: 'T', source: { type: 'text', data: 'body' } } },
      },
      '[web fetch tool result]\nhttps://a.test\nT\nbody\n',
    ],
    ['nothing for a block of the caller', { type: 'tool_result', content: 'x' }, undefined],
    ['nothing for text', { type: 'text', text: 'x' }, undefined],
  ];
  for (const [title, block, told] of CASES) {
    test(`is ${title}`, () => expect(serverToolText(block)).toBe(told));
  }

  test('never grows beyond its limit, whatever the tool brought home', () => {
    const deep = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'medium' },
        fc.string({ maxLength: 40_000 }),
        fc.array(tie('value'), { maxLength: 5 }),
        fc.record({ content: tie('value'), text: fc.string(), source: tie('value') }),
      ),
    })).value;
    fc.assert(
      fc.property(deep, (content) => {
        const told = serverToolText({ type: 'web_fetch_tool_result', content });
        expect(told?.length).toBeLessThan(16_384 + 64);
      }),
      { numRuns: 100 },
    );
  });
});
