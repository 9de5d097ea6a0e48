/** Is a prompt's beginning kept in the words of each dialect, whatever form its texts have there? */
import { describe, expect, test } from 'bun:test';
import type { DialectName, JsonObject, ModelRequest } from '#core/message';
import type { SessionMark } from '#core/session';
import { createPrefixMemory } from '#router/prefix';

const SESSION: SessionMark = { id: 'ses_0000000000000001', from: 'opening', lane: '00000001' };
const BILLING = 'x-anthropic-billing-header: cc_version=2.1.329.bee; cc_entrypoint=cli; cch=eb6c6;';
const DATED = "Rules.\nToday's date: 2026-11-21";
const STABLE = "Rules.\nToday's date: [see context note]";
const NOTE = "<context-note>\nToday's date: 2026-11-21\n</context-note>";
const noted = (text: string): string => `${text}\n\n${NOTE}`;

// The router reads nothing but these three of a request here.
const requestOf = (dialect: DialectName, raw: JsonObject): ModelRequest =>
  ({ dialect, raw, text: JSON.stringify(raw) }) as unknown as ModelRequest;

const stable = (dialect: DialectName, raw: JsonObject): JsonObject => {
  const { request } = createPrefixMemory(10).stabilise(SESSION, requestOf(dialect, raw));
  expect(JSON.parse(request.text)).toEqual(request.raw);
  return request.raw;
};

const text = (value: string, more: JsonObject = {}): JsonObject => ({ type: 'text', text: value, ...more });
const result = (content: unknown): JsonObject => ({ type: 'tool_result', tool_use_id: 'toolu_1', content });
const said = (value: unknown): JsonObject => ({ role: 'assistant', content: value });
const user = (content: unknown): JsonObject => ({ role: 'user', content });
const image: JsonObject = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0=' } };

interface Case {
  readonly title: string;
  readonly before: JsonObject;
  readonly after: JsonObject;
}

const CASES: Readonly<Record<DialectName, readonly Case[]>> = {
  'anthropic-messages': [
    {
      title: 'a system string and a user string',
      before: { system: DATED, messages: [user('hello')] },
      after: { system: STABLE, messages: [user(noted('hello'))] },
    },
    {
      title: 'system blocks, of which the billing line goes',
      before: {
        system: [text(BILLING), text('You are an agent.', { cache_control: { type: 'ephemeral' } }), text(DATED)],
        messages: [user([text('one'), text('two', { cache_control: { type: 'ephemeral' } })])],
      },
      after: {
        system: [text('You are an agent.', { cache_control: { type: 'ephemeral' } }), text(STABLE)],
        messages: [user([text('one'), text(noted('two'), { cache_control: { type: 'ephemeral' } })])],
      },
    },
    {
      title: 'an instruction among the first messages, and none behind an answer',
      before: {
        messages: [
          user('one'),
          { role: 'system', content: [text(DATED)] },
          said('ok'),
          { role: 'system', content: DATED },
        ],
      },
      after: {
        messages: [
          user(noted('one')),
          { role: 'system', content: [text(STABLE)] },
          said('ok'),
          { role: 'system', content: DATED },
        ],
      },
    },
    {
      title: 'a tool result, string or blocks: the note is in it, not behind it',
      before: { system: DATED, messages: [user('one'), said([]), user([text('so'), result('done')])] },
      after: { system: STABLE, messages: [user('one'), said([]), user([text('so'), result(noted('done'))])] },
    },
    {
      title: 'a tool result that ends in a picture',
      before: { system: DATED, messages: [user([result([text('see'), image])])] },
      after: { system: STABLE, messages: [user([result([text('see'), image, text(NOTE)])])] },
    },
    {
      title: 'a tool result without content: the turn before it is taken',
      before: { system: DATED, messages: [user('one'), said([]), user([result(undefined)])] },
      after: { system: STABLE, messages: [user(noted('one')), said([]), user([result(undefined)])] },
    },
  ],
  'openai-chat': [
    {
      title: 'system and developer messages of strings and parts',
      before: {
        messages: [
          { role: 'system', content: [text(BILLING), text('Go.')] },
          { role: 'developer', content: DATED },
          user('hi'),
        ],
      },
      after: {
        messages: [
          { role: 'system', content: [text('Go.')] },
          { role: 'developer', content: STABLE },
          user(noted('hi')),
        ],
      },
    },
    {
      title: 'a system message of nothing but a billing line keeps its place',
      before: { messages: [{ role: 'system', content: [text(BILLING)] }, user('hi')] },
      after: { messages: [{ role: 'system', content: [text('')] }, user('hi')] },
    },
    {
      title: 'results of tools take the note, so that no user speaks behind them',
      before: {
        messages: [
          { role: 'system', content: DATED },
          user('hi'),
          said(null),
          { role: 'tool', tool_call_id: 'a', content: 'done' },
        ],
      },
      after: {
        messages: [
          { role: 'system', content: STABLE },
          user('hi'),
          said(null),
          { role: 'tool', tool_call_id: 'a', content: noted('done') },
        ],
      },
    },
    {
      title: 'a user message that ends in a picture gets a part of its own',
      before: {
        messages: [{ role: 'system', content: DATED }, user([{ type: 'image_url', image_url: { url: 'x' } }])],
      },
      after: {
        messages: [
          { role: 'system', content: STABLE },
          user([{ type: 'image_url', image_url: { url: 'x' } }, text(NOTE)]),
        ],
      },
    },
    {
      title: 'words put into the mouth of the model do not hide the newest turn',
      before: { messages: [{ role: 'system', content: DATED }, user('hi'), said('Well,')] },
      after: { messages: [{ role: 'system', content: STABLE }, user(noted('hi')), said('Well,')] },
    },
  ],
  'openai-responses': [
    {
      title: 'instructions and a bare input',
      before: { instructions: DATED, input: 'hello' },
      after: { instructions: STABLE, input: noted('hello') },
    },
    {
      title: 'developer items, with and without a type',
      before: {
        input: [
          { type: 'message', role: 'developer', content: [{ type: 'input_text', text: DATED }] },
          { role: 'system', content: 'Be brief.' },
          { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
        ],
      },
      after: {
        input: [
          { type: 'message', role: 'developer', content: [{ type: 'input_text', text: STABLE }] },
          { role: 'system', content: 'Be brief.' },
          { type: 'message', role: 'user', content: [{ type: 'input_text', text: noted('hi') }] },
        ],
      },
    },
    {
      title: 'outputs of functions and of custom tools',
      before: {
        instructions: DATED,
        input: [
          { role: 'user', content: 'hi' },
          { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' },
          { type: 'function_call_output', call_id: 'a', output: 'done' },
        ],
      },
      after: {
        instructions: STABLE,
        input: [
          { role: 'user', content: 'hi' },
          { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' },
          { type: 'function_call_output', call_id: 'a', output: noted('done') },
        ],
      },
    },
    {
      title: 'an output that is a picture',
      before: {
        instructions: DATED,
        input: [{ type: 'custom_tool_call_output', call_id: 'a', output: [{ type: 'input_image', image_url: 'x' }] }],
      },
      after: {
        instructions: STABLE,
        input: [
          {
            type: 'custom_tool_call_output',
            call_id: 'a',
            output: [
              { type: 'input_image', image_url: 'x' },
              { type: 'input_text', text: NOTE },
            ],
          },
        ],
      },
    },
  ],
};

for (const [dialect, cases] of Object.entries(CASES)) {
  describe(dialect, () => {
    test.each(cases)('$title', ({ before, after }) => {
      expect(stable(dialect as DialectName, before)).toEqual(JSON.parse(JSON.stringify(after)));
    });

    test.each([
      ['nothing', {}],
      ['wrong types', { system: 7, instructions: [null], messages: 'x', input: { a: 1 } }],
      [
        'odd entries',
        { messages: [null, 7, 'x', [], { role: 'user' }], input: [null, 7, { role: 'user', content: 3 }] },
      ],
      ['no volatile word', { system: 'Hi.', messages: [user('today is 2026-11-21')], input: 'today is 2026-11-21' }],
    ])('a body with %s is passed on as it is', (_title, raw) => {
      const request = requestOf(dialect as DialectName, raw as JsonObject);
      const { request: same, record } = createPrefixMemory(10).stabilise(SESSION, request);
      expect(same).toBe(request);
      expect(record).toBeUndefined();
    });
  });
}
