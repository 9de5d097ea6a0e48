/** Can a caller make the request side throw, or a tier of any dialect get a body of no sense? Not with any JSON. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { JsonObject } from '#core/message';
import { dialects } from '#dialects/dialect';
import { requestOf, tierOf } from '#tests/dialects/support';

const responses = dialects['openai-responses'];

/** Words that are members of every object, and objects that cannot be turned into text. */
const odd = fc.oneof(
  fc.constantFrom<unknown>('constructor', '__proto__', 'toString', '', ' ', null, 0, [], {}, { toString: null }, [
    [null],
  ]),
  fc.jsonValue({ maxDepth: 1 }),
);
const word = (...words: string[]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 60, arbitrary: fc.constantFrom(...words) }, { weight: 1, arbitrary: odd });
const object = (members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 60, arbitrary: fc.record(members) },
    { weight: 1, arbitrary: fc.record(members, { requiredKeys: [] }) },
    { weight: 1, arbitrary: odd },
  );
const list = (entry: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 60, arbitrary: fc.array(entry, { maxLength: 3 }) }, { weight: 1, arbitrary: odd });

const part = object({
  type: word(
    'input_text',
    'output_text',
    'text',
    'refusal',
    'input_image',
    'input_file',
    'input_audio',
    'summary_text',
  ),
  text: word('hi', ''),
  refusal: word('no'),
  image_url: word('data:image/png;base64,aa', 'https://a.test'),
  file_data: word('aa'),
  file_id: odd,
  filename: odd,
  detail: odd,
  input_audio: object({ data: odd, format: odd }),
  annotations: odd,
});
const content = fc.oneof(word('hi', ''), list(part));
const tool: fc.Arbitrary<unknown> = object({
  type: word('function', 'custom', 'namespace', 'web_search'),
  name: word('A', 'b.c', 'constructor'),
  description: odd,
  parameters: object({ type: word('object') }),
  format: object({ type: word('grammar'), syntax: odd, definition: odd }),
  strict: odd,
  defer_loading: odd,
  tools: list(object({ type: word('function', 'custom'), name: word('A', 'B') })),
});
const item = object({
  type: word(
    'message',
    'reasoning',
    'function_call',
    'function_call_output',
    'custom_tool_call',
    'custom_tool_call_output',
    'additional_tools',
    'tool_search_output',
    'item_reference',
    'compaction',
    'web_search_call',
  ),
  role: word('user', 'assistant', 'system', 'developer', 'constructor'),
  id: odd,
  content,
  output: content,
  call_id: word('1', '2'),
  name: word('A', 'B', 'constructor'),
  namespace: word('n'),
  arguments: word('{"x":', '{}'),
  input: word('free'),
  summary: list(part),
  encrypted_content: word('gAAA', 'anvil1.anthropic-messages.EqQB', 'anvil1.anthropic-messages.redacted:x', 'anvil1.'),
  tools: list(tool),
});
const body = fc.record(
  {
    model: word('m'),
    input: fc.oneof(
      { weight: 30, arbitrary: fc.array(item, { minLength: 1, maxLength: 5 }) },
      { weight: 1, arbitrary: odd },
    ),
    instructions: word('rules'),
    tools: list(tool),
    tool_choice: fc.oneof(
      word('auto', 'required', 'none'),
      object({ type: word('function', 'custom', 'allowed_tools'), name: word('A'), mode: odd, tools: list(tool) }),
    ),
    reasoning: object({ effort: word('low', 'none', 'constructor'), summary: odd, context: odd }),
    text: object({
      format: object({ type: word('json_schema', 'json_object', 'text'), name: word('n'), schema: object({}) }),
      verbosity: odd,
    }),
    include: list(word('reasoning.encrypted_content')),
    max_output_tokens: fc.constantFrom<unknown>(1, 500, null),
    store: fc.constantFrom(true, false, null),
    constructor: odd,
    __proto__: odd,
  },
  { requiredKeys: ['input'] },
);

test('any body is refused by name or read, passed on, and translated into what its tier’s dialect accepts', () => {
  let read = 0;
  fc.assert(
    fc.property(body, fc.constantFrom('local' as const, 'cloud' as const), (wild, privacy) => {
      const text = JSON.stringify(wild);
      const raw: JsonObject = JSON.parse(text);
      const request = responses.readRequest(raw, text);
      if ('kind' in request) {
        expect(request).toMatchObject({ kind: 'bad-request', status: 400, param: expect.any(String) });
        return;
      }
      read++;
      const { facts } = request;
      expect(facts.chars.messages + facts.chars.system + facts.chars.tools).toBeGreaterThanOrEqual(0);
      const conversation = responses.conversation(request);
      const names = conversation.tools.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      const forwarded = responses.forward(request, tierOf({ dialect: 'openai-responses', privacy, model: 's' }), true);
      expect(JSON.parse(forwarded.text)).toMatchObject({ model: 's', store: false, stream: true });
      // Where nobody says a word there is nothing to translate.
      const spoken = conversation.turns.flatMap(({ parts }) =>
        parts.map((one) => ('text' in one ? one.text : one.kind)),
      );
      if (spoken.every((said) => said.trim() === '')) return;
      for (const other of Object.values(dialects)) {
        const tier = tierOf({ dialect: other.name, privacy, model: 's' });
        const sent = other.render(conversation, request, tier, true);
        requestOf(other, JSON.parse(sent.text), sent.text);
      }
    }),
    { numRuns: 3_000 },
  );
  // Most bodies are wrong somewhere; enough have to be right for the test to mean something.
  expect(read).toBeGreaterThan(1_000);
});
