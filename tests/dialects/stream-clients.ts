/** What do the official clients' stream helpers make of a stream? They fail as they fail for those who use them. */
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

/** Only the call itself is needed of the fetch interface. */
const answering = (body: string): typeof fetch =>
  (async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } })) as unknown as typeof fetch;

const openai = (body: string): OpenAI =>
  new OpenAI({ apiKey: 'k', baseURL: 'http://localhost/v1', maxRetries: 0, fetch: answering(body) });

const ASKED = { model: 'planning', messages: [{ role: 'user' as const, content: 'go' }] };

export const readMessages = (body: string): Promise<Anthropic.Message> =>
  new Anthropic({ apiKey: 'k', baseURL: 'http://localhost', maxRetries: 0, fetch: answering(body) }).messages
    .stream({ ...ASKED, max_tokens: 100 })
    .finalMessage();

export const readChat = (body: string): Promise<OpenAI.ChatCompletion> =>
  openai(body).chat.completions.stream(ASKED).finalChatCompletion();

export const readResponses = (body: string): Promise<OpenAI.Responses.Response> =>
  openai(body).responses.stream({ model: 'planning', input: 'go' }).finalResponse();
