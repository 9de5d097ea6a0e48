/** What does each form of a Responses item mean in typed blocks, and is whatever has no such form named? */
import { describe, expect, test } from 'bun:test';
import type { JsonObject } from '#core/message';
import { writeEncrypted } from '#dialects/openai-responses/proof';
import { conversationOf, turnsOf, user } from '#tests/dialects/responses-support';

const says = (role: string, content: unknown, more: JsonObject = {}): JsonObject => ({
  type: 'message',
  role,
  content,
  ...more,
});
const text = (value: string) => ({ kind: 'text', text: value });
const call = (id: string, more: JsonObject = {}): JsonObject => ({
  type: 'function_call',
  id: `fc_${id}`,
  call_id: id,
  name: 'Read',
  arguments: '{"path":"a"}',
  status: 'completed',
  ...more,
});
const called = (id: string) => ({ kind: 'tool-call', id, name: 'Read', arguments: '{"path":"a"}' });
const output = (id: string, value: unknown = 'done'): JsonObject => ({
  type: 'function_call_output',
  call_id: id,
  output: value,
});
const answered = (id: string, ...content: unknown[]) => ({ kind: 'tool-result', id, content, isError: false });
const PIXEL = 'data:image/png;base64,iVBORw0K';
const pixel = { kind: 'base64', mediaType: 'image/png', data: 'iVBORw0K' };

describe('messages', () => {
  test('keep their roles wherever they stand', () => {
    expect<unknown>(
      turnsOf(says('developer', 'a'), says('system', 'b'), { role: 'user', content: 'c' }, says('developer', 'd')),
    ).toEqual([
      { role: 'developer', parts: [text('a')] },
      { role: 'system', parts: [text('b')] },
      { role: 'user', parts: [text('c')] },
      { role: 'developer', parts: [text('d')] },
    ]);
  });

  test('stand behind the instructions; a plain input is the user’s', () => {
    expect<unknown>(conversationOf({ instructions: 'rules', input: 'go' }).turns).toEqual([
      { role: 'system', parts: [text('rules')] },
      { role: 'user', parts: [text('go')] },
    ]);
  });

  test('are a text or a list of parts, in the spelling of either side', () => {
    const parts = [
      'bare',
      { type: 'input_text', text: 'in' },
      { type: 'output_text', text: 'out', annotations: [] },
      { type: 'text', text: 'old' },
    ];
    expect<unknown>(turnsOf(says('user', parts))).toEqual([
      { role: 'user', parts: ['bare', 'in', 'out', 'old'].map(text) },
    ]);
  });

  test('of an unknown role are the user’s, which is named', () => {
    const { turns, losses } = conversationOf({ input: [says('critic', 'x')] });
    expect<unknown>(turns).toEqual([{ role: 'user', parts: [text('x')] }]);
    expect(losses).toEqual(['input.role']);
  });

  const PARTS: readonly (readonly [JsonObject, unknown, readonly string[]])[] = [
    [{ type: 'refusal', refusal: 'no' }, { kind: 'refusal', text: 'no' }, []],
    [{ type: 'input_image', image_url: PIXEL, detail: 'high' }, { kind: 'image', source: pixel, detail: 'high' }, []],
    [
      { type: 'input_image', image_url: { url: 'https://a.test/i.png' } },
      { kind: 'image', source: { kind: 'url', url: 'https://a.test/i.png' } },
      [],
    ],
    [{ type: 'input_image', file_id: 'file_1' }, undefined, ['input.input_image.file_id']],
    [
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' },
      { kind: 'document', source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBE' }, title: 'a.pdf' },
      [],
    ],
    [
      { type: 'input_file', file_data: 'JVBE' },
      { kind: 'document', source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBE' } },
      [],
    ],
    [
      { type: 'input_file', file_url: 'https://a.test/a.pdf' },
      { kind: 'document', source: { kind: 'url', url: 'https://a.test/a.pdf' } },
      [],
    ],
    [{ type: 'input_file', file_id: 'file_1' }, undefined, ['input.input_file.file_id']],
    [
      { type: 'input_audio', input_audio: { data: 'UklG', format: 'mp3' } },
      { kind: 'audio', source: { kind: 'base64', mediaType: 'audio/mp3', data: 'UklG' } },
      [],
    ],
    [{ type: 'input_audio' }, undefined, ['input.input_audio']],
    [{ type: 'unheard_of' }, undefined, ['input.unheard_of']],
    [
      { type: 'output_text', text: 'x', annotations: [{ type: 'url_citation' }] },
      { kind: 'text', text: 'x' },
      ['input.annotations'],
    ],
  ];
  for (const [part, expected, losses] of PARTS) {
    test(`may hold ${JSON.stringify(part)}`, () => {
      const read = conversationOf({ input: [says('user', [{ type: 'input_text', text: 'see' }, part])] });
      expect<unknown>(read.turns[0]?.parts).toEqual([text('see'), ...(expected === undefined ? [] : [expected])]);
      expect(read.losses).toEqual([...losses]);
    });
  }
});

describe('turns', () => {
  test('of the model hold its reasoning, words and calls; the results are one turn of the user', () => {
    const turns = turnsOf(
      user,
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'hm' }],
        content: null,
        encrypted_content: null,
      },
      says('assistant', [{ type: 'output_text', text: 'I look.' }]),
      call('1'),
      call('2'),
      output('1'),
      output('2'),
      says('assistant', 'Done.'),
    );
    expect<unknown>(turns.slice(1)).toEqual([
      {
        role: 'assistant',
        parts: [
          { kind: 'thinking', text: 'hm', origin: 'openai-responses' },
          text('I look.'),
          called('1'),
          called('2'),
        ],
      },
      { role: 'user', parts: [answered('1', text('done')), answered('2', text('done'))] },
      { role: 'assistant', parts: [text('Done.')] },
    ]);
  });

  test('of the model part where one message follows another, and not where a call lies between', () => {
    const roles = (...input: readonly unknown[]) =>
      turnsOf(user, ...input).map(({ role, parts }) => `${role} ${parts.length}`);
    expect(roles(says('assistant', 'a'), says('assistant', 'b'))).toEqual(['user 1', 'assistant 1', 'assistant 1']);
    expect(roles(says('assistant', 'a'), call('1'), says('assistant', 'b'), output('1'))).toEqual([
      'user 1',
      'assistant 3',
      'user 1',
    ]);
  });

  test('that only reason lead nowhere and are left out, which is named', () => {
    const reasoning = { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] };
    const { turns, losses } = conversationOf({ input: [user, reasoning, user, says('assistant', [])] });
    expect(turns.map(({ role }) => role)).toEqual(['user', 'user']);
    expect(losses).toEqual(['input.reasoning']);
  });
});

describe('reasoning', () => {
  const thought = (item: JsonObject): unknown =>
    turnsOf(user, { type: 'reasoning', summary: [], ...item }, call('1')).at(1)?.parts[0];

  test('is the text itself where it is shown, else its summary', () => {
    const summary = ['a', 'b'].map((part) => ({ type: 'summary_text', text: part }));
    expect(thought({ summary })).toEqual({ kind: 'thinking', text: 'a\n\nb', origin: 'openai-responses' });
    expect(thought({ summary, content: [{ type: 'reasoning_text', text: 'whole' }] })).toMatchObject({ text: 'whole' });
  });

  test('keeps its payload, and that of another dialect under that dialect’s name', () => {
    expect(thought({ encrypted_content: 'gAAA' })).toEqual({
      kind: 'thinking',
      text: '',
      signature: 'gAAA',
      origin: 'openai-responses',
    });
    for (const kind of ['signature', 'redacted'] as const) {
      const carried = writeEncrypted({ kind, text: 'EqQB', origin: 'anthropic-messages' });
      expect(thought({ encrypted_content: carried })).toEqual({
        kind: 'thinking',
        text: '',
        [kind]: 'EqQB',
        origin: 'anthropic-messages',
      });
    }
  });
});

describe('tool items', () => {
  test('may hold pictures in their results', () => {
    const [, , result] = turnsOf(
      user,
      call('1'),
      output('1', [
        { type: 'input_text', text: 'a dot' },
        { type: 'input_image', image_url: PIXEL, detail: 'auto' },
      ]),
    );
    expect<unknown>(result?.parts).toEqual([
      answered('1', text('a dot'), { kind: 'image', source: pixel, detail: 'auto' }),
    ]);
  });

  test('of custom tools become calls with one argument, and keep every character', () => {
    const patch = '*** Begin Patch\n"quoted" \\ ü\n';
    const { turns } = conversationOf({
      tools: [{ type: 'custom', name: 'apply_patch' }],
      input: [
        user,
        { type: 'custom_tool_call', call_id: '1', name: 'apply_patch', input: patch },
        { type: 'custom_tool_call_output', call_id: '1', output: 'ok' },
      ],
    });
    const [call1] = turns[1]?.parts ?? [];
    if (call1?.kind !== 'tool-call') throw new Error('no call');
    expect(JSON.parse(call1.arguments)).toEqual({ input: patch });
    expect<unknown>(turns[2]?.parts).toEqual([answered('1', text('ok'))]);
  });

  test('keep arguments as they are spelt, and write out those that are no text', () => {
    const spelt = (value: unknown): unknown => turnsOf(user, call('1', { arguments: value })).at(1)?.parts[0];
    expect(spelt('{ "a":1.0')).toMatchObject({ arguments: '{ "a":1.0' });
    expect(spelt({ a: 1 })).toMatchObject({ arguments: '{"a":1}' });
  });

  test('of tools that ran elsewhere are left out and named, as is everything unknown', () => {
    const types = [
      'web_search_call',
      'local_shell_call',
      'local_shell_call_output',
      'computer_call',
      'mcp_call',
      'image_generation_call',
      'tool_search_call',
      'compaction',
      'next_years_item',
    ];
    const { turns, losses } = conversationOf({
      input: [
        user,
        ...types.map((type) => ({ type, id: 'x' })),
        { id: 'rs_1' },
        { type: 'additional_tools', tools: [] },
      ],
    });
    expect(turns.length).toBe(1);
    expect(losses).toEqual([...types.map((type) => `input.${type}`), 'input.item_reference']);
  });
});

describe('the fields', () => {
  test('that have a neutral form are read', () => {
    expect(
      conversationOf({
        max_output_tokens: 9,
        temperature: 0.5,
        top_p: 0.9,
        parallel_tool_calls: false,
        reasoning: { effort: 'xhigh', summary: 'auto' },
        text: { format: { type: 'json_schema', name: 'out', schema: { type: 'object' }, strict: true } },
      }),
    ).toMatchObject({
      maxOutputTokens: 9,
      temperature: 0.5,
      topP: 0.9,
      parallelToolCalls: false,
      thinking: { enabled: true, effort: 'high' },
      outputFormat: { kind: 'json-schema', name: 'out', schema: { type: 'object' }, strict: true },
      losses: [],
    });
  });

  const LOST: readonly (readonly [JsonObject, readonly string[]])[] = [
    [{ store: false, background: false, truncation: 'disabled', service_tier: 'auto', top_logprobs: 0 }, []],
    [{ stream: true, stream_options: { include_obfuscation: false }, include: ['reasoning.encrypted_content'] }, []],
    [{ prompt_cache_key: 'k', prompt_cache_retention: '24h', client_metadata: { a: 'b' } }, []],
    [{ user: null, metadata: null, text: null, reasoning: null }, []],
    [{ store: true }, ['store']],
    [{ user: 'u', metadata: { a: 'b' }, safety_identifier: 's' }, ['user', 'metadata', 'safety_identifier']],
    [{ truncation: 'auto', service_tier: 'flex' }, ['truncation', 'service_tier']],
    [{ include: ['file_search_call.results'] }, ['include.file_search_call.results']],
    [{ text: { verbosity: 'low' } }, ['text.verbosity']],
    [{ text: { format: { type: 'grammar' } } }, ['text.format']],
    [{ reasoning: { effort: 'medium', context: 'all_turns' } }, ['reasoning.context']],
    [{ reasoning: { effort: 'ludicrous' } }, ['reasoning.effort']],
    [{ max_tool_calls: 3, prompt: { id: 'p' } }, ['max_tool_calls', 'prompt']],
  ];
  for (const [fields, losses] of LOST) {
    test(`${JSON.stringify(fields)} lose ${losses.length === 0 ? 'nothing' : losses.join(', ')}`, () => {
      expect(conversationOf(fields).losses).toEqual([...losses]);
    });
  }

  test('ask for no thinking when the effort is none, and leave it open when there is no effort', () => {
    expect(conversationOf({ reasoning: { effort: 'none' } }).thinking).toEqual({ enabled: false });
    expect(conversationOf({ reasoning: { summary: 'auto' } }).thinking).toBeUndefined();
  });
});
