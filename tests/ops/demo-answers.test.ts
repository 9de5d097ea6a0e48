/** Are demo answers useful: made of the prompt's words, with valid tool calls, and never a call that changes anything? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { Check } from 'typebox/schema';
import type { JsonObject } from '#core/message';
import { goodAnswer, subjectOf, toolToCall } from '#ops/demo/answers';
import { jsonValueFor } from '#ops/demo/json-value';
import { type DemoRequest, readDemoRequest } from '#ops/demo/request';
import { tokensOf } from '#ops/demo/wire';

const request = (body: object): DemoRequest => {
  const read = readDemoRequest(JSON.stringify(body));
  if (read === undefined) throw new Error('not a request');
  return read;
};
const offer = (name: string, parameters: JsonObject = { type: 'object' }) => ({
  type: 'function',
  function: { name, description: '', parameters },
});
const asking = (content: string, tools: readonly object[] = [], rest: object = {}): DemoRequest =>
  request({ messages: [{ role: 'user', content }], tools, ...rest });

describe('what is read of a request', () => {
  test('the last user text, a tool result, tools, choice, cap and format', () => {
    const read = request({
      messages: [
        { role: 'system', content: 'be brief' },
        {
          role: 'user',
          content: [{ type: 'text', text: 'look at' }, { type: 'image_url' }, { type: 'text', text: 'it' }],
        },
        { role: 'assistant', content: null, tool_calls: [] },
        { role: 'tool', tool_call_id: 'a', content: '42 files' },
      ],
      tools: [offer('list_files'), { type: 'web_search' }],
      tool_choice: { type: 'function', function: { name: 'list_files' } },
      max_tokens: 10,
      max_completion_tokens: 20,
      response_format: { type: 'json_schema', json_schema: { schema: { type: 'object' } } },
    });
    expect(read).toMatchObject({
      prompt: 'look at\n\nit',
      toolResult: '42 files',
      toolChoice: { name: 'list_files' },
      cap: 20,
      stream: false,
      jsonSchema: { type: 'object' },
    });
    expect(read.tools.map((tool) => tool.name)).toEqual(['list_files']);
  });

  test.each(['', '[]', '{}', '{"messages": "x"}', 'null', '{"messages": ['])('%p is no request', (body) => {
    expect(readDemoRequest(body)).toBeUndefined();
  });
});

describe('which tool is called', () => {
  const tools = [offer('write_file'), offer('Bash'), offer('read_file'), offer('get_weather')];

  test('the one the prompt is about', () => {
    expect(toolToCall(asking('what is the weather in Oslo?', tools))?.name).toBe('get_weather');
    expect(toolToCall(asking('please read README.md', tools))?.name).toBe('read_file');
    expect(toolToCall(asking('use a tool', tools))?.name).toBe('read_file');
  });

  test('none for small talk, after a result, when forbidden, or when nothing fits', () => {
    expect(toolToCall(asking('good morning', tools))).toBeUndefined();
    expect(toolToCall(asking('read it', tools, { tool_choice: 'none' }))).toBeUndefined();
    const answered = {
      messages: [
        { role: 'user', content: 'read' },
        { role: 'tool', content: 'done' },
      ],
      tools,
    };
    expect(toolToCall(request(answered))).toBeUndefined();
  });

  test('never one that may change something, unless the caller forces it', () => {
    const risky = ['write_file', 'Bash', 'apply_patch', 'deleteBranch', 'run_tests', 'TodoWrite', 'git_push'];
    for (const name of risky) {
      const prompt = `use the tool ${name.replaceAll('_', ' ')} now`;
      expect(toolToCall(asking(prompt, [offer(name)]))).toBeUndefined();
      expect(toolToCall(asking(prompt, [offer(name)], { tool_choice: 'required' }))?.name).toBe(name);
    }
    const forced = { tool_choice: { type: 'function', function: { name: 'Bash' } } };
    expect(toolToCall(asking('hi', tools, forced))?.name).toBe('Bash');
  });
});

describe('what is said', () => {
  test('prose quotes the subject without forcing words', () => {
    expect(subjectOf('demo:empty  "why"\nis `it` so?')).toBe('why is it so');
    expect(subjectOf(' demo:cut ')).toBe('this request');
    expect(goodAnswer(asking('why is it so?')).text).toContain('"why is it so"');
  });

  test('code has a closed fence and parses', () => {
    const { text } = goodAnswer(asking('write a function to delete users'));
    const [, code = ''] = /```ts\n([\s\S]*?)\n```/.exec(text) ?? [];
    expect(new Bun.Transpiler({ loader: 'ts' }).scan(code).exports).toHaveLength(1);
  });

  test('a JSON answer fits the schema that was demanded', () => {
    const schema = { type: 'object', properties: { title: { type: 'string', maxLength: 20 } }, required: ['title'] };
    const format = { response_format: { type: 'json_schema', json_schema: { name: 't', schema } } };
    expect(Check(schema, JSON.parse(goodAnswer(asking('name this talk', [], format)).text))).toBe(true);
    const loose = goodAnswer(asking('as JSON', [], { response_format: { type: 'json_object' } }));
    expect(JSON.parse(loose.text)).toEqual({ answer: 'as JSON' });
  });

  test('arguments take their words from the prompt', () => {
    const schema = {
      properties: { file_path: { type: 'string' }, city: { type: 'string' }, lines: { type: 'integer', minimum: 3 } },
      required: ['file_path', 'city', 'lines'],
    };
    const prompt = 'read src/main.ts, the first 40 lines, in Oslo';
    expect(jsonValueFor(schema, prompt, subjectOf(prompt))).toEqual({
      file_path: 'src/main.ts',
      city: 'Oslo',
      lines: 40,
    });
  });

  test('token pieces are the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => tokensOf(text).join('') === text));
  });
});

/** Schemas as tools have them, nested a few levels. */
const schemas = fc.letrec<{ schema: JsonObject; object: JsonObject; array: JsonObject; leaf: JsonObject }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom<JsonObject>(
      { type: 'string' },
      { type: 'boolean' },
      { type: 'null' },
      { type: 'number' },
      { type: ['null', 'integer'] },
      { const: 7 },
      { enum: ['a', 'b', 3] },
      { type: 'string', format: 'date-time' },
      { type: 'string', pattern: '^[a-z]+$' },
      { $ref: '#/$defs/point' },
      {},
    ),
    fc.record({ type: fc.constant('string'), minLength: fc.nat(30), maxLength: fc.integer({ min: 30, max: 60 }) }),
    fc.record({ type: fc.constant('integer'), minimum: fc.integer({ min: -50, max: 0 }), maximum: fc.nat(50) }),
    fc.record({ type: fc.constant('integer'), multipleOf: fc.integer({ min: 1, max: 9 }), minimum: fc.nat(99) }),
    fc.record({ type: fc.constant('number'), exclusiveMinimum: fc.nat(9), exclusiveMaximum: fc.constant(11) }),
  ),
  array: fc.record({
    type: fc.constant('array'),
    items: tie('schema'),
    minItems: fc.nat(3),
    maxItems: fc.integer({ min: 3, max: 5 }),
  }),
  object: fc
    .dictionary(fc.constantFrom('path', 'city', 'command', 'x', 'y'), tie('schema'), { maxKeys: 4 })
    .map((properties) => ({ type: 'object', properties, required: Object.keys(properties).slice(0, 2) })),
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    tie('object'),
    tie('array'),
    tie('schema').map((inner) => ({ anyOf: [inner, { type: 'null' }] })),
    tie('object').map((inner) => ({
      allOf: [inner, { type: 'object', properties: { z: { type: 'null' } }, required: ['z'] }],
    })),
  ),
}));

test('the arguments of a call fit whatever schema a tool has', () => {
  const point = { type: 'object', properties: { x: { type: 'number' } }, required: ['x'] };
  fc.assert(
    fc.property(schemas.object, fc.string(), (object, prompt) => {
      const schema = { ...object, $defs: { point } };
      const value = jsonValueFor(schema, prompt, subjectOf(prompt));
      expect({ schema, value, fits: Check(schema, value) }).toMatchObject({ fits: true });
    }),
    { numRuns: 500 },
  );
});

test('schemas that never end, refer nowhere or are nonsense still give a value', () => {
  const endless = { type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] };
  expect(JSON.stringify(jsonValueFor(endless, 'p', 's'))).toContain('null');
  for (const odd of [
    { $ref: 'https://example.com/a.json' },
    { $ref: '#/nowhere' },
    { type: 'strange' },
    { items: 3 },
  ]) {
    expect(() => JSON.stringify(jsonValueFor(odd, 'p', 's'))).not.toThrow();
  }
});
