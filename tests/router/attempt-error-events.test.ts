/** What does the router do about an error that a tier tells only inside its stream, before anything has left? */
import { expect, test } from 'bun:test';
import { ask, CHAT, MESSAGES, openSmallHouse, play, RESPONSES } from '#tests/router/small-house';
import { chatErrorEvent } from '#tests/support/answers-chat';
import { messagesErrorEvent } from '#tests/support/answers-messages';
import { responsesErrorEvent } from '#tests/support/answers-responses';
import { sse } from '#tests/support/fake-tier-steps';
import { chatRequest, messagesRequest, responsesRequest } from '#tests/support/two-tiers';

/** A piece of a sound tier's answer as streamed. */
const PIECE = 'can I do for';

const BY_DIALECT = [
  {
    dialect: 'openai-chat',
    path: CHAT,
    request: chatRequest,
    busy: chatErrorEvent('Please try again in 7s.', 'tokens', 'rate_limit_exceeded'),
    refused: chatErrorEvent('tools[0] is wrong', 'BadRequestError', 400),
    key: chatErrorEvent('bad key', 'invalid_request_error', 'invalid_api_key'),
  },
  {
    dialect: 'anthropic-messages',
    path: MESSAGES,
    request: messagesRequest,
    busy: messagesErrorEvent('Please try again in 7s.', 'rate_limit_error'),
    refused: messagesErrorEvent('tools[0] is wrong', 'invalid_request_error'),
    key: messagesErrorEvent('bad key', 'authentication_error'),
  },
  {
    dialect: 'openai-responses',
    path: RESPONSES,
    request: responsesRequest,
    busy: responsesErrorEvent('Please try again in 7s.', 'rate_limit_exceeded'),
    refused: responsesErrorEvent('tools[0] is wrong', 'invalid_prompt'),
    key: responsesErrorEvent('bad key', 'invalid_api_key'),
  },
] as const;

for (const { dialect, path, request, busy, refused, key } of BY_DIALECT) {
  const opened = (event: string) => openSmallHouse({ dialect, scripts: { 'fast-local': () => play(sse([event])) } });

  test(`${dialect}: a rate limit goes to the next tier, is on record, and the tier gets its rest`, async () => {
    const house = await opened(busy);
    const first = await ask(house, path, request());
    expect(first.body).toContain(PIECE);
    expect(first.record.attempts).toMatchObject([
      { tier: 'fast-local', outcome: 'error', failure: 'rate-limited' },
      { tier: 'heavy-local', outcome: 'served' },
    ]);
    const second = await ask(house, path, request());
    expect(second.record.attempts.map(({ tier }) => tier)).toEqual(['heavy-local']);
  });

  test(`${dialect}: a request that is at fault is refused in the tier's words, and no breaker hears of it`, async () => {
    const house = await opened(refused);
    for (let turn = 0; turn < 4; turn++) {
      const { status, body, record } = await ask(house, path, request());
      expect(status).toBe(400);
      expect(body).toContain('tools[0] is wrong');
      expect(record.attempts).toMatchObject([{ tier: 'fast-local', failure: 'caller-error' }]);
      expect(record.outcome).toBe('refused');
    }
    expect(house.assembly.router.breakers.peek('fast-local', 'chat').state).toBe('closed');
  });

  test(`${dialect}: a refused key is the operator's matter, and the next tier answers`, async () => {
    const { body, record } = await ask(await opened(key), path, request());
    expect(body).toContain(PIECE);
    expect(record.attempts[0]).toMatchObject({ tier: 'fast-local', failure: 'unauthorized' });
  });
}

test('words that nobody knows are an answer that broke off, and prose stays out of the record', async () => {
  const event = `data: ${JSON.stringify({ error: { type: 'the SECRET of the prompt', message: 'x' } })}\n\n`;
  const house = await openSmallHouse({ scripts: { 'fast-local': () => play(sse([event])) } });
  const { record } = await ask(house, CHAT, chatRequest());
  expect(record.attempts[0]).toMatchObject({ failure: 'cut-off', detail: 'the tier sent an error event' });
});
