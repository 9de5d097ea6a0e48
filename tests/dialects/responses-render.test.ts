/** What does a Responses tier get of a conversation held in another dialect, and is what it cannot take named? */
import { describe, expect, test } from 'bun:test';
import type { ContentPart, Conversation, Turn } from '#core/message';
import type { Tier } from '#core/tier';
import { OPENAI, rendered } from '#tests/dialects/responses-support';

const text = (value: string): ContentPart => ({ kind: 'text', text: value });
const turn = (role: Turn['role'], ...parts: ContentPart[]): Turn => ({ role, parts });
const user = turn('user', text('go'));
const call = (id: string, args = '{"path":"a"}'): ContentPart => ({
  kind: 'tool-call',
  id,
  name: 'Read',
  arguments: args,
});
const result = (id: string, content: readonly ContentPart[], isError = false): ContentPart => ({
  kind: 'tool-result',
  id,
  content,
  isError,
});
const pixel: ContentPart = { kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'iVBORw0K' } };
const said = (role: string, content: unknown) => ({ type: 'message', role, content });
const inputOf = (turns: readonly Turn[], tier: Partial<Tier> = {}) => rendered({ turns }, tier);

test('a plain request asks for nothing that is not said, and lets nothing be stored', () => {
  expect(rendered({}, { model: 'served' }, true).body).toEqual({
    model: 'served',
    input: [said('user', 'go')],
    store: false,
    stream: true,
  });
});

describe('standing text', () => {
  test('in front becomes the instructions', () => {
    const { body } = inputOf([turn('system', text('a'), text('b')), turn('developer', text('c')), user]);
    expect(body.instructions).toBe('a\n\nb\n\nc');
    expect(body.input).toEqual([said('user', 'go')]);
  });

  test('in the middle keeps its place and role in the cloud, and joins the user’s side for local templates', () => {
    const turns = [user, turn('developer', text('now')), turn('assistant', text('ok'))];
    expect(inputOf(turns, { privacy: 'cloud' }).body.input[1]).toEqual(said('developer', 'now'));
    expect(inputOf(turns).body.input[1]).toEqual(said('user', '<system-reminder>\nnow\n</system-reminder>'));
  });

  test('alone is still something to answer', () => {
    const { body } = inputOf([turn('system', text('a')), turn('system', text('b'))]);
    expect([body.instructions, body.input]).toEqual(['a', [said('system', 'b')]]);
  });

  test('that is empty leaves nothing to answer, and an input may not be empty', () => {
    const { body, losses } = inputOf([turn('system', text('')), turn('user')]);
    expect([body.instructions, body.input]).toEqual([undefined, [said('user', 'Continue.')]]);
    expect(losses).toEqual(['messages.opening']);
  });

  test('takes no pictures along', () => {
    expect(inputOf([turn('system', text('a'), pixel), user]).losses).toEqual(['messages.system.image']);
  });
});

describe('turns', () => {
  test('become items in their order, ids, names and arguments as they are', () => {
    const { body, losses } = inputOf([
      user,
      turn('assistant', text('I look.'), call('1'), call('2', '')),
      turn('user', result('1', [text('one')]), result('2', []), text('and?')),
    ]);
    expect(body.input).toEqual([
      said('user', 'go'),
      said('assistant', 'I look.'),
      { type: 'function_call', call_id: '1', name: 'Read', arguments: '{"path":"a"}' },
      { type: 'function_call', call_id: '2', name: 'Read', arguments: '{}' },
      { type: 'function_call_output', call_id: '1', output: 'one' },
      { type: 'function_call_output', call_id: '2', output: '' },
      said('user', 'and?'),
    ]);
    expect(losses).toEqual([]);
  });

  test('keep pictures where they are, in tool results too', () => {
    const { body } = inputOf([
      turn('user', text('see'), { ...pixel, detail: 'high' }),
      turn('assistant', call('1')),
      turn('user', result('1', [text('a dot'), pixel])),
    ]);
    const image = { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0K' };
    expect(body.input[0].content).toEqual([
      { type: 'input_text', text: 'see' },
      { ...image, detail: 'high' },
    ]);
    expect(body.input[2].output).toEqual([
      { type: 'input_text', text: 'a dot' },
      { ...image, detail: 'auto' },
    ]);
  });

  test('say that a tool failed, for which there is no flag', () => {
    const outputs = [[text('no such file')], [], [pixel]].map(
      (content) => inputOf([turn('user', result('1', content, true))]).body.input[0].output,
    );
    expect(outputs[0]).toBe('[tool error] no such file');
    expect(outputs[1]).toBe('[tool error]');
    expect(outputs[2][0]).toEqual({ type: 'input_text', text: '[tool error]' });
  });

  test('write a model’s list of parts in the full form that strict servers ask for', () => {
    const { body } = inputOf([user, turn('assistant', text('a'), { kind: 'refusal', text: 'no' })]);
    expect(body.input[1]).toEqual({
      type: 'message',
      id: 'msg_1',
      status: 'completed',
      role: 'assistant',
      content: [
        { type: 'output_text', text: 'a', annotations: [] },
        { type: 'refusal', refusal: 'no' },
      ],
    });
  });

  test('carry documents and sound', () => {
    const { body, losses } = inputOf([
      turn(
        'user',
        { kind: 'document', source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBE' }, title: 'a.pdf' },
        { kind: 'document', source: { kind: 'url', url: 'https://a.test/b.pdf' } },
        { kind: 'audio', source: { kind: 'base64', mediaType: 'audio/mp3', data: 'UklG' } },
        { kind: 'audio', source: { kind: 'url', url: 'https://a.test/c.mp3' } },
      ),
    ]);
    expect(body.input[0].content).toEqual([
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' },
      { type: 'input_file', file_url: 'https://a.test/b.pdf' },
      { type: 'input_audio', input_audio: { data: 'UklG', format: 'mp3' } },
    ]);
    expect(losses).toEqual(['messages.user.audio']);
  });

  test('make ids fit, the same for a call and its result, and no two alike', () => {
    const long = 'toolu_'.repeat(20);
    const turns = ['a', 'b', ''].map((end) => `${end}${long}`);
    const { body } = inputOf([
      turn('assistant', ...turns.map((id) => call(id)), call('')),
      turn('user', ...turns.map((id) => result(id, [])), result('', [])),
    ]);
    const ids = body.input.map((item: { call_id: string }) => item.call_id);
    expect(ids.slice(4)).toEqual(ids.slice(0, 4));
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^\S{1,64}$/);
  });
});

describe('thinking', () => {
  const thought = (part: Partial<Extract<ContentPart, { kind: 'thinking' }>>, tier: Partial<Tier>) =>
    inputOf(
      [user, turn('assistant', { kind: 'thinking', text: 'hm', origin: 'openai-responses', ...part }, call('1'))],
      tier,
    );

  test('returns to its own dialect with its payload', () => {
    for (const tier of [{}, OPENAI]) {
      const { body, losses } = thought({ signature: 'gAAA' }, tier);
      expect(body.input[1]).toEqual({
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'hm' }],
        encrypted_content: 'gAAA',
      });
      expect(losses).toEqual([]);
    }
  });

  const FOREIGN: readonly (readonly [string, Parameters<typeof thought>[0], readonly string[]])[] = [
    ['Chat', { origin: 'openai-chat' }, []],
    ['Messages', { origin: 'anthropic-messages', signature: 'EqQB' }, ['messages.thinking.signature']],
  ];
  for (const [whose, part, losses] of FOREIGN) {
    test(`of ${whose} is read by tiers that check nothing, and kept from those that do; its proof never arrives`, () => {
      const local = thought(part, {});
      expect(local.body.input[1]).toEqual({
        type: 'reasoning',
        summary: [],
        content: [{ type: 'reasoning_text', text: 'hm' }],
      });
      expect(local.losses).toEqual([...losses]);
      const checked = thought(part, OPENAI);
      expect(checked.body.input[1].type).toBe('function_call');
      expect(checked.losses).toEqual([...losses, 'messages.thinking']);
      for (const { text: sent } of [local, checked]) expect(sent).not.toContain('EqQB');
    });
  }

  test('that is hidden stays behind', () => {
    const { text: sent, losses } = thought({ text: '', redacted: 'EqQB', origin: 'anthropic-messages' }, {});
    expect(sent).not.toContain('EqQB');
    expect(losses).toEqual(['messages.redacted_thinking']);
  });

  const ASKED: readonly (readonly [Conversation['thinking'], Partial<Tier>, unknown, readonly string[]])[] = [
    [{ enabled: true, effort: 'high' }, {}, { effort: 'high', summary: 'auto' }, []],
    [{ enabled: true, budgetTokens: 2_048 }, OPENAI, { effort: 'low', summary: 'auto' }, []],
    [{ enabled: true, budgetTokens: 31_999 }, OPENAI, { effort: 'high', summary: 'auto' }, []],
    [{ enabled: true }, {}, { summary: 'auto' }, []],
    [{ enabled: false }, {}, undefined, ['thinking']],
    [{ enabled: true, effort: 'high' }, { ...OPENAI, model: 'gpt-4.1' }, undefined, ['thinking']],
    [{ enabled: true, effort: 'high' }, { privacy: 'cloud' }, undefined, ['thinking']],
    [
      { enabled: true, effort: 'low' },
      { privacy: 'cloud', forward: ['reasoning'] },
      { effort: 'low', summary: 'auto' },
      [],
    ],
  ];
  for (const [thinking, tier, reasoning, losses] of ASKED) {
    test(`asked for as ${JSON.stringify(thinking)} of ${JSON.stringify(tier)}`, () => {
      const sent = rendered(thinking ? { thinking } : {}, tier);
      expect(sent.body.reasoning).toEqual(reasoning);
      expect(sent.losses).toEqual([...losses]);
      expect(sent.body.include).toEqual(reasoning ? ['reasoning.encrypted_content'] : undefined);
    });
  }

  test('that nobody asked for returns its payload too, or the next turn had none', () => {
    expect(rendered({}, OPENAI).body.include).toEqual(['reasoning.encrypted_content']);
    expect(rendered({}, { ...OPENAI, model: 'gpt-4.1' }).body.include).toBeUndefined();
  });
});

describe('tools', () => {
  const tools = [{ name: 'Read', description: 'reads', parameters: { type: 'object' } }];

  test('are functions, and strict only where the caller said so', () => {
    const { body } = rendered({
      tools: [...tools, { name: 'Edit', parameters: {}, strict: true }],
      parallelToolCalls: false,
    });
    expect(body.tools).toEqual([
      { type: 'function', name: 'Read', description: 'reads', parameters: { type: 'object' }, strict: false },
      { type: 'function', name: 'Edit', parameters: {}, strict: true },
    ]);
    expect(body.parallel_tool_calls).toBe(false);
  });

  const CHOICES = [
    [{ kind: 'auto' }, 'auto'],
    [{ kind: 'none' }, 'none'],
    [{ kind: 'required' }, 'required'],
    [
      { kind: 'tool', name: 'Read' },
      { type: 'function', name: 'Read' },
    ],
  ] as const;
  for (const [toolChoice, written] of CHOICES) {
    test(`may be chosen by ${JSON.stringify(toolChoice)}`, () => {
      expect(rendered({ tools, toolChoice }).body.tool_choice).toEqual(written);
    });
  }

  test('that do not exist cannot be chosen', () => {
    expect(rendered({ toolChoice: { kind: 'required' } })).toMatchObject({ losses: ['tool_choice'] });
    expect(rendered({ toolChoice: { kind: 'none' } })).toMatchObject({ losses: [] });
  });
});

describe('the output', () => {
  const CAPS: readonly (readonly [number | undefined, Partial<Tier>, number | undefined])[] = [
    [undefined, {}, undefined],
    [100, {}, 100],
    [100, { maxOutputTokens: 50 }, 50],
    [undefined, { maxOutputTokens: 50 }, 50],
    [1, OPENAI, 16],
    [1, {}, 1],
    [100, { extraBody: { max_output_tokens: 7 } }, 7],
  ];
  for (const [maxOutputTokens, tier, cap] of CAPS) {
    test(`capped at ${maxOutputTokens} for ${JSON.stringify(tier)} ends after ${cap}`, () => {
      const sent = rendered(maxOutputTokens === undefined ? {} : { maxOutputTokens }, tier);
      expect([sent.body.max_output_tokens, sent.maxOutputTokens]).toEqual([cap, cap]);
    });
  }

  test('may be held to JSON or to a schema', () => {
    const schema = { type: 'object' };
    expect(rendered({ outputFormat: { kind: 'json' } }).body.text).toEqual({ format: { type: 'json_object' } });
    expect(rendered({ outputFormat: { kind: 'json-schema', schema } }).body.text).toEqual({
      format: { type: 'json_schema', name: 'response', schema },
    });
    expect(rendered({ outputFormat: { kind: 'json-schema', name: 'out', schema, strict: true } }).body.text).toEqual({
      format: { type: 'json_schema', name: 'out', schema, strict: true },
    });
  });
});

describe('sampling', () => {
  const all = { temperature: 0.5, topP: 0.9, topK: 5, stop: ['x'], presencePenalty: 1, frequencyPenalty: 1 };

  test('goes as far as the dialect has fields for it; local servers know top_k too', () => {
    const { body, losses } = rendered(all);
    expect(body).toMatchObject({ temperature: 0.5, top_p: 0.9, top_k: 5 });
    expect([body.stop, body.presence_penalty]).toEqual([undefined, undefined]);
    expect(losses).toEqual(['stop', 'presence_penalty', 'frequency_penalty']);
  });

  test('goes further where the tier lists a field', () => {
    const { body, losses } = rendered(all, { forward: ['stop', 'presence_penalty', 'frequency_penalty'] });
    expect(body).toMatchObject({ stop: ['x'], presence_penalty: 1, frequency_penalty: 1 });
    expect(losses).toEqual([]);
  });

  test('is kept from OpenAI’s reasoning models, which refuse it', () => {
    const { body, losses } = rendered(all, OPENAI);
    expect([body.temperature, body.top_p, body.top_k]).toEqual([undefined, undefined, undefined]);
    expect(losses.slice(0, 3)).toEqual(['temperature', 'top_p', 'top_k']);
    expect(rendered({ temperature: 1, topP: 1 }, OPENAI).losses).toEqual([]);
  });
});

test('cache marks are named, wherever they stood; what was lost before stays on the list', () => {
  const cacheControl = { type: 'ephemeral' };
  const marked = (turns: readonly Turn[]) => rendered({ turns, losses: ['metadata'] }).losses;
  const lost = ['metadata', 'cache_control'];
  expect(marked([turn('system', { kind: 'text', text: 'a', cacheControl }), user])).toEqual(lost);
  expect(marked([turn('user', { kind: 'text', text: 'a', cacheControl })])).toEqual(lost);
  expect(marked([turn('user', { kind: 'tool-result', id: '1', content: [], isError: false, cacheControl })])).toEqual(
    lost,
  );
  expect(rendered({ tools: [{ name: 'a', parameters: {}, cacheControl }] }).losses).toEqual(['tools.cache_control']);
});

test('the operator’s body lies below and above', () => {
  const tier = { extraBodyDefaults: { temperature: 1, truncation: 'auto' }, extraBody: { store: true } };
  expect(rendered({ temperature: 0 }, tier).body).toMatchObject({ temperature: 0, truncation: 'auto', store: true });
});
