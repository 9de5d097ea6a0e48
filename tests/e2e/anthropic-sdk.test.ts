/** Does the official Anthropic client work against the running router, its stateful tool runner included? */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { PROGRAMS } from '#tests/e2e/program';
import { startWorld, type World } from '#tests/e2e/world';
import { BAD_ANSWERS, plainAnswer } from '#tests/support/answer';
import { answerSteps, eventsFor } from '#tests/support/answers';
import type { SeenRequest } from '#tests/support/fake-tier-requests';
import { json, sseHead } from '#tests/support/fake-tier-steps';

const TEXT = 'The counter is reset inside the loop. Größe: 3 µm — 東京.';
const ANSWER = plainAnswer(TEXT);
const CALL = { kind: 'tool' as const, name: 'read_file', arguments: '{"path":"src/ä.ts"}', id: 'call_1' };

/** Each call opens a conversation of its own: an old one would stay with the tier that served it last. */
let opened = 0;
const asking = () => ({
  model: 'chat',
  max_tokens: 1_000,
  messages: [{ role: 'user' as const, content: `hello for the ${++opened}. time` }],
});

const streams = ({ json: body }: SeenRequest): boolean => (body as { stream?: boolean }).stream === true;

for (const program of PROGRAMS) {
  for (const dialect of ['openai-chat', 'anthropic-messages'] as const) {
    describe(`the ${program.name} in front of tiers that speak ${dialect}`, () => {
      let world: World;
      let client: Anthropic;
      /** Requests that the client made, retries included. */
      let made = 0;
      const says = (answer: typeof ANSWER) => (request: SeenRequest) => answerSteps(dialect, streams(request), answer);

      beforeAll(async () => {
        world = await startWorld({
          program,
          config: {
            dialect,
            tables:
              '[router.breaker]\navailability_failures = 100\nquality_failures = 100\n[router.hold]\nquick-edit = "all"\n',
          },
        });
        client = new Anthropic({
          baseURL: world.serving.url,
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

      test('a whole message', async () => {
        world.fast.reply(says(ANSWER));
        const { data, response } = await client.messages.create(asking()).withResponse();
        expect(data).toMatchObject({
          type: 'message',
          role: 'assistant',
          model: 'chat',
          content: [{ type: 'text', text: TEXT }],
          stop_reason: 'end_turn',
          usage: { input_tokens: 25 },
        });
        expect(data.id).toMatch(/^msg_/);
        expect(response.headers.get('x-anvil-tier')).toBe('fast-local');
      });

      test('a stream, put together by the client itself', async () => {
        world.fast.reply(
          says({ blocks: [{ kind: 'thinking', text: 'Look first.', signature: 's' }, ...ANSWER.blocks] }),
        );
        const stream = client.messages.stream(asking());
        const pieces: string[] = [];
        stream.on('text', (text) => pieces.push(text));
        const message = await stream.finalMessage();
        expect(pieces.join('')).toBe(TEXT);
        expect(pieces.length).toBeGreaterThan(2);
        expect(message.content.map(({ type }) => type)).toEqual(['thinking', 'text']);
        expect([message.stop_reason, message.usage.input_tokens]).toEqual(['end_turn', 25]);
      });

      test('two answers never have the same id', async () => {
        world.fast.reply(says({ ...ANSWER, id: '' })).reply(says({ ...ANSWER, id: '' }));
        const [first, second] = [await client.messages.create(asking()), await client.messages.create(asking())];
        expect(first.id).not.toBe(second.id);
      });

      test('the tool runner makes the round trip, after its thread was refused in its own words', async () => {
        world.fast.reply(says({ blocks: [{ kind: 'text', text: 'Let me look.' }, CALL] })).reply(says(ANSWER));
        const from = world.fast.requests.length;
        const asked: unknown[] = [];
        const readFile = betaTool({
          name: 'read_file',
          description: 'Reads a file.',
          inputSchema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
          run: (input) => {
            asked.push(input);
            return 'export const one = 1;';
          },
        });
        const message = await client.beta.messages.toolRunner({ ...asking(), tools: [readFile] });
        expect(message.content).toMatchObject([{ type: 'text', text: TEXT }]);
        expect(asked).toEqual([{ path: 'src/ä.ts' }]);
        expect(world.fast.requests.length).toBe(from + 2);
        expect(world.fast.requests[from + 1]?.body).toContain('export const one = 1;');
        expect(made).toBeLessThanOrEqual(3);
      });

      test('an escalation is not to be seen: one request, one answer, no trace of the first', async () => {
        for (const { answer } of [BAD_ANSWERS.truncated, BAD_ANSWERS.empty]) {
          world.fast.reply(says(answer));
          world.heavy.reply(says(ANSWER));
          const stream = client.messages.stream({ ...asking(), model: 'quick-edit' });
          expect(await stream.finalText()).toBe(TEXT);
          expect(made).toBe(1);
          made = 0;
        }
      });

      test('exhaustion is one request and one error with our words, not a retry', async () => {
        for (const stream of [true, false]) {
          for (const tier of [world.fast, world.heavy]) tier.reply(json(500, { error: { message: 'boom' } }));
          const error = await client.messages.create({ ...asking(), stream }).then(
            () => undefined,
            (reason: unknown) => reason,
          );
          if (!(error instanceof Anthropic.APIError)) throw new Error('no API error');
          expect([error.status, error.type, made]).toEqual([503, 'overloaded_error', 1]);
          expect(error.message).toContain('no quality-gated tier is available for this request');
          expect(error.headers?.get('retry-after')).toBe('120');
          made = 0;
        }
      });

      test('a stream that breaks is an error, never a short answer', async () => {
        const events = eventsFor(dialect, ANSWER);
        world.fast.reply([sseHead(), { chunk: events.slice(0, 5).join('') }, { waitFor: 'read' }, { reset: true }]);
        const stream = client.messages.stream(asking());
        stream.on('text', () => world.fast.release('read'));
        const error = await stream.finalMessage().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(Anthropic.APIError);
        expect(String(error)).toContain('broke off');
        expect(made).toBe(1);
      });

      test('an abort reaches the tier', async () => {
        const index = world.fast.requests.length;
        world.fast.reply([sseHead(), { chunk: eventsFor(dialect, ANSWER).slice(0, 5).join('') }, { hang: true }]);
        const stream = client.messages.stream(asking());
        stream.on('text', () => stream.abort());
        const error = await stream.finalMessage().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(Anthropic.APIUserAbortError);
        await world.fast.callerClosed(index);
      });

      test('the caller’s own mistake is a BadRequestError that names the field', async () => {
        const error = await client.messages.create({ ...asking(), max_tokens: -1 }).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(Anthropic.BadRequestError);
        expect(String(error)).toContain('max_tokens');
      });
    });
  }
}
