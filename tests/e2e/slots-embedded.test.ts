/** Do callers get whole answers from two models that take turns on one GPU, however they ask? */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { SOURCE } from '#tests/e2e/program';
import { callersOf } from '#tests/e2e/resume-clients';
import { type ModelName, type SlotsWorld, startSlotsWorld } from '#tests/e2e/slots-world';
import { chatSeen, messagesSeen, readerOf, type StreamSeen } from '#tests/support/sse';
import { responsesSeen } from '#tests/support/sse-responses';

const LIMIT_MS = 60_000;
/** As the scripted engine answers. */
const sayingOf = (model: string): string => `I am ${model} and I say:`;
const WORDS = 6;
const other = (tier: string): string => (tier === 'a' ? 'b' : 'a');
const modelOf = (tier: string): ModelName => (tier === 'a' ? 'alpha' : 'beta');

let world: SlotsWorld;
beforeAll(async () => {
  world = await startSlotsWorld({
    group: 'keepalive_after_seconds = 0.1',
    tables: '[router.hold]\nkeepalive_every_seconds = 1\n',
  });
}, LIMIT_MS);
afterAll(() => world[Symbol.asyncDispose]());

/** The tier whose model is not loaded now: a question to it takes a load. */
const awayTier = async (): Promise<string> => ((await world.slot('alpha')).state === 'ready' ? 'b' : 'a');

const USER = { role: 'user', content: 'hello' };
interface Asking {
  readonly path: string;
  readonly body: (model: string) => object;
  readonly alive: string;
  readonly seen: (body: string) => StreamSeen;
}
const DIALECTS: Readonly<Record<string, Asking>> = {
  'Chat Completions': {
    path: '/v1/chat/completions',
    body: (model) => ({ model, messages: [USER], max_tokens: WORDS, stream: true }),
    alive: ': keep-alive\n\n',
    seen: chatSeen,
  },
  Messages: {
    path: '/v1/messages',
    body: (model) => ({ model, messages: [USER], max_tokens: WORDS, stream: true }),
    alive: 'event: ping\ndata: {"type":"ping"}\n\n',
    seen: messagesSeen,
  },
  Responses: {
    path: '/v1/responses',
    body: (model) => ({ model, input: [USER], max_output_tokens: WORDS, stream: true }),
    alive: ': keep-alive\n\n',
    seen: responsesSeen,
  },
};

describe('a stream that waits for its model', () => {
  for (const [name, { path, body, alive, seen }] of Object.entries(DIALECTS)) {
    test(
      `is told in the words of ${name} that somebody is there, and then answered whole`,
      async () => {
        const tier = await awayTier();
        const response = await world.post(path, body(tier));
        expect(response.status).toBe(200);
        const reader = readerOf(response);
        expect(await reader.until(alive)).toStartWith(alive);
        expect((await world.slot(modelOf(tier))).state).not.toBe('ready');
        const { text, terminal, error } = seen(await reader.rest());
        expect([text, terminal, error]).toEqual([sayingOf(modelOf(tier)), true, undefined]);
      },
      LIMIT_MS,
    );
  }
});

describe('the official clients', () => {
  for (const stream of [true, false]) {
    test(
      `get whole answers through swaps, ${stream ? 'streamed' : 'in one piece'}`,
      async () => {
        for (const caller of callersOf(world.serving.url)) {
          const tier = await awayTier();
          const { text, finish } = await caller.ask({ model: tier, stream });
          expect([caller.dialect, text.slice(0, sayingOf('alpha').length + 1)]).toEqual([
            caller.dialect,
            expect.stringContaining(modelOf(tier)),
          ]);
          expect(finish).toBeTruthy();
        }
      },
      LIMIT_MS,
    );
  }
});

test(
  'fifty at once, of both models, streamed and whole: all are answered by the model they asked for',
  async () => {
    const before = await world.slots();
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, number) => {
        const tier = number % 3 === 0 ? 'a' : 'b';
        const stream = number % 2 === 0;
        const response = await world.chat(tier, { stream, max_tokens: WORDS });
        const body = await response.text();
        const text = stream
          ? chatSeen(body).text
          : (JSON.parse(body) as { choices: { message: { content: string } }[] }).choices[0]?.message.content;
        return [response.status, text === sayingOf(modelOf(tier))];
      }),
    );
    expect(answers.filter(([status, right]) => status !== 200 || right !== true)).toEqual([]);
    const after = await world.until(({ waiting, slots }) => waiting === 0 && slots.every(({ leases }) => leases === 0));
    expect(after.swaps.cut).toBe(0);
    // Waiting work is served model by model: one swap for each, and one more if the first had already begun.
    expect(after.swaps.total - (before?.swaps.total ?? 0)).toBeLessThanOrEqual(3);
  },
  LIMIT_MS,
);

test('a wait for a load is on record, in the words of explain and in the metrics', async () => {
  const tier = await awayTier();
  const response = await world.chat(tier, { max_tokens: WORDS });
  await response.text();
  const record = await world.record(response.headers.get('x-anvil-decision') ?? '');
  expect(record.attempts).toMatchObject([{ outcome: 'served', slot: { model: modelOf(tier), needed: 'swap' } }]);
  const metrics = await (await fetch(`${world.serving.url}/metrics`)).text();
  expect(metrics).toMatch(/anvil_slot_wait_seconds_count\{tier="[ab]",needed="swap"\} \d/);
  expect(metrics).toMatch(/anvil_multiplexer_slot_state\{model="alpha"\} \d/);
  const words = ['multiplexer', 'status', '--url', world.serving.url];
  const status = Bun.spawnSync([...(await SOURCE.command()), ...words]).stdout.toString();
  expect(status).toMatch(new RegExp(`${modelOf(tier)} +ready`));
  expect(metrics).toContain('anvil_swap_group_known{group="gpu0"} 1');
});

test('one that hangs up while it waits leaves the queue, and its record says so', async () => {
  const tier = await awayTier();
  // A long answer of the resident keeps the other one waiting.
  const long = readerOf(await world.chat(other(tier), { stream: true }));
  const leaving = new AbortController();
  const gone = await world.chat(tier, { stream: true, max_tokens: WORDS }, leaving.signal);
  const reader = readerOf(gone);
  await reader.until(': keep-alive');
  leaving.abort();
  await world.until(({ waiting }) => waiting === 0);
  expect(chatSeen(await long.rest()).terminal).toBe(true);
  const record = await world.record(gone.headers.get('x-anvil-decision') ?? '');
  expect(record).toMatchObject({ outcome: 'cancelled' });
});
