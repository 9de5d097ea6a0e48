/** Do the official clients of OpenAI and Anthropic work against the multiplexer: answers, streams, waits and errors? */
import { describe, expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { startHouse } from '#tests/server/multiplexer-house';
import { until } from '#tests/server/quiet';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps, eventsFor } from '#tests/support/answers';
import { createSimulatedClock } from '#tests/support/clock';
import { json, sseHead } from '#tests/support/fake-tier-steps';
import { rejectionOf } from '#tests/support/rejection';

const TEXT = 'Hello from the model.';
const messages = [{ role: 'user' as const, content: 'Hello?' }];

const openai = (url: string): OpenAI => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 });
const anthropic = (url: string): Anthropic => new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 });

describe('OpenAI', () => {
  test('chat, streamed and whole, and the list of models', async () => {
    await using house = await startHouse();
    house.alpha.always((request) =>
      answerSteps('openai-chat', request.body.includes('"stream":true'), plainAnswer(TEXT)),
    );
    const client = openai(house.url);
    const whole = await client.chat.completions.create({ model: 'alpha', messages });
    expect(whole.choices[0]?.message.content).toBe(TEXT);
    let text = '';
    for await (const chunk of await client.chat.completions.create({ model: 'alpha', messages, stream: true }))
      text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe(TEXT);
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['alpha', 'org/beta']);
    expect((await client.models.retrieve('org/beta')).id).toBe('org/beta');
  });

  test('responses, streamed after keepalives', async () => {
    const clock = createSimulatedClock();
    await using house = await startHouse({ effects: { clock } });
    house.multiplexer.holdBack();
    house.alpha.always(answerSteps('openai-responses', true, plainAnswer(TEXT)));
    const asking = openai(house.url).responses.create({ model: 'alpha', input: 'Hello?', stream: true });
    await until('asked', () => house.multiplexer.asked.length === 1);
    await clock.advance(10_000);
    const stream = await asking;
    await clock.advance(15_000);
    house.multiplexer.asked[0]?.answer();
    let text = '';
    for await (const event of stream) if (event.type === 'response.output_text.delta') text += event.delta;
    expect(text).toBe(TEXT);
  });

  test('errors have the right class, type and code', async () => {
    await using house = await startHouse();
    const client = openai(house.url);
    const missing = await rejectionOf(client.chat.completions.create({ model: 'gamma', messages }));
    expect(missing).toBeInstanceOf(OpenAI.NotFoundError);
    expect(missing).toMatchObject({ type: 'model_not_found', code: 'model_not_found' });
    house.multiplexer.refuse({ refused: 'queue-full', message: 'full', retryAfterMs: 3_000 });
    const full = await rejectionOf(client.chat.completions.create({ model: 'alpha', messages }));
    expect(full).toMatchObject({ status: 503, type: 'backend_unavailable', code: 'queue_full' });
  });

  test('an answer that is cut is an error of the stream', async () => {
    await using house = await startHouse();
    const [first = ''] = eventsFor('openai-chat', plainAnswer(TEXT));
    house.alpha.always([sseHead(), { chunk: first }, { hang: true }]);
    const stream = await openai(house.url).chat.completions.create({ model: 'alpha', messages, stream: true });
    const reading = (async () => {
      for await (const _ of stream) house.multiplexer.asked[0]?.cut();
    })();
    expect(String(await rejectionOf(reading))).toContain('the answer was cut');
  });

  test('embeddings', async () => {
    await using house = await startHouse();
    const data = [{ object: 'embedding', index: 0, embedding: [0.5, 0.25] }];
    house.beta.always(
      json(200, { object: 'list', data, model: 'org/beta', usage: { prompt_tokens: 1, total_tokens: 1 } }),
    );
    const made = await openai(house.url).embeddings.create({ model: 'org/beta', input: 'x', encoding_format: 'float' });
    expect(made.data[0]?.embedding).toEqual([0.5, 0.25]);
  });
});

describe('Anthropic', () => {
  test('messages, whole, and streamed after pings', async () => {
    const clock = createSimulatedClock();
    await using house = await startHouse({ effects: { clock } });
    house.alpha.always((request) =>
      answerSteps('anthropic-messages', request.body.includes('"stream":true'), plainAnswer(TEXT)),
    );
    const client = anthropic(house.url);
    const whole = await client.messages.create({ model: 'alpha', max_tokens: 10, messages });
    expect(whole.content).toMatchObject([{ type: 'text', text: TEXT }]);
    house.multiplexer.holdBack();
    const stream = client.messages.stream({ model: 'alpha', max_tokens: 10, messages });
    const done = stream.finalText();
    await until('asked', () => house.multiplexer.asked.length === 2);
    await clock.advance(10_000);
    await clock.advance(15_000);
    house.multiplexer.asked[1]?.answer();
    expect(await done).toBe(TEXT);
  });

  test('a load that fails in the stream is an API error with its words', async () => {
    const clock = createSimulatedClock();
    await using house = await startHouse({ effects: { clock } });
    house.multiplexer.holdBack();
    const failing = rejectionOf(
      anthropic(house.url).messages.stream({ model: 'alpha', max_tokens: 10, messages }).finalText(),
    );
    await until('asked', () => house.multiplexer.asked.length === 1);
    await clock.advance(10_000);
    house.multiplexer.asked[0]?.answer({ refused: 'load-failed', message: 'exited with 137 (out of memory)' });
    const error = await failing;
    expect(error).toBeInstanceOf(Anthropic.APIError);
    expect(String(error)).toContain('exited with 137');
  });

  test('errors have the right class and type', async () => {
    await using house = await startHouse();
    const missing = await rejectionOf(
      anthropic(house.url).messages.create({ model: 'gamma', max_tokens: 1, messages }),
    );
    expect(missing).toBeInstanceOf(Anthropic.NotFoundError);
    expect(missing).toMatchObject({ error: { error: { type: 'not_found_error' } } });
  });
});
