/** Which Responses bodies are refused, which field is blamed, and what do the others say about themselves? */
import { describe, expect, test } from 'bun:test';
import type { JsonObject } from '#core/message';
import { readResponsesRequest } from '#dialects/openai-responses/request';
import { factsOf, requestFrom, user } from '#tests/dialects/responses-support';

type Case = readonly [name: string, fields: JsonObject, param: string, message: RegExp];

const item = (fields: JsonObject): JsonObject => ({ input: [user, fields] });
const part = (fields: JsonObject): JsonObject => item({ role: 'user', content: [fields] });

const WRONG: readonly Case[] = [
  ['a numeric model', { model: 7 }, 'model', /expected a string, but got a number/],
  ['no input', { input: null }, 'input', /Missing required parameter: 'input'/],
  ['an input of another kind', { input: {} }, 'input', /expected a string or an array, but got an object/],
  ['an empty input', { input: [] }, 'input', /empty array/],
  ['an item that is text', { input: ['hi'] }, 'input[0]', /expected an object/],
  ['an item that says nothing of itself', item({ content: 'x' }), 'input[1].type', /Missing/],
  ['a numeric type', item({ type: 5 }), 'input[1].type', /expected a string/],
  ['a message without role', item({ type: 'message', content: 'x' }), 'input[1].role', /Missing/],
  ['a numeric role', item({ role: 1, content: 'x' }), 'input[1].role', /a string/],
  ['a message without content', item({ role: 'user' }), 'input[1].content', /Missing/],
  ['numeric content', item({ role: 'user', content: 5 }), 'input[1].content', /string or an array/],
  ['a part without type', part({ text: 'x' }), 'input[1].content[0].type', /Missing/],
  ['a text part without text', part({ type: 'input_text' }), 'input[1].content[0].text', /expected a string/],
  ['a refusal without words', part({ type: 'refusal' }), 'input[1].content[0].refusal', /expected a string/],
  ['a picture from nowhere', part({ type: 'input_image' }), 'input[1].content[0].image_url', /Missing/],
  ['a call without id', item({ type: 'function_call', name: 'a', arguments: '' }), 'input[1].call_id', /Missing/],
  ['a call without name', item({ type: 'function_call', call_id: 'a' }), 'input[1].name', /Missing/],
  [
    'numeric arguments',
    item({ type: 'function_call', call_id: 'a', name: 'b', arguments: 4 }),
    'input[1].arguments',
    /string or an object/,
  ],
  ['a custom call without name', item({ type: 'custom_tool_call', call_id: 'a' }), 'input[1].name', /Missing/],
  ['a result without id', item({ type: 'function_call_output', output: 'x' }), 'input[1].call_id', /Missing/],
  [
    'a numeric result',
    item({ type: 'function_call_output', call_id: 'a', output: 1 }),
    'input[1].output',
    /string or an array/,
  ],
  [
    'a result whose part has no type',
    item({ type: 'custom_tool_call_output', call_id: 'a', output: [{}] }),
    'input[1].output[0].type',
    /Missing/,
  ],
  ['a textual summary', item({ type: 'reasoning', summary: 'x' }), 'input[1].summary', /an array/],
  [
    'a tool without name that an item brings',
    item({ type: 'additional_tools', tools: [{ type: 'function' }] }),
    'input[1].tools[0].name',
    /Missing/,
  ],
  ['instructions of another kind', { instructions: ['x'] }, 'instructions', /expected a string/],
  ['the text "false" for stream', { stream: 'false' }, 'stream', /expected a boolean, but got a string/],
  ['a textual cap', { max_output_tokens: 'abc' }, 'max_output_tokens', /expected a number/],
  ['a cap of 0', { max_output_tokens: 0 }, 'max_output_tokens', /at least 1/],
  ['a broken cap', { max_output_tokens: 1.5 }, 'max_output_tokens', /integer/],
  ['a temperature beyond any double', { temperature: Number.POSITIVE_INFINITY }, 'temperature', /too large/],
  ['tools of another kind', { tools: {} }, 'tools', /expected an array/],
  ['a tool without type', { tools: [{ name: 'a' }] }, 'tools[0].type', /Missing/],
  ['a function in Chat’s form', { tools: [{ type: 'function', function: { name: 'a' } }] }, 'tools[0].name', /Missing/],
  ['a custom tool without name', { tools: [{ type: 'custom' }] }, 'tools[0].name', /Missing/],
  ['a namespace without tools', { tools: [{ type: 'namespace', name: 'a' }] }, 'tools[0].tools', /Missing/],
  [
    'a nameless member of a namespace',
    { tools: [{ type: 'namespace', name: 'a', tools: [{ type: 'function' }] }] },
    'tools[0].tools[0].name',
    /Missing/,
  ],
  ['a numeric tool choice', { tool_choice: 1 }, 'tool_choice', /string or an object/],
  ['a textual reasoning', { reasoning: 'high' }, 'reasoning', /an object/],
  ['a numeric effort', { reasoning: { effort: 3 } }, 'reasoning.effort', /a string/],
  ['a textual text', { text: 'x' }, 'text', /an object/],
  ['a format without type', { text: { format: {} } }, 'text.format.type', /Missing/],
  ['a format without name', { text: { format: { type: 'json_schema', schema: {} } } }, 'text.format.name', /Missing/],
  [
    'a format without schema',
    { text: { format: { type: 'json_schema', name: 'a' } } },
    'text.format.schema',
    /Missing/,
  ],
  ['an include of numbers', { include: [1] }, 'include', /array of strings/],
  [
    'nothing but references',
    { input: [{ type: 'item_reference', id: 'a' }, { id: 'b' }] },
    'input',
    /send them in full/,
  ],
  ['an earlier response', { previous_response_id: 'resp_1' }, 'previous_response_id', /whole conversation in 'input'/],
  ['a stored conversation', { conversation: { id: 'conv_1' } }, 'conversation', /not stored here/],
  ['work in the background', { background: true }, 'background', /not stored here/],
];

describe('a body is refused for', () => {
  for (const [name, fields, param, message] of WRONG) {
    test(name, () => {
      const body = { model: 'm', input: [user], ...fields };
      const read = readResponsesRequest(body, JSON.stringify(body));
      if (!('kind' in read)) throw new Error('the body was accepted');
      expect([read.kind, read.status, read.param]).toEqual(['bad-request', 400, param]);
      expect(read.message).toMatch(message);
    });
  }
});

const FINE: readonly JsonObject[] = [
  { input: 'hi' },
  { input: '' },
  { model: null },
  { store: true, background: false, previous_response_id: null, conversation: null },
  { input: [{ id: 'rs_1' }, user] },
  { input: [{ type: 'item_reference', id: 'rs_1' }, user] },
  { input: [{ role: 'user', content: ['bare', { type: 'unheard_of' }] }] },
  { input: [{ type: 'function_call', call_id: 'a', name: 'b', arguments: { x: 1 } }, user] },
  { input: [{ type: 'function_call_output', call_id: 'a', output: null }] },
  { input: [{ type: 'function_call_output', call_id: 'a', output: [{ type: 'input_image', file_id: 'f' }] }] },
  { input: [{ type: 'reasoning', summary: [], content: null, encrypted_content: null }, user] },
  { input: [{ type: 'shell_call', anything: 1 }, user] },
  { tools: [{ type: 'web_search', external_web_access: true }, { type: 'unheard_of' }] },
  { tools: [{ type: 'function', name: 'a', parameters: null }] },
  { max_output_tokens: null, stream: null, tools: null, reasoning: null, text: null },
  { unheard_of: { a: 1 }, metadata: { a: '1' }, include: ['reasoning.encrypted_content'] },
];

describe('a body is read although it has', () => {
  for (const fields of FINE) {
    test(JSON.stringify(fields), () => {
      expect(requestFrom(fields).raw).toMatchObject(fields);
    });
  }
});

const call = { type: 'function_call', call_id: 'c', name: 'Read', arguments: '{"path":"a"}' };
const result = { type: 'function_call_output', call_id: 'c', output: 'text' };
const says = (role: string, content: unknown): JsonObject => ({ type: 'message', role, content });

describe('the facts', () => {
  test('take a plain input for the user’s one message', () => {
    expect(factsOf({ input: 'fix it' })).toMatchObject({
      lastUserText: 'fix it',
      firstUserText: 'fix it',
      messageCount: 1,
    });
  });

  test('show the newest instruction through a tool loop, whose results are none', () => {
    const facts = factsOf({ input: [says('user', 'context'), says('user', 'plan'), call, result] });
    expect(facts).toMatchObject({
      firstUserText: 'context',
      lastUserText: 'plan',
      lastTurnIsToolResult: true,
      needsTools: true,
    });
    expect(factsOf({ input: [user, call, result, says('user', 'more')] }).lastTurnIsToolResult).toBe(false);
  });

  test('gather standing text from instructions and from system and developer items wherever they are', () => {
    const facts = factsOf({ instructions: 'one', input: [says('developer', 'two'), user, says('system', 'three')] });
    expect(facts.systemText).toBe('one\ntwo\nthree');
    expect(facts.chars).toEqual({ system: 11, messages: 2, tools: 0 });
  });

  test('count what costs prompt tokens, and no payload that is no text', () => {
    const reasoning = {
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'hmm' }],
      encrypted_content: 'x'.repeat(9_999),
    };
    const facts = factsOf({
      input: [user, reasoning, call, result, { type: 'compaction', encrypted_content: 'x'.repeat(9_999) }],
    });
    expect(facts.chars.messages).toBe('go'.length + 'hmm'.length + 'Read{"path":"a"}'.length + 'text'.length);
  });

  test('find media in messages and in tool results', () => {
    const image = { type: 'input_image', image_url: 'data:image/png;base64,aa' };
    const facts = factsOf({
      input: [says('user', [image, { type: 'input_file', file_data: 'aa' }]), call, { ...result, output: [image] }],
    });
    expect([facts.imageCount, [...facts.modalities].sort()]).toEqual([2, ['document', 'image']]);
  });

  test('name tools as tiers will know them, those of items included, hosted ones not', () => {
    const facts = factsOf({
      tools: [
        { type: 'function', name: 'Read' },
        { type: 'namespace', name: 'agents', tools: [{ type: 'function', name: 'spawn' }] },
        { type: 'custom', name: 'patch' },
        { type: 'web_search' },
      ],
      input: [{ type: 'additional_tools', tools: [{ type: 'function', name: 'Edit', parameters: {} }] }, user],
    });
    expect(facts.toolNames).toEqual(['Read', 'agents__spawn', 'patch', 'Edit']);
    expect(facts.needsTools).toBe(true);
    expect(facts.chars.tools).toBeGreaterThan(100);
  });

  const NEEDS: readonly (readonly [JsonObject, boolean])[] = [
    [{}, false],
    [{ tools: [{ type: 'web_search' }] }, false],
    [{ tool_choice: 'required' }, true],
    [{ tool_choice: { type: 'function', name: 'a' } }, true],
    [{ tool_choice: 'auto' }, false],
    [{ input: [user, { type: 'custom_tool_call', call_id: 'a', name: 'b', input: 'x' }] }, true],
  ];
  for (const [fields, needed] of NEEDS) {
    test(`say that tools are ${needed ? '' : 'not '}needed by ${JSON.stringify(fields)}`, () => {
      expect(factsOf(fields).needsTools).toBe(needed);
    });
  }

  const THINKS: readonly (readonly [unknown, boolean])[] = [
    [undefined, false],
    [null, false],
    [{}, false],
    [{ summary: 'auto' }, false],
    [{ effort: 'none' }, false],
    [{ effort: null }, false],
    [{ effort: 'low', summary: 'auto' }, true],
    [{ effort: 'xhigh' }, true],
  ];
  for (const [reasoning, enabled] of THINKS) {
    test(`take reasoning ${JSON.stringify(reasoning)} for ${enabled ? 'thinking' : 'none'}`, () => {
      expect(factsOf({ reasoning }).thinkingEnabled).toBe(enabled);
    });
  }

  test('tell a demand for JSON, and the cap', () => {
    expect(factsOf({ text: { format: { type: 'json_object' } } }).wantsJson).toBe(true);
    expect(factsOf({ text: { format: { type: 'json_schema', name: 'a', schema: {} } } }).wantsJson).toBe(true);
    expect(factsOf({ text: { format: { type: 'text' }, verbosity: 'low' } }).wantsJson).toBe(false);
    expect(factsOf({ max_output_tokens: 77 }).maxOutputTokens).toBe(77);
  });
});
