/** Where do instructions stand in what a local chat template gets? First and once; every later one in a user's turn. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { JsonObject } from '#core/message';
import { dialects } from '#dialects/dialect';
import { localChatMessages } from '#dialects/openai-chat/local';
import { requestOf, tierOf } from '#tests/dialects/support';

const chat = dialects['openai-chat'];
const system = (content: unknown): JsonObject => ({ role: 'system', content });
const user = (content: unknown): JsonObject => ({ role: 'user', content });
const said = (content: string): JsonObject => ({ role: 'assistant', content });
const call: JsonObject = {
  role: 'assistant',
  content: null,
  tool_calls: [{ id: 'a', type: 'function', function: { name: 'A', arguments: '{}' } }],
};
const result: JsonObject = { role: 'tool', tool_call_id: 'a', content: 'x' };
const reminder = (text: string): string => `<system-reminder>\n${text}\n</system-reminder>`;

describe('messages for a local template', () => {
  const CASES: readonly (readonly [string, readonly JsonObject[], readonly JsonObject[]])[] = [
    ['several standing instructions become one', [system('a'), system('b'), user('c')], [system('a\n\nb'), user('c')]],
    [
      'parts of standing instructions become one text',
      [system([{ type: 'text', text: 'a' }]), { role: 'developer', content: 'b' }, user('c')],
      [system('a\n\nb'), user('c')],
    ],
    [
      'one behind the user’s words joins them',
      [user('a'), system('late'), said('b')],
      [user(`a\n\n${reminder('late')}`), said('b')],
    ],
    [
      'one in front of the user’s words joins those',
      [user('a'), said('b'), system('late'), user('c')],
      [user('a'), said('b'), user(`${reminder('late')}\n\nc`)],
    ],
    [
      'one among tool results waits for them',
      [user('a'), call, system('late'), result, said('b')],
      [user('a'), call, result, user(reminder('late')), said('b')],
    ],
    [
      'one at the very end is the user’s',
      [user('a'), said('b'), system('late')],
      [user('a'), said('b'), user(reminder('late'))],
    ],
    [
      'one beside a picture is a part of its own',
      [user([{ type: 'image_url', image_url: { url: 'u' } }]), system('late'), said('b')],
      [
        user([
          { type: 'image_url', image_url: { url: 'u' } },
          { type: 'text', text: reminder('late') },
        ]),
        said('b'),
      ],
    ],
    ['an empty one is nothing', [user('a'), system(''), said('b')], [user('a'), said('b')]],
  ];
  for (const [title, before, after] of CASES) {
    test(title, () => expect(localChatMessages(before)).toEqual(after));
  }

  test('stay as they are where the template takes them', () => {
    for (const messages of [[user('a')], [system('a'), user('b')], [system('a')], [user('a'), call, result]]) {
      expect(localChatMessages(messages)).toBeUndefined();
    }
  });
});

test('no word is lost or repeated, roles are legal, and a second pass changes nothing', () => {
  const text = fc.uuid();
  const turn = fc.oneof(
    text.map((content) => [system(content)]),
    text.map((content) => [{ role: 'developer', content }]),
    text.map((content) => [user(content)]),
    text.map((content) => [user([{ type: 'text', text: content }])]),
    text.map((content) => [said(content)]),
    text.map((content) => [call, { ...result, content }]),
  );
  fc.assert(
    fc.property(fc.array(turn, { minLength: 1, maxLength: 8 }), (turns) => {
      const before = turns.flat();
      const request = requestOf(chat, { model: 'm', messages: before });
      const { messages } = JSON.parse(chat.forward(request, tierOf(), false).text);
      const roles = messages.map(({ role }: JsonObject) => role);
      expect(roles).not.toContain('developer');
      expect(roles.lastIndexOf('system')).toBeLessThanOrEqual(0);
      const wordsOf = (value: unknown): readonly string[] => JSON.stringify(value).match(/[0-9a-f-]{36}/g) ?? [];
      expect([...wordsOf(messages)].sort()).toEqual([...wordsOf(before)].sort());
      expect(localChatMessages(messages)).toBeUndefined();
      expect(chat.forward(request, tierOf({ privacy: 'cloud' }), false).text).toBe(request.text);
    }),
    { numRuns: 500 },
  );
});
