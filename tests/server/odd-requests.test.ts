/** Does a tier get a legal request for every odd conversation that a caller of another dialect may send? Real sockets. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { DialectName, JsonObject } from '#core/message';
import { dialects } from '#dialects/dialect';
import { type OneTier, startOneTier } from '#tests/server/one-tier';
import { quiet } from '#tests/server/quiet';
import { PATH } from '#tests/server/said';
import type { Json } from '#tests/server/strict';
import { chatBreaches } from '#tests/server/strict-chat';
import { messagesBreaches } from '#tests/server/strict-messages';
import { responsesBreaches } from '#tests/server/strict-responses';
import { answerSteps } from '#tests/support/answers';

const BREACHES: Record<DialectName, (body: Json, privacy: 'local' | 'cloud') => readonly string[]> = {
  'openai-chat': (body, privacy) => chatBreaches(body, { local: privacy === 'local', passedOn: false }),
  'anthropic-messages': (body, privacy) => messagesBreaches(body, { local: privacy === 'local' }),
  'openai-responses': (body, privacy) => responsesBreaches(body, { local: privacy === 'local' }),
};

const parameters = { type: 'object', properties: { path: { type: 'string' } } };
const many = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

// ---- Responses --------------------------------------------------------------------------------------------------

const user = { role: 'user', content: 'Look at the file, please.' };
const call = (call_id: string, name = 'read'): JsonObject => ({
  type: 'function_call',
  call_id,
  name,
  arguments: '{"path":"a"}',
});
const output = (call_id: string, text: unknown = 'text'): JsonObject => ({
  type: 'function_call_output',
  call_id,
  output: text,
});
const fn = (name: string): JsonObject => ({ type: 'function', name, parameters });

const RESPONSES: Record<string, JsonObject> = {
  '500 tools': { input: 'hi', tools: many(500, (at) => fn(`tool_${at}`)) },
  'names that collide once flat': {
    input: [user, call('c1', 'a__b'), { ...call('c2', 'b'), namespace: 'a' }, output('c1'), output('c2'), user],
    tools: [fn('a__b'), { type: 'namespace', name: 'a', tools: [fn('b')] }, fn('a.b'), fn('a b'), fn('a_b')],
  },
  'names of 200 characters that begin alike': {
    input: [user, call('c', `${'n'.repeat(200)}2`), output('c')],
    tools: many(3, (at) => fn(`${'n'.repeat(200)}${at}`)),
  },
  'names in other scripts': {
    input: [user, call('c', '読む'), output('c')],
    tools: [fn('読む'), fn('書く'), fn('🚀'), fn('größe')],
    tool_choice: { type: 'function', name: '🚀' },
  },
  'an empty name': { input: 'hi', tools: [fn('')] },
  'one tool defined three times': { input: 'hi', tools: [fn('read'), fn('read'), fn('read')] },
  'ids that come again in every turn': {
    input: many(3, () => [user, call('call_0'), output('call_0')]).flat(),
    tools: [fn('read')],
  },
  'two calls of one id in one turn': {
    input: [user, call('x'), call('x'), output('x'), output('x')],
    tools: [fn('read')],
  },
  'empty ids': { input: [user, call(''), output('')], tools: [fn('read')] },
  'ids of 300 characters in another script': {
    input: [
      user,
      call('呼'.repeat(300)),
      call(`${'呼'.repeat(299)}び`),
      output('呼'.repeat(300)),
      output(`${'呼'.repeat(299)}び`),
    ],
    tools: [fn('read')],
  },
  'parallel calls answered in turn': {
    input: [user, call('a'), output('a'), call('b'), output('b'), user],
    tools: [fn('read')],
  },
  'results in another order': {
    input: [user, call('a'), call('b'), output('b'), output('a'), user],
    tools: [fn('read')],
  },
  'words between a call and its result': {
    input: [user, call('a'), { role: 'assistant', content: 'One moment.' }, output('a'), user],
    tools: [fn('read')],
  },
  'an instruction between a call and its result': {
    input: [user, call('a'), { role: 'developer', content: 'Be brief.' }, output('a'), user],
    tools: [fn('read')],
  },
  'the user between a call and its result': { input: [user, call('a'), user, output('a'), user], tools: [fn('read')] },
  'the user between two results': {
    input: [user, call('a'), call('b'), output('a'), user, output('b'), user],
    tools: [fn('read')],
  },
  'a call that was never answered': { input: [user, call('a'), user], tools: [fn('read')] },
  'a call that was never answered, last': { input: [user, call('a')], tools: [fn('read')] },
  'a result without its call': { input: [user, output('a'), user], tools: [fn('read')] },
  'a result twice': { input: [user, call('a'), output('a'), output('a'), user], tools: [fn('read')] },
  'a picture as a result': {
    input: [user, call('a'), output('a', [{ type: 'input_image', image_url: 'data:image/png;base64,AAAA' }])],
    tools: [fn('read')],
  },
  'an empty list as a result': { input: [user, call('a'), output('a', [])], tools: [fn('read')] },
  'no result at all in the item': {
    input: [user, call('a'), { type: 'function_call_output', call_id: 'a' }],
    tools: [fn('read')],
  },
  'custom calls with broken input': {
    input: [
      user,
      { type: 'custom_tool_call', call_id: 'a', name: 'patch', input: '\u0000"\\\ud800' },
      { type: 'custom_tool_call_output', call_id: 'a', output: 'no' },
      { type: 'custom_tool_call', call_id: 'b', name: 'patch' },
      { type: 'custom_tool_call_output', call_id: 'b', output: [] },
    ],
    tools: [{ type: 'custom', name: 'patch', format: { type: 'grammar', syntax: 'lark', definition: 'x' } }],
  },
  'calls whose arguments are broken': {
    input: [
      user,
      { ...call('a'), arguments: '{"path":' },
      output('a'),
      { ...call('b'), arguments: '[1]' },
      output('b'),
    ],
    tools: [fn('read')],
  },
  'calls of tools that are not on offer': { input: [user, call('a', 'gone'), output('a'), user] },
  'instructions alone': { instructions: 'Say hello.', input: [{ role: 'developer', content: 'Now.' }] },
  'an answer alone': { input: [{ role: 'assistant', content: 'Hello!' }] },
  'an answer last': { input: [user, { role: 'assistant', content: 'Hello! ' }] },
  'thinking alone': { input: [user, { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.' }] }] },
  'empty messages': {
    input: [
      { role: 'user', content: '' },
      { role: 'user', content: [] },
      user,
      { role: 'assistant', content: [] },
      user,
    ],
  },
  'white space alone': { input: [{ role: 'user', content: ' \n' }] },
  'pointers and items of the future': {
    input: [{ id: 'rs_1' }, { type: 'item_reference', id: 'x' }, user],
  },
  '10,000 items': {
    input: many(2_500, (at) => [user, call(`c${at}`), output(`c${at}`), { role: 'assistant', content: `Done ${at}.` }])
      .flat()
      .concat([user]),
    tools: [fn('read')],
  },
};

// ---- Chat -------------------------------------------------------------------------------------------------------

const chatTool = (name: string): JsonObject => ({ type: 'function', function: { name, parameters } });
const asks = (...calls: readonly (readonly [id: string, name: string])[]): JsonObject => ({
  role: 'assistant',
  content: null,
  tool_calls: calls.map(([id, name]) => ({ id, type: 'function', function: { name, arguments: '{"path":"a"}' } })),
});
const answers = (tool_call_id: string): JsonObject => ({ role: 'tool', tool_call_id, content: 'text' });

const CHAT: Record<string, JsonObject> = {
  'names with dots and of 200 characters': {
    messages: [user, asks(['c', 'fs.read']), answers('c')],
    tools: [chatTool('fs.read'), chatTool('fs/read'), chatTool('n'.repeat(200)), chatTool('読む')],
    tool_choice: { type: 'function', function: { name: 'fs.read' } },
  },
  'one tool defined twice': { messages: [user], tools: [chatTool('read'), chatTool('read')] },
  'ids that come again in every turn': {
    messages: many(3, () => [user, asks(['call_0', 'read']), answers('call_0')]).flat(),
    tools: [chatTool('read')],
  },
  'two calls of one id': {
    messages: [user, asks(['x', 'read'], ['x', 'read']), answers('x'), answers('x')],
    tools: [chatTool('read')],
  },
  'empty ids': { messages: [user, asks(['', 'read']), answers('')], tools: [chatTool('read')] },
  'a call that was never answered': { messages: [user, asks(['a', 'read']), user], tools: [chatTool('read')] },
  'a result without its call': { messages: [user, answers('a'), user], tools: [chatTool('read')] },
  'an instruction between call and result': {
    messages: [user, asks(['a', 'read'], ['b', 'read']), answers('a'), { role: 'system', content: 'x' }, answers('b')],
    tools: [chatTool('read')],
  },
};

// ---- Messages ---------------------------------------------------------------------------------------------------

const messagesTool = (name: string): JsonObject => ({ name, input_schema: parameters });
const uses = (...calls: readonly (readonly [id: string, name: string])[]): JsonObject => ({
  role: 'assistant',
  content: calls.map(([id, name]) => ({ type: 'tool_use', id, name, input: {} })),
});
const results = (...ids: readonly string[]): JsonObject => ({
  role: 'user',
  content: ids.map((tool_use_id) => ({ type: 'tool_result', tool_use_id, content: 'text' })),
});

const MESSAGES: Record<string, JsonObject> = {
  'names of 128 characters': {
    messages: [user, uses(['c', `${'m'.repeat(120)}1`]), results('c')],
    tools: many(2, (at) => messagesTool(`${'m'.repeat(120)}${at}`)),
    tool_choice: { type: 'tool', name: `${'m'.repeat(120)}1` },
  },
  'one tool defined twice': { messages: [user], tools: [messagesTool('read'), messagesTool('read')] },
  'ids that come again in every turn': {
    messages: many(3, () => [user, uses(['call_0', 'read']), results('call_0')]).flat(),
    tools: [messagesTool('read')],
  },
  'a use that was never answered': { messages: [user, uses(['a', 'read']), user], tools: [messagesTool('read')] },
  'a result without its use': { messages: [user, results('a'), user], tools: [messagesTool('read')] },
  'a result of nothing': {
    messages: [user, uses(['a', 'read']), { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a' }] }],
    tools: [messagesTool('read')],
  },
};

const CASES: Record<DialectName, Record<string, JsonObject>> = {
  'openai-responses': RESPONSES,
  'openai-chat': CHAT,
  'anthropic-messages': MESSAGES,
};

/** What every dialect's own service refuses; it reaches the tier as the caller said it, and nothing is made up. */
const ILLEGAL_ANYWHERE = /never answered|without its (?:call|use)|a result twice/;
/** Rules that a server of the dialect may have or not. */
const MATTER_OF_TASTE = /the last message is the assistant/;

/** The tool that a tier is told to call, if any. */
const forcedTool = (body: Json): string | undefined => {
  const choice = body.tool_choice as { name?: string; function?: { name?: string } } | undefined;
  return choice?.name ?? choice?.function?.name;
};

for (const privacy of ['local', 'cloud'] as const)
  for (const { name: dialect } of Object.values(dialects))
    describe(`a ${privacy} tier that speaks ${dialect} gets a legal request`, () => {
      let stage: OneTier;
      beforeAll(async () => {
        stage = await startOneTier(dialect, privacy, 1_000_000);
        stage.tier.always((request) => {
          const body = request.json as Json;
          const name = forcedTool(body);
          return answerSteps(dialect, body.stream === true, {
            blocks: [name ? { kind: 'tool', name, arguments: '{}' } : { kind: 'text', text: 'Here is the answer.' }],
          });
        });
      });
      afterAll(async () => {
        await quiet(stage.server);
        expect(stage.server.bugs).toEqual([]);
        await stage.server[Symbol.asyncDispose]();
        await stage.tier.stop();
      });

      for (const [caller, cases] of Object.entries(CASES) as [DialectName, Record<string, JsonObject>][]) {
        if (caller === dialect) continue;
        for (const [what, fields] of Object.entries(cases))
          test(`from ${caller}: ${what}`, async () => {
            const body = { model: 'chat', ...(caller === 'anthropic-messages' ? { max_tokens: 100 } : {}), ...fields };
            const response = await stage.server.post(PATH[caller], body);
            const text = await response.text();
            expect({ status: response.status, said: response.ok ? '' : text }).toEqual({ status: 200, said: '' });
            if (ILLEGAL_ANYWHERE.test(what)) return;
            const found = BREACHES[dialect](stage.tier.requests.at(-1)?.json as Json, privacy);
            expect(found.filter((breach) => !MATTER_OF_TASTE.test(breach))).toEqual([]);
          });
      }
    });
