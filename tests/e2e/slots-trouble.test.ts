/** What becomes of callers when a model's server dies, has to make room, or the router itself is told to leave? */
import { describe, expect, test } from 'bun:test';
import { SOURCE } from '#tests/e2e/program';
import { type SlotsWorld, startSlotsWorld } from '#tests/e2e/slots-world';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import type { SeenRequest } from '#tests/support/fake-tier-requests';
import { chatSeen, messagesSeen, readerOf, type StreamSeen } from '#tests/support/sse';
import { responsesSeen } from '#tests/support/sse-responses';

const LIMIT_MS = 60_000;
/** An answer that goes on until it is ended from outside. */
const LONG = ['--script-tokens', '100000', '--script-token-ms', '10'];
/** Seconds long, and too short to be taken for a loop. */
const SLOW = ['--script-tokens', '40', '--script-token-ms', '50'];
const decisionOf = ({ headers }: Response): string => headers.get('x-anvil-decision') ?? '';
const asked = { role: 'user', content: 'hello' };

const kill = async (world: SlotsWorld, model: 'alpha' | 'beta'): Promise<void> => {
  const { serve } = await world.slot(model);
  process.kill(Number(serve), 'SIGKILL');
};

/** Loads a model by asking for a short answer of it. */
const warm = async (world: SlotsWorld, tier: string): Promise<void> => {
  const response = await world.chat(tier, { max_tokens: 2 });
  expect([tier, response.status]).toEqual([tier, 200]);
  await response.body?.cancel();
};

describe('a server killed in the middle of an answer', () => {
  test(
    'that was held: the next tier answers, and the model comes back by itself',
    async () => {
      await using world = await startSlotsWorld({ script: { alpha: SLOW } });
      world.spare.always(answerSteps('openai-chat', true, plainAnswer('The spare one.')));
      await warm(world, 'a');
      const response = world.chat('chat', { stream: true });
      await world.until(({ slots }) => slots.some(({ leases }) => leases === 1));
      await kill(world, 'alpha');
      const seen = chatSeen(await (await response).text());
      expect([seen.text, seen.terminal]).toEqual(['The spare one.', true]);
      const { attempts } = await world.record(decisionOf(await response));
      expect(attempts).toMatchObject([
        { tier: 'a', outcome: 'error' },
        { tier: 'spare', outcome: 'served' },
      ]);
      const { slots } = await world.until((status) => status.slots.some(({ loads }) => loads === 2));
      expect(slots.find(({ model }) => model === 'alpha')).toMatchObject({ crashes: 1 });
      await world.until((status) => status.slots.some(({ state }) => state === 'ready'));
      const { text } = chatSeen(await (await world.chat('a', { stream: true, max_tokens: 3 })).text());
      expect(text).toBe('I am alpha');
    },
    LIMIT_MS,
  );

  test(
    'that had begun to leave: another tier carries it on where that is asked for',
    async () => {
      await using world = await startSlotsWorld({
        script: { alpha: SLOW },
        tier: 'engine = "vllm"',
        tables: '[router.resume]\nmode = "text"\n[router.hold]\nallow = "none"\n"allow-with-verify" = "none"\n',
      });
      await warm(world, 'a');
      let given = '';
      world.spare.always((request: SeenRequest) => {
        const last = (request.json as { messages: { role: string; content: string }[] }).messages.at(-1);
        given = last?.role === 'assistant' ? last.content : '';
        return answerSteps('openai-chat', true, plainAnswer(', said the spare one.'));
      });
      const response = await world.chat('chat', { stream: true });
      const reader = readerOf(response);
      await reader.until('alpha');
      await kill(world, 'alpha');
      const seen = chatSeen(await reader.rest());
      expect([seen.text, seen.terminal, seen.error]).toEqual([`${given}, said the spare one.`, true, undefined]);
      expect(given).toStartWith('I am alpha');
    },
    LIMIT_MS,
  );
});

describe('an answer that outlasts the drain limit', () => {
  const ways: readonly (readonly [string, object, (body: string) => StreamSeen])[] = [
    ['/v1/chat/completions', { messages: [asked] }, chatSeen],
    ['/v1/messages', { messages: [asked], max_tokens: 50_000 }, messagesSeen],
    ['/v1/responses', { input: [asked] }, responsesSeen],
  ];

  test(
    'is cut with an error event of its dialect; record and explain say why',
    async () => {
      await using world = await startSlotsWorld({
        script: { alpha: LONG },
        policy: 'drain_timeout_seconds = 0.2\nwait_bound_seconds = 1\n',
      });
      // Measured loads take the place of the declared ones, which are long.
      for (const tier of ['a', 'b']) await warm(world, tier);
      for (const [path, body, seenIn] of ways) {
        const response = await world.post(path, { model: 'a', stream: true, ...body });
        const reader = readerOf(response);
        await reader.until('alpha');
        const other = await world.chat('b', { max_tokens: 3 });
        expect([path, other.status]).toEqual([path, 200]);
        const seen = seenIn(await reader.rest());
        expect([path, seen.error === undefined]).toEqual([path, false]);
        expect(JSON.stringify(seen.error)).toContain('the answer broke off');
        const record = await world.record(decisionOf(response));
        expect(record).toMatchObject({ outcome: 'broken', attempts: [{ slot: { model: 'alpha', cut: true } }] });
        const words = ['explain', decisionOf(response), '--url', world.serving.url];
        const told = Bun.spawnSync([...(await SOURCE.command()), ...words]).stdout.toString();
        expect(told).toContain('cut off: its model had to make room for another one, and the drain limit had passed');
        expect(told).toContain('raise drain_timeout_seconds in the registry');
      }
      const { swaps } = await world.until(({ slots }) => slots.every(({ leases }) => leases === 0));
      expect(swaps.cut).toBe(ways.length);
      const metrics = await (await fetch(`${world.serving.url}/metrics`)).text();
      expect(metrics).toMatch(/anvil_multiplexer_\w*cut\w* 3/);
    },
    LIMIT_MS,
  );
});

describe('a router that is told to leave', () => {
  test(
    'under load lets answers end, also of those that wait for a model, and leaves no process behind',
    async () => {
      await using world = await startSlotsWorld({ script: { alpha: SLOW } });
      await warm(world, 'a');
      const running = await Promise.all(Array.from({ length: 8 }, () => world.chat('a', { stream: true })));
      const readers = running.map(readerOf);
      await Promise.all(readers.map((reader) => reader.until('alpha')));
      const waiting = Array.from({ length: 4 }, () => world.chat('b', { max_tokens: 3 }));
      await world.until((status) => status.waiting === 4);
      expect(await world.left()).toHaveLength(1);
      world.serving.signal('SIGTERM');
      const seen = (await Promise.all(readers.map((reader) => reader.rest()))).map(chatSeen);
      expect(seen.map(({ terminal, error }) => [terminal, error])).toEqual(seen.map(() => [true, undefined]));
      // In flight as well: they get their model, and their answers.
      expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      expect(await world.serving.exited).toBe(0);
      expect(await world.left()).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'while a model loads breaks the load off and leaves no process behind',
    async () => {
      await using world = await startSlotsWorld({ loadMs: { alpha: 60_000 } });
      const leaving = new AbortController();
      const response = world.chat('a', {}, leaving.signal).catch(() => undefined);
      await world.until(({ slots }) => slots.some(({ lines }) => lines?.some((line) => line.includes('starts'))));
      leaving.abort();
      await response;
      expect(await world.left()).toHaveLength(1);
      world.serving.signal('SIGTERM');
      expect(await world.serving.exited).toBe(0);
      expect(await world.left()).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'twice, with answers that never end: they are cut, and no process is left',
    async () => {
      await using world = await startSlotsWorld({ script: { alpha: LONG } });
      const reader = readerOf(await world.chat('a', { stream: true }));
      await reader.until('alpha');
      world.serving.signal('SIGTERM');
      await world.serving.logged(/"leaving"/);
      world.serving.signal('SIGTERM');
      await reader.rest().catch(() => undefined);
      expect(await world.serving.exited).toBe(1);
      expect(await world.left()).toEqual([]);
    },
    LIMIT_MS,
  );
});
