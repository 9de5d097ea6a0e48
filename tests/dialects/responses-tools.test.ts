/** Under which names are Responses tools offered, and is every one of them found again by its caller? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { JsonObject } from '#core/message';
import { createToolNames, flatToolName } from '#dialects/tool-names';
import { conversationOf, factsOf, user } from '#tests/dialects/responses-support';

const fn = (name: string, more: JsonObject = {}): JsonObject => ({ type: 'function', name, ...more });
const namespace = (name: string, tools: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
  type: 'namespace',
  name,
  tools,
  ...more,
});

describe('a flat name', () => {
  const CASES: readonly (readonly [string | undefined, string, string | RegExp])[] = [
    [undefined, 'exec_command', 'exec_command'],
    ['multi_agent_v1', 'spawn_agent', 'multi_agent_v1__spawn_agent'],
    [undefined, 'mcp.read file', /^mcp_read_file_[0-9a-z]{7}$/],
    [undefined, '', /^tool_[0-9a-z]{7}$/],
    ['n'.repeat(60), 'tool', /^n{56}_[0-9a-z]{7}$/],
  ];
  for (const [space, name, flat] of CASES) {
    test(`of ${JSON.stringify(name)} in ${space ?? 'no namespace'}`, () => {
      if (typeof flat === 'string') expect(flatToolName(space, name)).toBe(flat);
      else expect(flatToolName(space, name)).toMatch(flat);
    });
  }

  test('is legal everywhere, and unique among the tools of a request, whatever they are called', () => {
    const piece = fc.oneof(fc.constantFrom('a', 'b', 'a__b', 'b__c', '', 'ä', 'a.b'), fc.string({ maxLength: 80 }));
    const tool = fc.tuple(fc.option(piece, { nil: undefined }), piece);
    fc.assert(
      fc.property(fc.uniqueArray(tool, { maxLength: 12, selector: (entry) => JSON.stringify(entry) }), (tools) => {
        const names = createToolNames();
        const flat = tools.map(([space, name]) => names.offer(space, name));
        for (const name of flat) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
        expect(new Set(flat).size).toBe(tools.length);
        expect(tools.map(([space, name]) => names.called(space, name))).toEqual(flat);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the tools of a request', () => {
  test('keep what the caller calls them beside their flat names', () => {
    const { tools } = conversationOf({
      tools: [fn('Read', { description: 'reads', strict: true }), namespace('agents', [fn('spawn'), fn('stop')])],
    });
    expect(tools).toEqual([
      { name: 'Read', description: 'reads', parameters: { type: 'object', properties: {} }, strict: true },
      {
        name: 'agents__spawn',
        origin: { name: 'spawn', namespace: 'agents', kind: 'function' },
        parameters: { type: 'object', properties: {} },
      },
      {
        name: 'agents__stop',
        origin: { name: 'stop', namespace: 'agents', kind: 'function' },
        parameters: { type: 'object', properties: {} },
      },
    ]);
  });

  test('that would share a name get different ones, and calls of the history find theirs', () => {
    const { tools, turns } = conversationOf({
      tools: [fn('a__b'), namespace('a', [fn('b')])],
      input: [
        user,
        { type: 'function_call', call_id: '1', name: 'a__b', arguments: '{}' },
        { type: 'function_call', call_id: '2', name: 'b', namespace: 'a', arguments: '{}' },
      ],
    });
    const [plain, member] = tools.map(({ name }) => name);
    expect(plain).toBe('a__b');
    expect(member).toMatch(/^a__b_[0-9a-z]{7}$/);
    const called = turns.flatMap(({ parts }) =>
      parts.flatMap((part) => (part.kind === 'tool-call' ? [part.name] : [])),
    );
    expect(called).toEqual(['a__b', member ?? '']);
  });

  test('are found without their namespace while only one is called so', () => {
    const call = { type: 'function_call', call_id: '1', name: 'wait', arguments: '{}' };
    const nameIn = (tools: readonly JsonObject[]): unknown => {
      const [part] = conversationOf({ tools, input: [user, call] }).turns.at(-1)?.parts ?? [];
      return part?.kind === 'tool-call' ? part.name : undefined;
    };
    expect(nameIn([namespace('functions', [fn('wait')])])).toBe('functions__wait');
    expect(nameIn([namespace('one', [fn('wait')]), namespace('two', [fn('wait')])])).toBe('wait');
  });

  test('tell about their namespace once', () => {
    const { tools } = conversationOf({
      tools: [
        namespace('agents', [fn('spawn', { description: 'Starts one.' }), fn('stop')], { description: 'Helpers.' }),
      ],
    });
    expect(tools.map(({ description }) => description)).toEqual([
      'All tools of "agents": Helpers.\n\nStarts one.',
      undefined,
    ]);
  });

  test('take free text through one argument when they are custom, and are told the grammar', () => {
    const format = { type: 'grammar', syntax: 'lark', definition: 'start: "x"' };
    const { tools, losses } = conversationOf({
      tools: [{ type: 'custom', name: 'apply_patch', description: 'Patches.', format }],
    });
    expect(tools).toMatchObject([
      {
        name: 'apply_patch',
        origin: { name: 'apply_patch', kind: 'custom' },
        parameters: { properties: { input: { type: 'string' } }, required: ['input'], additionalProperties: false },
      },
    ]);
    expect(tools[0]?.description).toMatch(/^Patches\.\n\n.*`input`.*lark\):\nstart: "x"$/s);
    expect(losses).toEqual(['tools.format']);
    expect(conversationOf({ tools: [{ type: 'custom', name: 'x' }] }).losses).toEqual([]);
  });

  test('that run on a server of their own stay behind and are named', () => {
    const { tools, losses } = conversationOf({
      tools: [
        { type: 'web_search', external_web_access: true },
        { type: 'tool_search', execution: 'client' },
        namespace('mixed', [{ type: 'image_generation' }, fn('a', { defer_loading: true })]),
      ],
    });
    expect(tools.map(({ name }) => name)).toEqual(['mixed__a']);
    expect(losses).toEqual(['tools.web_search', 'tools.tool_search', 'tools.image_generation', 'tools.defer_loading']);
  });

  test('come from items of the input too; the newest definition counts', () => {
    const { tools } = conversationOf({
      tools: [fn('a', { description: 'old' }), fn('b')],
      input: [
        { type: 'additional_tools', role: 'developer', tools: [fn('a', { description: 'new' })] },
        user,
        { type: 'tool_search_output', call_id: 's', tools: [namespace('found', [fn('c')])] },
      ],
    });
    expect(tools.map(({ name, description }) => [name, description])).toEqual([
      ['a', 'new'],
      ['b', undefined],
      ['found__c', undefined],
    ]);
  });

  test('have in the facts the names they have in the conversation', () => {
    const fields = {
      tools: [fn('a__b'), namespace('a', [fn('b'), fn('c')]), { type: 'custom', name: 'x.y' }, { type: 'mcp' }],
      input: [{ type: 'additional_tools', tools: [fn('d')] }, user],
    };
    expect([...factsOf(fields).toolNames]).toEqual(conversationOf(fields).tools.map(({ name }) => name));
  });
});

describe('the choice', () => {
  const tools = [fn('Read'), fn('Edit'), namespace('agents', [fn('spawn')]), { type: 'custom', name: 'patch' }];
  const CASES: readonly (readonly [unknown, unknown, readonly string[]])[] = [
    [undefined, undefined, []],
    ['auto', { kind: 'auto' }, []],
    ['none', { kind: 'none' }, []],
    ['required', { kind: 'required' }, []],
    [fn('Read'), { kind: 'tool', name: 'Read' }, []],
    [fn('spawn'), { kind: 'tool', name: 'agents__spawn' }, []],
    [fn('spawn', { namespace: 'agents' }), { kind: 'tool', name: 'agents__spawn' }, []],
    [{ type: 'custom', name: 'patch' }, { kind: 'tool', name: 'patch' }, []],
    [{ type: 'web_search' }, undefined, ['tool_choice']],
    ['sometimes', undefined, ['tool_choice']],
  ];
  for (const [tool_choice, choice, losses] of CASES) {
    test(`${JSON.stringify(tool_choice)}`, () => {
      const read = conversationOf({ tools, ...(tool_choice === undefined ? {} : { tool_choice }) });
      expect<unknown>(read.toolChoice).toEqual(choice);
      expect(read.losses).toEqual([...losses]);
      expect(read.tools.length).toBe(4);
    });
  }

  test('among allowed tools offers those only', () => {
    const allowed = {
      type: 'allowed_tools',
      mode: 'required',
      tools: [fn('Edit'), fn('spawn'), { type: 'web_search' }],
    };
    const read = conversationOf({ tools, tool_choice: allowed });
    expect(read.toolChoice).toEqual({ kind: 'required' });
    expect(read.tools.map(({ name }) => name)).toEqual(['Edit', 'agents__spawn']);
    expect(read.losses).toEqual(['tool_choice.tools']);
    expect(conversationOf({ tools, tool_choice: { ...allowed, mode: 'auto' } }).toolChoice).toEqual({ kind: 'auto' });
  });
});
