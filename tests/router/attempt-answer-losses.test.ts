/** Does the record name what of an answer the caller could not be told? */
import { expect, test } from 'bun:test';
import type { DialectName } from '#core/message';
import { ask, CHAT, MESSAGES, openSmallHouse, play, RESPONSES } from '#tests/router/small-house';
import { json, sse } from '#tests/support/fake-tier-steps';
import { chatRequest, messagesRequest, responsesRequest } from '#tests/support/two-tiers';

const SEARCH = {
  type: 'web_search_call',
  id: 'ws_1',
  status: 'completed',
  action: { type: 'search', query: 'PRIVATE' },
};
const TEXT = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'It is raining.', annotations: [{ type: 'url_citation', url: 'x' }] }],
};
const CLOSED = {
  id: 'resp_1',
  object: 'response',
  model: 'm',
  status: 'completed',
  output: [SEARCH, TEXT],
  usage: { input_tokens: 5, output_tokens: 4, total_tokens: 9 },
};
const event = (type: string, fields: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
const streamed = () =>
  play(
    sse([
      event('response.created', { response: { ...CLOSED, status: 'in_progress', output: [] } }),
      event('response.output_item.done', { output_index: 0, item: SEARCH }),
      event('response.output_item.done', { output_index: 1, item: TEXT }),
      event('response.completed', { response: CLOSED }),
    ]),
  );
const whole = () => play(json(200, CLOSED));

const opened = (dialect: DialectName, script: typeof streamed) =>
  openSmallHouse({ dialect, scripts: { 'fast-local': script } });

const LOST = ['answer.web_search_call', 'answer.annotations'];

for (const [name, path, request] of [
  ['Chat', CHAT, chatRequest],
  ['Messages', MESSAGES, messagesRequest],
] as const) {
  for (const stream of [true, false]) {
    test(`a ${name} caller that ${stream ? 'streams' : 'does not stream'}: items of hosted tools are named`, async () => {
      const house = await opened('openai-responses', streamed);
      const { body, record } = await ask(house, path, request({ stream }));
      expect(body).toContain('It is raining.');
      expect(record.attempts[0]).toMatchObject({ outcome: 'served', losses: LOST });
      expect(JSON.stringify(record)).not.toContain('PRIVATE');
    });
  }
}

test('nothing is named where the bytes are kept, streamed or whole, collected or unrolled', async () => {
  for (const [script, stream] of [
    [streamed, true],
    [streamed, false],
    [whole, false],
    [whole, true],
  ] as const) {
    const { body, record } = await ask(
      await opened('openai-responses', script),
      RESPONSES,
      responsesRequest({ stream }),
    );
    expect(body).toContain('PRIVATE');
    expect(record.attempts[0]?.outcome).toBe('served');
    expect(record.attempts[0]?.losses).toBeUndefined();
  }
});
