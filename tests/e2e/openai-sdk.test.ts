/** Does the official OpenAI client work against the running router as it does against the API itself? */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import OpenAI from 'openai';
import { PROGRAMS } from '#tests/e2e/program';
import { startWorld, type World } from '#tests/e2e/world';
import { BAD_ANSWERS, GOOD_ANSWERS, plainAnswer } from '#tests/support/answer';
import { answerSteps, eventsFor } from '#tests/support/answers';
import type { SeenRequest } from '#tests/support/fake-tier-requests';
import { json, sseHead } from '#tests/support/fake-tier-steps';

const ANSWER = plainAnswer('The counter is reset inside the loop. Größe: 3 µm — 東京.');
const TEXT = 'The counter is reset inside the loop. Größe: 3 µm — 東京.';

/** Each call opens a conversation of its own: an old one would stay with the tier that served it last. */
let opened = 0;
const opening = () => [{ role: 'user' as const, content: `hello for the ${++opened}. time` }];
const READ_FILE = {
  type: 'function' as const,
  function: {
    name: 'read_file',
    description: 'Reads a file.',
    parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
  },
};

const streams = ({ json: body }: SeenRequest): boolean => (body as { stream?: boolean }).stream === true;

for (const program of PROGRAMS) {
  describe(`the ${program.name}`, () => {
    let world: World;
    let client: OpenAI;
    /** Requests that the client made, retries included. */
    let made = 0;

    beforeAll(async () => {
      world = await startWorld({
        program,
        config: { tables: '[router.breaker]\navailability_failures = 100\nquality_failures = 100\n' },
      });
      client = new OpenAI({
        baseURL: `${world.serving.url}/v1`,
        apiKey: 'any',
        fetch: (url, init) => {
          made++;
          return fetch(url, init);
        },
      });
    }, 60_000);
    afterEach(() => {
      made = 0;
    });
    afterAll(() => world[Symbol.asyncDispose]());

    test('a whole completion', async () => {
      world.fast.reply((request) => answerSteps('openai-chat', streams(request), ANSWER));
      const { data, response } = await client.chat.completions
        .create({ model: 'chat', messages: opening() })
        .withResponse();
      expect(data.choices[0]).toMatchObject({ finish_reason: 'stop', message: { role: 'assistant', content: TEXT } });
      expect(data.model).toBe('chat');
      expect(data.usage).toMatchObject({ prompt_tokens: 25 });
      expect(response.headers.get('x-anvil-tier')).toBe('fast-local');
    });

    test('a stream, chunk by chunk, with usage when asked for and without when not', async () => {
      for (const include_usage of [true, false]) {
        world.fast.reply(answerSteps('openai-chat', true, ANSWER));
        const stream = await client.chat.completions.create({
          model: 'chat',
          messages: opening(),
          stream: true,
          ...(include_usage ? { stream_options: { include_usage } } : {}),
        });
        let text = '';
        let usage = 0;
        const reasons: unknown[] = [];
        for await (const chunk of stream) {
          text += chunk.choices[0]?.delta.content ?? '';
          if (chunk.choices[0]?.finish_reason) reasons.push(chunk.choices[0].finish_reason);
          usage += chunk.usage ? 1 : 0;
        }
        expect([text, reasons, usage]).toEqual([TEXT, ['stop'], include_usage ? 1 : 0]);
      }
    });

    test('the stream helper puts the answer together', async () => {
      world.fast.reply(answerSteps('openai-chat', true, GOOD_ANSWERS['parallel tool calls']));
      const stream = client.chat.completions.stream({ model: 'chat', messages: opening(), tools: [READ_FILE] });
      const completion = await stream.finalChatCompletion();
      expect(
        completion.choices[0]?.message.tool_calls?.map((call) => (call.type === 'function' ? call.function : call)),
      ).toMatchObject([
        { name: 'read_file', arguments: '{"path":"a.ts"}' },
        { name: 'read_file', arguments: '{"path":"b.ts"}' },
      ]);
    });

    test('a tool call makes the round trip', async () => {
      world.fast.reply((request) =>
        answerSteps('openai-chat', streams(request), {
          blocks: [{ kind: 'tool', name: 'read_file', arguments: '{"path":"src/ä.ts"}', id: 'call_1' }],
        }),
      );
      world.fast.reply((request) => answerSteps('openai-chat', streams(request), ANSWER));
      const from = world.fast.requests.length;
      const asked: unknown[] = [];
      const runner = client.chat.completions.runTools({
        model: 'chat',
        messages: opening(),
        tools: [
          {
            type: 'function',
            function: {
              ...READ_FILE.function,
              parse: JSON.parse,
              function: (input: { path: string }) => {
                asked.push(input);
                return 'export const one = 1;';
              },
            },
          },
        ],
      });
      expect(await runner.finalContent()).toBe(TEXT);
      expect(asked).toEqual([{ path: 'src/ä.ts' }]);
      const second = world.fast.requests[from + 1]?.json as { messages: Record<string, unknown>[] };
      expect(second.messages.slice(1)).toMatchObject([
        { role: 'assistant', tool_calls: [{ id: 'call_1', function: { name: 'read_file' } }] },
        { role: 'tool', tool_call_id: 'call_1', content: 'export const one = 1;' },
      ]);
    });

    test('an escalation is not to be seen: one request, one answer, no trace of the first', async () => {
      for (const { answer } of [BAD_ANSWERS['tool arguments cut off'], BAD_ANSWERS.empty]) {
        world.fast.reply(answerSteps('openai-chat', true, answer));
        world.heavy.reply(answerSteps('openai-chat', true, ANSWER));
        const stream = client.chat.completions.stream({ model: 'chat', messages: opening(), tools: [READ_FILE] });
        const completion = await stream.finalChatCompletion();
        expect(completion.choices[0]?.message.content).toBe(TEXT);
        expect(completion.choices[0]?.message.tool_calls ?? []).toEqual([]);
        expect(made).toBe(1);
        made = 0;
      }
    });

    test('exhaustion is one request and one error with our words, not a retry', async () => {
      for (const stream of [true, false]) {
        for (const tier of [world.fast, world.heavy]) tier.reply(json(500, { error: { message: 'boom' } }));
        const error = await client.chat.completions.create({ model: 'chat', messages: opening(), stream }).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (!(error instanceof OpenAI.APIError)) throw new Error('no API error');
        expect(error).toBeInstanceOf(OpenAI.InternalServerError);
        expect([error.status, error.code, made]).toEqual([503, 'exhausted', 1]);
        expect(error.message).toContain('no quality-gated tier is available for this request');
        expect(error.headers?.get('retry-after')).toBe('120');
        made = 0;
      }
    });

    test('the caller’s own mistake is a BadRequestError that names the parameter', async () => {
      const error = await client.chat.completions
        .create({ model: 'chat', messages: opening(), temperature: 'hot' as unknown as number })
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(OpenAI.BadRequestError);
      expect(error).toMatchObject({ status: 400, param: 'temperature' });
    });

    test('a stream that breaks is an error, never a short answer', async () => {
      const events = eventsFor('openai-chat', ANSWER);
      world.fast.reply([sseHead(), { chunk: events.slice(0, 4).join('') }, { waitFor: 'read' }, { reset: true }]);
      const stream = await client.chat.completions.create({ model: 'chat', messages: opening(), stream: true });
      const reading = (async () => {
        for await (const chunk of stream) if (chunk.choices[0]?.delta.content) world.fast.release('read');
      })();
      const error = await reading.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(OpenAI.APIError);
      expect(String(error)).toContain('broke off');
      expect(made).toBe(1);
    });

    test('an abort reaches the tier', async () => {
      const index = world.fast.requests.length;
      const events = eventsFor('openai-chat', ANSWER);
      world.fast.reply([sseHead(), { chunk: events.slice(0, 4).join('') }, { hang: true }]);
      const stream = await client.chat.completions.create({ model: 'chat', messages: opening(), stream: true });
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
      await world.fast.callerClosed(index);
    });

    test('the list of models is read, and one of them', async () => {
      const names: string[] = [];
      for await (const model of client.models.list()) names.push(model.id);
      const presets = ['planning', 'quick-edit', 'review', 'chat', 'long-context'];
      expect(names).toEqual(
        ['', 'claude-anvil-', 'anthropic/'].flatMap((prefix) => presets.map((name) => prefix + name)),
      );
      for (const name of ['chat', 'anthropic/chat']) expect((await client.models.retrieve(name)).id).toBe(name);
    });
  });
}
