/** Do the official clients put an unrolled document together again? */
import { expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { dialects } from '#dialects/dialect';
import { contextOf } from '#tests/dialects/support';

const answering = (body: string): typeof fetch =>
  // Only the call itself is needed of the fetch interface.
  (async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } })) as unknown as typeof fetch;

const openai = (body: string): OpenAI =>
  new OpenAI({ apiKey: 'k', baseURL: 'http://localhost/v1', maxRetries: 0, fetch: answering(body) });

const USER = [{ role: 'user' as const, content: 'go' }];

test('Anthropic’s does, sources and server tools included', async () => {
  const content = [
    { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'rain' } },
    { type: 'text', text: 'Rain.', citations: [{ type: 'web_search_result_location', url: 'x', cited_text: 'r' }] },
    { type: 'tool_use', id: 'toolu_1', name: 'Read', input: { path: 'a' } },
  ];
  const usage = { input_tokens: 5, output_tokens: 4 };
  const reply = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content,
    stop_reason: 'tool_use',
    usage,
  };
  const client = new Anthropic({
    apiKey: 'k',
    baseURL: 'http://localhost',
    maxRetries: 0,
    fetch: answering(dialects['anthropic-messages'].unroll(reply, contextOf())),
  });
  const message = await client.messages.stream({ model: 'm', max_tokens: 9, messages: USER }).finalMessage();
  expect(JSON.parse(JSON.stringify(message.content))).toMatchObject(content);
  expect(message.stop_reason).toBe('tool_use');
  expect(message.usage).toMatchObject(usage);
});

test('OpenAI’s does for Chat', async () => {
  const call = { id: 'call_1', type: 'function', function: { name: 'Read', arguments: '{"path":"a"}' } };
  const message = { role: 'assistant', content: 'Rain.', tool_calls: [call] };
  const usage = { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 };
  const reply = {
    id: 'c',
    model: 'm',
    created: 1,
    choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
    usage,
  };
  const client = openai(dialects['openai-chat'].unroll(reply, contextOf()));
  const read = await client.chat.completions.stream({ model: 'm', messages: USER }).finalChatCompletion();
  expect(read.choices[0]?.message).toMatchObject(message);
  expect(read.choices[0]?.finish_reason).toBe('tool_calls');
  expect(read.usage).toMatchObject(usage);
});

test('OpenAI’s does for Responses, items of hosted tools included', async () => {
  const output = [
    { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm.' }], encrypted_content: 'g' },
    { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'rain' } },
    {
      type: 'message',
      id: 'msg_1',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'Rain.', annotations: [{ type: 'url_citation', url: 'x' }] }],
    },
    {
      type: 'function_call',
      id: 'fc_1',
      call_id: 'call_1',
      name: 'Read',
      arguments: '{"path":"a"}',
      status: 'completed',
    },
  ];
  const usage = { input_tokens: 5, output_tokens: 4, total_tokens: 9 };
  const reply = { id: 'resp_1', object: 'response', model: 'm', status: 'completed', output, usage };
  const client = openai(dialects['openai-responses'].unroll(reply, contextOf()));
  const texts: string[] = [];
  const stream = client.responses.stream({ model: 'm', input: 'go' });
  stream.on('response.output_text.delta', ({ delta }) => texts.push(delta));
  const response = await stream.finalResponse();
  expect(JSON.parse(JSON.stringify(response.output))).toMatchObject(output);
  expect(texts).toEqual(['Rain.']);
  expect(response.usage).toMatchObject(usage);
});
