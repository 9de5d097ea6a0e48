/** Is a word that every object inherits (`constructor`) read as the word it is, and an odd object as no word at all? */
import { expect, test } from 'bun:test';
import type { JsonObject } from '#core/message';
import { dialects } from '#dialects/dialect';

const read = (name: keyof typeof dialects, body: JsonObject) => {
  const request = dialects[name].readRequest(body, JSON.stringify(body));
  if ('kind' in request) throw new Error(request.message);
  return { request, conversation: dialects[name].conversation(request) };
};

test.each(['openai-chat', 'anthropic-messages'] as const)('a role %s does not know is a user, and said so', (name) => {
  for (const role of ['constructor', 'toString', '__proto__']) {
    const { conversation } = read(name, { model: 'm', max_tokens: 1, messages: [{ role, content: 'hello' }] });
    expect(conversation.turns.map((turn) => turn.role)).toEqual(['user']);
    expect(conversation.losses).toContain('messages.role');
  }
});

test('a response format whose type is no text demands no JSON', () => {
  const body = {
    model: 'm',
    messages: [{ role: 'user', content: 'x' }],
    response_format: { type: { toString: null } },
  };
  expect(read('openai-chat', body).request.facts.wantsJson).toBe(false);
});
