/** What does a tier of the other dialect get, and what is it spared? Facts about servers, applied field by field. */
import { describe, expect, test } from 'bun:test';
import type { JsonObject } from '#core/message';
import type { Tier } from '#core/tier';
import { dialects } from '#dialects/dialect';
import { requestOf, tierOf } from '#tests/dialects/support';

const chat = dialects['openai-chat'];
const messages = dialects['anthropic-messages'];
const user = { role: 'user', content: 'go' };
const OPENAI = { baseUrl: 'https://api.openai.com/v1', privacy: 'cloud' } as const;
const CLOUD = { baseUrl: 'https://api.example.test/v1', privacy: 'cloud' } as const;
const ANTHROPIC = { baseUrl: 'https://api.anthropic.com', privacy: 'cloud' } as const;

const toChat = (fields: JsonObject, tier: Partial<Tier> = {}) => {
  const request = requestOf(messages, { model: 'm', max_tokens: 100, messages: [user], ...fields });
  const sent = chat.render(messages.conversation(request), request, tierOf(tier), request.stream);
  return { ...sent, body: JSON.parse(sent.text) };
};

const toMessages = (fields: JsonObject, tier: Partial<Tier> = {}) => {
  const request = requestOf(chat, { model: 'm', messages: [user], ...fields });
  const own = tierOf({ dialect: 'anthropic-messages', ...tier });
  const sent = messages.render(chat.conversation(request), request, own, request.stream);
  return { ...sent, body: JSON.parse(sent.text) };
};

describe('thinking on its way to a Chat tier', () => {
  const enabled = (budget_tokens: number) => ({ thinking: { type: 'enabled', budget_tokens } });
  const EFFORTS: readonly (readonly [JsonObject, string | undefined])[] = [
    [enabled(1_024), 'low'],
    [enabled(4_096), 'low'],
    [enabled(8_192), 'medium'],
    [enabled(16_384), 'medium'],
    [enabled(31_999), 'high'],
    [{ thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }, 'high'],
    [{ thinking: { type: 'adaptive' } }, undefined],
    [{ thinking: { type: 'disabled' } }, undefined],
  ];
  for (const [fields, effort] of EFFORTS) {
    test(`${JSON.stringify(fields)} is effort ${effort}`, () => {
      const { body, losses } = toChat(fields);
      expect(body.reasoning_effort).toBe(effort);
      expect(losses.includes('thinking')).toBe(effort === undefined);
    });
  }

  const TIERS: readonly (readonly [string, Partial<Tier>, boolean])[] = [
    ['a local server', {}, true],
    ['Ollama by name, which refuses it for most models', { engine: 'ollama' }, false],
    ['Ollama by port', { baseUrl: 'http://127.0.0.1:11434/v1' }, false],
    ['a reasoning model of OpenAI', { ...OPENAI, model: 'gpt-5.5' }, true],
    ['another model of OpenAI', { ...OPENAI, model: 'gpt-4o' }, false],
    ['an unknown cloud', CLOUD, false],
    ['an unknown cloud that lists it', { ...CLOUD, forward: ['reasoning_effort'] }, true],
  ];
  for (const [name, tier, gets] of TIERS) {
    test(`${gets ? 'reaches' : 'is kept from'} ${name}`, () => {
      expect(toChat(enabled(8_192), tier).body.reasoning_effort !== undefined).toBe(gets);
    });
  }
});

describe('earlier reasoning on its way to a Chat tier', () => {
  const thinking = { type: 'thinking', thinking: 'hm', signature: 'x' };
  const call = { type: 'tool_use', id: 'a', name: 'A', input: {} };
  const turns = [
    user,
    { role: 'assistant', content: [thinking, { type: 'text', text: 'ok' }] },
    user,
    { role: 'assistant', content: [thinking, call] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'x' }] },
  ];
  const TIERS: readonly (readonly [string, Partial<Tier>, readonly unknown[]])[] = [
    ['goes everywhere on a local server, whose template leaves out what it does not want', {}, ['hm', 'hm']],
    ['goes with tool calls alone to a cloud that reasons between them', CLOUD, [undefined, 'hm']],
    ['never goes to OpenAI, which has no field for it', { ...OPENAI, model: 'gpt-5.5' }, [undefined, undefined]],
  ];
  for (const [title, tier, told] of TIERS) {
    test(title, () => {
      const { body, losses } = toChat({ messages: turns }, tier);
      const spoken = body.messages.filter((message: JsonObject) => message.role === 'assistant');
      expect(spoken.map((message: JsonObject) => message.reasoning_content)).toEqual([...told]);
      expect(losses.includes('messages.thinking')).toBe(told.includes(undefined));
    });
  }
});

describe('a forced tool that cannot be offered', () => {
  test('is named, whichever dialect asks which', () => {
    const hosted = { type: 'web_search_20260209', name: 'web_search' };
    const own = { name: 'A', input_schema: { type: 'object' } };
    const named = { type: 'tool', name: 'web_search' };
    expect(toChat({ tools: [own, hosted], tool_choice: named }).losses).toContain('tool_choice');
    expect(toChat({ tools: [hosted], tool_choice: { type: 'any' } }).losses).toContain('tool_choice');
    expect(toChat({ tools: [hosted], tool_choice: { type: 'auto' } }).losses).not.toContain('tool_choice');
    expect(toChat({ tools: [own, hosted], tool_choice: { type: 'any' } }).losses).not.toContain('tool_choice');
    const custom = { type: 'custom', custom: { name: 'patch' } };
    const forced = { type: 'function', function: { name: 'patch' } };
    expect(toMessages({ tools: [custom], tool_choice: forced }).losses).toEqual(
      expect.arrayContaining(['tools.custom', 'tool_choice']),
    );
    expect(toMessages({ tools: [], tool_choice: 'auto' }).losses).toEqual([]);
  });
});

describe('a Chat tier', () => {
  test('of OpenAI gets the newer cap and no reasoning history', () => {
    const turns = [
      user,
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 'x' },
          { type: 'text', text: 'ok' },
        ],
      },
      user,
    ];
    const { body, losses } = toChat({ messages: turns, top_k: 5 }, { ...OPENAI, model: 'gpt-5.5' });
    expect(body.max_completion_tokens).toBe(100);
    expect(body.max_tokens).toBeUndefined();
    expect(body.messages[1]).toEqual({ role: 'assistant', content: 'ok' });
    expect(losses).toEqual(expect.arrayContaining(['messages.thinking', 'top_k']));
  });

  test('gets late instructions as system messages when it is a cloud, as user text when it is local', () => {
    const turns = [user, { role: 'system', content: 'late' }, { role: 'assistant', content: 'ok' }, user];
    expect(toChat({ messages: turns }, CLOUD).body.messages[1]).toEqual({ role: 'system', content: 'late' });
    expect(toChat({ messages: turns }).body.messages[0].content).toBe(
      'go\n\n<system-reminder>\nlate\n</system-reminder>',
    );
  });

  test('gets tool results right behind their calls, whatever was said in between', () => {
    const turns = [
      user,
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'A', input: {} }] },
      { role: 'user', content: 'hurry' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'here' },
          { type: 'tool_result', tool_use_id: 'a', content: 'x' },
        ],
      },
    ];
    const { body } = toChat({ messages: turns });
    expect(body.messages.slice(2)).toEqual([
      { role: 'tool', tool_call_id: 'a', content: 'x' },
      { role: 'user', content: 'hurry\n\nhere' },
    ]);
  });

  test('gets text documents as text, PDFs as files, and a word about what it cannot have', () => {
    const content = [
      { type: 'document', title: 'Notes', source: { type: 'text', media_type: 'text/plain', data: 'body' } },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' } },
      { type: 'document', source: { type: 'url', url: 'https://a.test/x.pdf' } },
      { type: 'image', source: { type: 'file', file_id: 'f' } },
      { type: 'container_upload', file_id: 'f' },
    ];
    const { body, losses } = toChat({ messages: [{ role: 'user', content }] });
    expect(body.messages[0].content).toEqual([
      { type: 'text', text: 'Notes\n\nbody' },
      { type: 'file', file: { filename: 'document.pdf', file_data: 'data:application/pdf;base64,JVBERg==' } },
      { type: 'text', text: '[document: https://a.test/x.pdf]' },
    ]);
    expect(losses).toEqual(
      expect.arrayContaining(['messages.document.url', 'messages.image.file', 'messages.container_upload']),
    );
  });

  test('gets the tier’s defaults below and its overrides above the translation', () => {
    const { body, maxOutputTokens } = toChat(
      { temperature: 0.5 },
      { extraBodyDefaults: { temperature: 1, min_p: 0.1 }, extraBody: { max_tokens: 7 }, maxOutputTokens: 50 },
    );
    expect(body).toMatchObject({ temperature: 0.5, min_p: 0.1, max_tokens: 7 });
    expect(maxOutputTokens).toBe(7);
    expect(toChat({}, { maxOutputTokens: 50 }).maxOutputTokens).toBe(50);
  });

  test('is told the choice of tools only when there are tools', () => {
    const tools = [{ name: 'A', input_schema: { type: 'object' } }];
    expect(toChat({ tools, tool_choice: { type: 'any' } }).body.tool_choice).toBe('required');
    expect(toChat({ tools, tool_choice: { type: 'none' } }).body.tool_choice).toBe('none');
    const without = toChat({ tool_choice: { type: 'any' } });
    expect(without.body.tool_choice).toBeUndefined();
    expect(without.losses).toContain('tool_choice');
  });
});

describe('thinking on its way to a Messages tier', () => {
  const ask = (effort: string, tier: Partial<Tier>, more: JsonObject = {}) =>
    toMessages({ reasoning_effort: effort, max_tokens: 30_000, ...more }, tier);

  test('is a budget for local servers and older Claude models', () => {
    for (const tier of [
      {},
      { ...ANTHROPIC, model: 'claude-sonnet-4-5' },
      { ...ANTHROPIC, model: 'claude-3-7-sonnet-20250219' },
    ]) {
      expect(ask('minimal', tier).body.thinking).toEqual({ type: 'enabled', budget_tokens: 1_024 });
      expect(ask('low', tier).body.thinking).toEqual({ type: 'enabled', budget_tokens: 2_048 });
      expect(ask('medium', tier).body.thinking).toEqual({ type: 'enabled', budget_tokens: 8_192 });
      expect(ask('high', tier).body.thinking).toEqual({ type: 'enabled', budget_tokens: 22_500 });
    }
  });

  test('is adaptive with an effort for Claude from 4.6 on, whatever the name', () => {
    for (const model of [
      'claude-opus-4-6',
      'claude-opus-4-8',
      'claude-sonnet-5',
      'claude-fable-5-2',
      'anthropic/claude-opus-5-5',
    ]) {
      const { body } = ask('minimal', { ...ANTHROPIC, model });
      expect(body.thinking).toEqual({ type: 'adaptive', display: 'summarized' });
      expect(body.output_config).toEqual({ effort: 'low' });
    }
    expect(ask('low', { ...ANTHROPIC, model: 'claude-sonnet-4-20250514' }).body.thinking.type).toBe('enabled');
  });

  test('gives way to a forced tool, to a small cap, and to a tool loop without signed thoughts', () => {
    const tools = [{ type: 'function', function: { name: 'A' } }];
    const old = { ...ANTHROPIC, model: 'claude-sonnet-4-5' };
    const call = {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'A', arguments: '{}' } }],
    };
    const loop = [user, call, { role: 'tool', tool_call_id: 'a', content: 'x' }];
    const refused = [
      ask('low', old, { tools, tool_choice: 'required' }),
      ask('low', old, { max_tokens: 1_000 }),
      ask('low', old, { tools, messages: loop }),
    ];
    for (const { body, losses } of refused) {
      expect(body.thinking).toBeUndefined();
      expect(losses).toContain('thinking');
    }
    expect(ask('low', {}, { tools, messages: loop }).body.thinking).toBeDefined();
  });
});

describe('a Messages tier', () => {
  test('of Anthropic gets sampling as far as the model takes it', () => {
    const fields = { temperature: 1.5, top_p: 0.9, presence_penalty: 1 };
    const old = toMessages(fields, { ...ANTHROPIC, model: 'claude-sonnet-4-5' });
    expect(old.body).toMatchObject({ temperature: 1 });
    expect(old.body.top_p).toBeUndefined();
    expect(old.losses).toEqual(expect.arrayContaining(['temperature', 'top_p', 'presence_penalty']));
    const recent = toMessages({ temperature: 0, top_k: 5 }, { ...ANTHROPIC, model: 'claude-opus-5-5' });
    expect(recent.body.temperature).toBeUndefined();
    expect(recent.losses).toEqual(expect.arrayContaining(['temperature', 'top_k']));
  });

  test('that is local gets sampling as sent', () => {
    expect(toMessages({ temperature: 1.5, top_p: 0.9, top_k: 5 }).body).toMatchObject({
      temperature: 1.5,
      top_p: 0.9,
      top_k: 5,
    });
  });

  test('gets a cap in any case: the caller’s, the tier’s, or room for a turn that writes files', () => {
    expect(toMessages({ max_tokens: 9 }).body.max_tokens).toBe(9);
    expect(toMessages({ max_tokens: 90 }, { maxOutputTokens: 50 }).body.max_tokens).toBe(50);
    expect(toMessages({}, { maxOutputTokens: 50 }).body.max_tokens).toBe(50);
    expect(toMessages({})).toMatchObject({ body: { max_tokens: 32_000 }, maxOutputTokens: 32_000 });
    expect(toMessages({}, { ...ANTHROPIC, model: 'claude-3-5-haiku' }).body.max_tokens).toBe(4_096);
  });

  test('gets unsigned thoughts of the history when it is local, none when it would check them', () => {
    const turns = [user, { role: 'assistant', content: 'ok', reasoning_content: 'hm' }, user];
    expect(toMessages({ messages: turns }).body.messages[1].content[0]).toEqual({
      type: 'thinking',
      thinking: 'hm',
      signature: 'anvil-unsigned',
    });
    const cloud = toMessages({ messages: turns }, ANTHROPIC);
    expect(cloud.body.messages[1].content).toEqual([{ type: 'text', text: 'ok' }]);
    expect(cloud.losses).toContain('messages.thinking');
  });

  test('gets legal messages out of illegal ones', () => {
    const turns = [
      { role: 'assistant', content: 'Hello.' },
      { role: 'user', content: '' },
      { role: 'user', content: 'a' },
      {
        role: 'user',
        content: [
          { type: 'text', text: ' ' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'assistant', content: 'And then  ' },
    ];
    const { body } = toMessages({ messages: turns });
    expect(body.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Continue.' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Hello.' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'assistant', content: [{ type: 'text', text: 'And then' }] },
    ]);
  });

  test('gets tool ids in its own alphabet, each still with its result', () => {
    const call = (id: string) => ({ id, type: 'function', function: { name: 'A', arguments: '{}' } });
    const turns = [
      user,
      { role: 'assistant', content: null, tool_calls: [call('a:1'), call('a.1'), call('')] },
      ...['a:1', 'a.1', ''].map((id) => ({ role: 'tool', tool_call_id: id, content: id })),
    ];
    const [, calls, results] = toMessages({ messages: turns }).body.messages;
    const ids = calls.content.map((block: { id: string }) => block.id);
    expect(ids).toEqual(['a_1', 'a_1_2', 'call']);
    expect(results.content.map((block: { tool_use_id: string }) => block.tool_use_id)).toEqual(ids);
  });

  test('keeps cache marks, but no more than the service takes', () => {
    const marked = (text: string) => ({ type: 'text', text, cache_control: { type: 'ephemeral' } });
    const { body, losses } = toMessages({
      messages: [{ role: 'user', content: ['a', 'b', 'c', 'd', 'e'].map(marked) }],
    });
    expect(body.messages[0].content.filter((block: JsonObject) => block.cache_control)).toHaveLength(4);
    expect(losses).toEqual(['cache_control']);
  });

  test('is asked for "any JSON" in words, for it has no field for it', () => {
    const messages = [{ role: 'system', content: 'Be brief.' }, user];
    const { body, losses } = toMessages({ messages, response_format: { type: 'json_object' } });
    expect(body.system.map((block: JsonObject) => block.text)).toEqual([
      'Be brief.',
      'Answer with one JSON object and nothing else.',
    ]);
    expect(losses).toEqual(['response_format.json_object']);
  });

  test('gets old-style function calls as tool use with matching ids', () => {
    const turns = [
      user,
      { role: 'assistant', content: null, function_call: { name: 'A', arguments: '{"x":1}' } },
      { role: 'function', name: 'A', content: 'one' },
      { role: 'assistant', content: null, function_call: { name: 'A', arguments: '{"x":2}' } },
      { role: 'function', name: 'A', content: 'two' },
    ];
    const { body } = toMessages({ messages: turns });
    const ids = body.messages.map(
      ({ content }: { content: JsonObject[] }) => content[0]?.id ?? content[0]?.tool_use_id,
    );
    expect(ids).toEqual([undefined, 'call_legacy_1', 'call_legacy_1', 'call_legacy_2', 'call_legacy_2']);
  });
});

describe('losses', () => {
  test('name fields and never hold values, and are bounded', () => {
    const fields = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`field_${index}`, 'VALUE']));
    const { losses } = toMessages({ ...fields, 'a name with\nspaces': 1 });
    expect(losses.length).toBeLessThanOrEqual(49);
    expect(losses.at(-1)).toBe('and-more');
    expect(losses.join()).not.toContain('VALUE');
    expect(toMessages({ 'a name with\nspaces': 1 }).losses).toEqual(['unnamed-field']);
  });

  test('are none when there is nothing to lose', () => {
    expect(toMessages({ store: null, n: 1 }).losses).toEqual([]);
    expect(toChat({}).losses).toEqual([]);
  });
});
