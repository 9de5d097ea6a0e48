/** Does the official OpenAI client, asking in the Responses dialect, get the same answer from a tier of any dialect? */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import OpenAI from 'openai';
import type { DialectName } from '#core/message';
import { type Answer, GOOD_ANSWERS } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import type { SeenRequest } from '#tests/support/fake-tier-requests';
import { startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

const streams = ({ json }: SeenRequest): boolean => (json as { stream?: boolean }).stream === true;

const TOOL = {
  type: 'function' as const,
  name: 'read_file',
  parameters: { type: 'object', properties: { path: { type: 'string' } } },
  strict: false,
};

/** Each call opens a conversation of its own: an old one would stay with the tier that served it last. */
let opened = 0;
const ask = () => ({ model: 'chat', input: `hello for the ${++opened}. time`, tools: [TOOL] });

const spokenBy = ({ output }: OpenAI.Responses.Response) =>
  output.flatMap((item): unknown[] => {
    if (item.type === 'reasoning') return item.summary.map(({ text }) => ['thinking', text]);
    if (item.type === 'function_call') return [[item.name, JSON.parse(item.arguments)]];
    if (item.type !== 'message') return [item.type];
    return item.content.map((part) => (part.type === 'refusal' ? part.refusal : part.text));
  });

const EXPECTED: readonly (readonly [keyof typeof GOOD_ANSWERS, readonly unknown[]])[] = [
  ['text', ['The loop never ends because the counter is reset inside it. Move the assignment above the loop.']],
  ['multibyte', ['Größe: 3 µm — 東京 🚀👩‍🚀 e\u0301 \u2028 done']],
  ['thinking', [['thinking', 'Look at the counter first.'], 'The counter is reset inside the loop.']],
  ['tool call', ['Let me look.', ['read_file', { path: 'src/main.ts', lines: [1, 20] }]]],
  [
    'parallel tool calls',
    [
      ['read_file', { path: 'a.ts' }],
      ['read_file', { path: 'b.ts' }],
    ],
  ],
  ['cached prompt', ['As before.']],
  ['refusal', ['I cannot help with that.']],
];

for (const dialect of ['openai-chat', 'anthropic-messages', 'openai-responses'] as const satisfies DialectName[]) {
  describe(`from a tier that speaks ${dialect}`, () => {
    let world: TwoTiers;
    let client: OpenAI;

    const says = (answer: Answer): void => {
      for (const tier of [world.fast, world.heavy]) tier.always((seen) => answerSteps(dialect, streams(seen), answer));
    };

    beforeAll(async () => {
      world = await startTwoTiers({ dialect });
      client = new OpenAI({ apiKey: 'k', baseURL: `${world.server.url}/v1`, maxRetries: 0 });
    });
    afterAll(() => world[Symbol.asyncDispose]());

    for (const [name, expected] of EXPECTED) {
      test(`${name}, streamed and whole`, async () => {
        says(GOOD_ANSWERS[name]);
        const streamed = await client.responses.stream(ask()).finalResponse();
        const whole = await client.responses.create(ask());
        for (const response of [streamed, whole]) {
          expect(spokenBy(response)).toEqual([...expected]);
          expect(response.model).toBe('chat');
          // Messages has one word for refusals and filters, and here it is the filter's.
          const filtered = dialect === 'anthropic-messages' && name === 'refusal';
          expect(response.status).toBe(filtered ? 'incomplete' : 'completed');
        }
        expect(whole.usage).toEqual(streamed.usage);
        expect(world.server.bugs).toEqual([]);
      });
    }

    test('with the tier’s own usage, cached tokens included', async () => {
      says(GOOD_ANSWERS['cached prompt']);
      const { usage } = await client.responses.stream(ask()).finalResponse();
      expect(usage).toMatchObject({
        input_tokens: 1_200,
        input_tokens_details: { cached_tokens: 1_024 },
        output_tokens: 3,
        total_tokens: 1_203,
      });
    });

    test('with every response under an id of its own', async () => {
      if (dialect === 'openai-responses') return;
      says(GOOD_ANSWERS.text);
      const ids = [await client.responses.create(ask()), await client.responses.create(ask())].map(({ id }) => id);
      expect(new Set(ids).size).toBe(2);
    });
  });
}
