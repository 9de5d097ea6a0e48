/** What does a request say about itself? The same facts from both dialects, whatever the spelling. */
import { describe, expect, test } from 'bun:test';
import type { JsonObject, RequestFacts } from '#core/message';
import { dialects } from '#dialects/dialect';
import { requestOf } from '#tests/dialects/support';

const chat = (fields: JsonObject): RequestFacts => requestOf(dialects['openai-chat'], { model: 'm', ...fields }).facts;
const messages = (fields: JsonObject): RequestFacts =>
  requestOf(dialects['anthropic-messages'], { model: 'm', max_tokens: 9, ...fields }).facts;

const toolUse = { type: 'tool_use', id: 't', name: 'Read', input: { path: 'a' } };
const toolResult = { type: 'tool_result', tool_use_id: 't', content: 'text' };
const chatCall = { id: 't', type: 'function', function: { name: 'Read', arguments: '{"path":"a"}' } };

describe('the last instruction', () => {
  test('is the text of the newest user message, injected blocks included', () => {
    const content = [
      { type: 'text', text: '<system-reminder>x</system-reminder>' },
      { type: 'text', text: 'fix it' },
    ];
    const turns = [
      { role: 'user', content: 'first' },
      { role: 'assistant', content: 'ok' },
      { role: 'user', content },
    ];
    for (const facts of [chat({ messages: turns }), messages({ messages: turns })]) {
      expect(facts.lastUserText).toBe('<system-reminder>x</system-reminder>\nfix it');
      expect(facts.firstUserText).toBe('first');
      expect(facts.lastTurnIsToolResult).toBe(false);
      expect(facts.messageCount).toBe(3);
    }
  });

  test('stays the same through a tool loop, whose results are no instruction', () => {
    const own = messages({
      messages: [
        { role: 'user', content: 'plan' },
        { role: 'assistant', content: [toolUse] },
        { role: 'user', content: [toolResult] },
      ],
    });
    const other = chat({
      messages: [
        { role: 'user', content: 'plan' },
        { role: 'assistant', content: null, tool_calls: [chatCall] },
        { role: 'tool', tool_call_id: 't', content: 'text' },
      ],
    });
    for (const facts of [own, other]) {
      expect(facts.lastUserText).toBe('plan');
      expect(facts.lastTurnIsToolResult).toBe(true);
      expect(facts.needsTools).toBe(true);
    }
  });

  test('is empty when no user said anything', () => {
    expect(chat({ messages: [{ role: 'system', content: 'rules' }] }).lastUserText).toBe('');
    expect(chat({ messages: [{ role: 'user', content: '  ' }] }).lastUserText).toBe('');
  });

  test('a tool result beside new text is a turn of the user', () => {
    const content = [toolResult, { type: 'text', text: 'and now this' }];
    const facts = messages({ messages: [{ role: 'user', content }] });
    expect(facts.lastTurnIsToolResult).toBe(false);
    expect(facts.lastUserText).toBe('and now this');
  });
});

describe('standing instructions', () => {
  test('are collected wherever they stand, and are no message text', () => {
    const system = { role: 'system', content: 'two' };
    const user = { role: 'user', content: 'go' };
    const own = messages({ system: [{ type: 'text', text: 'one' }], messages: [user, system] });
    const other = chat({ messages: [{ role: 'developer', content: 'one' }, user, system] });
    for (const facts of [own, other]) {
      expect(facts.systemText).toBe('one\ntwo');
      expect(facts.chars).toEqual({ system: 6, messages: 2, tools: 0 });
    }
  });
});

describe('media', () => {
  test('are counted by kind, at any depth, and add no characters', () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'x'.repeat(1_000) } };
    const pdf = {
      type: 'document',
      source: { type: 'base64', media_type: 'application/pdf', data: 'x'.repeat(1_000) },
    };
    const own = messages({ messages: [{ role: 'user', content: [image, pdf, { ...toolResult, content: [image] }] }] });
    expect(own).toMatchObject({ imageCount: 2, modalities: ['image', 'document'] });
    expect(own.chars.messages).toBe(0);
    const url = { type: 'image_url', image_url: { url: 'data:image/png;base64,xxxx' } };
    const other = chat({
      messages: [
        { role: 'user', content: [url, { type: 'input_audio', input_audio: {} }, { type: 'file', file: {} }] },
      ],
    });
    expect(other).toMatchObject({ imageCount: 1, modalities: ['image', 'audio', 'document'] });
  });

  test('a document that is text counts as text', () => {
    const note = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: '12345' } };
    const facts = messages({ messages: [{ role: 'user', content: [note] }] });
    expect(facts).toMatchObject({ modalities: [], chars: { messages: 5 } });
  });
});

describe('tools', () => {
  const user = [{ role: 'user', content: 'go' }];
  const CASES: readonly (readonly [string, RequestFacts, boolean])[] = [
    ['an empty list', messages({ messages: user, tools: [] }), false],
    ['an offered tool', messages({ messages: user, tools: [{ name: 'A' }] }), true],
    ['a server tool', messages({ messages: user, tools: [{ type: 'web_search_1', name: 'web_search' }] }), true],
    ['a forced tool', messages({ messages: user, tool_choice: { type: 'any' } }), true],
    ['auto without tools', chat({ messages: user, tool_choice: 'auto' }), false],
    ['required', chat({ messages: user, tool_choice: 'required' }), true],
    ['a call in the history', chat({ messages: [...user, { role: 'assistant', tool_calls: [chatCall] }] }), true],
    ['an old-style call', chat({ messages: [...user, { role: 'assistant', function_call: { name: 'A' } }] }), true],
  ];
  for (const [name, facts, needs] of CASES) {
    test(`${name} ${needs ? 'needs' : 'does not need'} a tier with tools`, () => expect(facts.needsTools).toBe(needs));
  }

  test('are named in order and measured close to their JSON size', () => {
    const parameters = { type: 'object', properties: { path: { type: 'string', description: 'where' } } };
    const tools = ['B', 'A'].map((name) => ({ type: 'function', function: { name, parameters } }));
    const facts = chat({ messages: user, tools });
    expect(facts.toolNames).toEqual(['B', 'A']);
    const size = JSON.stringify(tools).length;
    expect(Math.abs(facts.chars.tools - size)).toBeLessThan(size * 0.1);
  });
});

describe('thinking', () => {
  const user = [{ role: 'user', content: 'go' }];
  const CASES: readonly (readonly [string, RequestFacts, boolean])[] = [
    ['nothing (Messages)', messages({ messages: user }), false],
    ['disabled', messages({ messages: user, thinking: { type: 'disabled' } }), false],
    ['enabled', messages({ messages: user, thinking: { type: 'enabled', budget_tokens: 2_048 } }), true],
    ['adaptive', messages({ messages: user, thinking: { type: 'adaptive' } }), true],
    ['nothing (Chat)', chat({ messages: user }), false],
    ['effort none', chat({ messages: user, reasoning_effort: 'none' }), false],
    ['an effort', chat({ messages: user, reasoning_effort: 'low' }), true],
    ['reasoning switched off', chat({ messages: user, reasoning: { effort: 'high', enabled: false } }), false],
    ['reasoning with an effort', chat({ messages: user, reasoning: { effort: 'high' } }), true],
    ['a template switch', chat({ messages: user, chat_template_kwargs: { enable_thinking: true } }), true],
  ];
  for (const [name, facts, thinks] of CASES) {
    test(`${name} means ${thinks}`, () => expect(facts.thinkingEnabled).toBe(thinks));
  }
});

describe('limits and formats', () => {
  const user = [{ role: 'user', content: 'go' }];
  test('the newer cap wins, and -1 is none', () => {
    expect(chat({ messages: user, max_tokens: 5, max_completion_tokens: 7 }).maxOutputTokens).toBe(7);
    expect(chat({ messages: user, max_tokens: -1 }).maxOutputTokens).toBeUndefined();
    expect(messages({ messages: user }).maxOutputTokens).toBe(9);
  });

  test('a demanded JSON answer is seen in every spelling', () => {
    const format = { type: 'json_schema', schema: {} };
    expect(chat({ messages: user, response_format: { type: 'json_object' } }).wantsJson).toBe(true);
    expect(chat({ messages: user, response_format: { type: 'text' } }).wantsJson).toBe(false);
    expect(messages({ messages: user, output_config: { format } }).wantsJson).toBe(true);
    expect(messages({ messages: user, output_format: format }).wantsJson).toBe(true);
    expect(messages({ messages: user, output_config: { effort: 'high' } }).wantsJson).toBe(false);
  });
});
