/** Shared by the tests of the Responses request side: requests that must be valid, and what is made of them. */
import type { Conversation, JsonObject, ModelRequest, RequestFacts } from '#core/message';
import type { Tier } from '#core/tier';
import { responsesConversation } from '#dialects/openai-responses/conversation';
import { forwardResponses } from '#dialects/openai-responses/forward';
import { renderResponses } from '#dialects/openai-responses/render';
import { readResponsesRequest } from '#dialects/openai-responses/request';
import { tierOf } from '#tests/dialects/support';

export const user = { role: 'user', content: 'go' };

/** Reads a body that must be valid; `input` and `model` have defaults. */
export const requestFrom = (fields: JsonObject): ModelRequest => {
  const body: JsonObject = { model: 'm', input: [user], ...fields };
  const read = readResponsesRequest(body, JSON.stringify(body));
  if ('kind' in read) throw new Error(`${read.message} (${read.param ?? 'no param'})`);
  return read;
};

export const factsOf = (fields: JsonObject): RequestFacts => requestFrom(fields).facts;
export const conversationOf = (fields: JsonObject): Conversation => responsesConversation(requestFrom(fields));
export const turnsOf = (...input: readonly unknown[]): Conversation['turns'] => conversationOf({ input }).turns;

export const responsesTier = (fields: Partial<Tier> = {}): Tier => tierOf({ dialect: 'openai-responses', ...fields });

export const OPENAI: Partial<Tier> = {
  baseUrl: 'https://api.openai.com/v1',
  privacy: 'cloud',
  model: 'gpt-5.5',
};

export const forwarded = (fields: JsonObject, tier: Partial<Tier> = {}, stream = false) => {
  const request = requestFrom(fields);
  const sent = forwardResponses(request, responsesTier(tier), stream);
  return { ...sent, request, body: JSON.parse(sent.text) };
};

const BARE = requestFrom({});

/** Body for a Responses tier from a conversation that another dialect's caller sent. */
export const rendered = (conversation: Partial<Conversation>, tier: Partial<Tier> = {}, stream = false) => {
  const whole: Conversation = {
    turns: [{ role: 'user', parts: [{ kind: 'text', text: 'go' }] }],
    tools: [],
    ...conversation,
  };
  const sent = renderResponses(whole, BARE, responsesTier(tier), stream);
  return { ...sent, body: JSON.parse(sent.text) };
};
