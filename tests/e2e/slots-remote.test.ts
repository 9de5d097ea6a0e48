/** Does the router know, plan with and survive a multiplexer that runs as a process of its own? */
import { describe, expect, test } from 'bun:test';
import { SOURCE } from '#tests/e2e/program';
import { callersOf } from '#tests/e2e/resume-clients';
import { type RemoteWorld, startRemoteWorld } from '#tests/e2e/slots-remote-world';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import type { SeenRequest } from '#tests/support/fake-tier-requests';
import { chatSeen, messagesSeen, readerOf, type StreamSeen } from '#tests/support/sse';
import { responsesSeen } from '#tests/support/sse-responses';

const LIMIT_MS = 90_000;
const SAYING = 'I am alpha and I say:';
const WORDS = 6;
const asked = { role: 'user', content: 'hello' };

const candidatesOf = async (world: RemoteWorld, model: string): Promise<readonly string[]> => {
  const answer = (await (await world.post('/v1/route', { model })).json()) as {
    candidates: readonly { tier?: string; tier_id?: string }[];
  };
  return answer.candidates.map(({ tier, tier_id }) => tier ?? tier_id ?? '');
};

const explained = async (world: RemoteWorld, { id }: Record<string, unknown>): Promise<string> => {
  const words = ['explain', String(id), '--url', world.serving.url];
  return Bun.spawnSync([...(await SOURCE.command()), ...words]).stdout.toString();
};

const spareAnswers = ({ spare }: RemoteWorld): void => {
  spare.always((request: SeenRequest) =>
    answerSteps('openai-chat', (request.json as { stream?: boolean }).stream === true, plainAnswer('The spare one.')),
  );
};

describe('residency', () => {
  test(
    'follows what happens there, and the plan prefers what is ready',
    async () => {
      await using world = await startRemoteWorld({ rows: { alpha: 'load_seconds = 60', beta: 'load_seconds = 60' } });
      const first = await world.until(({ slots }) => slots.length === 2);
      expect(first.slots.map(({ state, needs }) => [state, needs])).toEqual([
        ['empty', 'load'],
        ['empty', 'load'],
      ]);
      // A minute of loading for an answer that another tier gives now.
      expect((await candidatesOf(world, 'chat'))[0]).toBe('spare');
      expect(await world.load('alpha')).toBe(200);
      await world.until(({ slots }) => slots.some(({ model, state }) => model === 'alpha' && state === 'ready'));
      expect((await candidatesOf(world, 'chat'))[0]).toBe('a');
      expect(await world.load('beta')).toBe(200);
      const swapped = await world.until(({ slots }) =>
        slots.some(({ model, state }) => model === 'beta' && state === 'ready'),
      );
      expect(swapped.slots.find(({ model }) => model === 'alpha')).toMatchObject({ state: 'empty', needs: 'swap' });
      // The one that is away comes last although it is configured before the spare one.
      expect(await candidatesOf(world, 'review')).toEqual(['b', 'spare', 'a']);
      const waited = await world.chat('a', { stream: true, max_tokens: WORDS });
      expect(chatSeen(await waited.text()).text).toBe(SAYING);
      const record = await world.record(waited.headers.get('x-anvil-decision') ?? '');
      expect(record.attempts).toMatchObject([{ slot: { model: 'alpha', needed: 'swap', elsewhere: true } }]);
      expect(await explained(world, record)).toContain('for its model to be swapped in');
      const metrics = await (await fetch(`${world.serving.url}/metrics`)).text();
      expect(metrics).toContain('anvil_swap_group_known{group="gpu0"} 1');
      expect(metrics).toContain('anvil_slot_wait_seconds_count{tier="a",needed="swap"} 1');
    },
    LIMIT_MS,
  );
});

test.concurrent(
  'the official clients get whole answers through swaps elsewhere',
  async () => {
    await using world = await startRemoteWorld();
    await world.until(({ slots }) => slots.length === 2);
    let other = 'b';
    for (const stream of [true, false]) {
      for (const caller of callersOf(world.serving.url)) {
        const tier = other;
        other = tier === 'a' ? 'b' : 'a';
        const { text, finish } = await caller.ask({ model: tier, stream });
        expect([caller.dialect, text]).toEqual([
          caller.dialect,
          expect.stringContaining(`I am ${tier === 'a' ? 'alpha' : 'beta'} and`),
        ]);
        expect(finish).toBeTruthy();
      }
    }
    expect((await world.slots())?.swaps.cut).toBe(0);
  },
  LIMIT_MS,
);

const WAYS: readonly (readonly [string, object, (body: string) => StreamSeen, string])[] = [
  ['/v1/chat/completions', { messages: [asked], max_tokens: WORDS }, chatSeen, ': keep-alive'],
  ['/v1/messages', { messages: [asked], max_tokens: WORDS }, messagesSeen, 'event: ping'],
  ['/v1/responses', { input: [asked], max_output_tokens: WORDS }, responsesSeen, ': keep-alive'],
];

test.concurrent(
  'a load of twelve seconds: keepalives of both, no deadline, and whole answers',
  async () => {
    // The multiplexer tells whoever streams that it is there after ten seconds; the router does so after half a second.
    await using world = await startRemoteWorld({
      loadMs: { alpha: 12_000 },
      rows: { alpha: 'load_seconds = 5' },
      group: 'keepalive_after_seconds = 0.5',
      tables:
        '[router.hold]\nkeepalive_every_seconds = 1\n[router.deadlines]\nfirst_byte_seconds = 2\nidle_seconds = 5\n',
    });
    await world.until(({ slots }) => slots.length === 2);
    const whole = world.chat('a', { max_tokens: WORDS });
    const bodies = await Promise.all(
      WAYS.map(async ([path, body]) => (await world.post(path, { model: 'a', stream: true, ...body })).text()),
    );
    for (const [index, [path, , seenIn, alive]] of WAYS.entries()) {
      const body = bodies[index] ?? '';
      const { text, terminal, error } = seenIn(body);
      expect([path, text, terminal, error]).toEqual([path, SAYING, true, undefined]);
      expect([path, body.split(alive).length > 8]).toEqual([path, true]);
    }
    const { choices } = (await (await whole).json()) as { choices: { message: { content: string } }[] };
    expect([(await whole).status, choices[0]?.message.content]).toEqual([200, SAYING]);
  },
  LIMIT_MS,
);

test.concurrent(
  'a multiplexer that is killed is unknown until it is back; meanwhile requests go elsewhere',
  async () => {
    await using world = await startRemoteWorld();
    spareAnswers(world);
    await world.until(({ slots }) => slots.length === 2);
    expect((await world.chat('a', { max_tokens: 2 })).status).toBe(200);
    const [pid] = await world.left();
    world.multiplexer.signal('SIGKILL');
    await world.serving.logged(/nothing is known of a multiplexer/);
    for (let count = 0; count < 3; count++) {
      const answer = await world.chat('chat', { stream: true });
      expect([answer.headers.get('x-anvil-tier'), chatSeen(await answer.text()).text]).toEqual([
        'spare',
        'The spare one.',
      ]);
    }
    await world.restart();
    const again = await world.until(({ slots }) =>
      slots.some(({ model, state }) => model === 'alpha' && state === 'ready'),
    );
    expect(again.slots.find(({ model }) => model === 'alpha')?.serve).toBe(String(pid));
    await world.serving.logged(/the multiplexer tells what is loaded/);
  },
  LIMIT_MS,
);

test.concurrent(
  'with a wrong token: the operator is told, nothing is known, and requests go elsewhere',
  async () => {
    await using world = await startRemoteWorld({ routerToken: 'wrong' });
    spareAnswers(world);
    const [line] = await world.serving.logged(/.*nothing is known of a multiplexer.*/);
    expect(line).toContain('refuses the token');
    expect(await world.slots()).toBeNull();
    const answer = await world.chat('chat');
    expect([answer.status, answer.headers.get('x-anvil-tier')]).toEqual([200, 'spare']);
    expect(world.serving.err()).not.toContain('wrong"');
    expect(await world.left()).toEqual([]);
  },
  LIMIT_MS,
);

test.concurrent(
  'an answer cut there in a drain ends with an error event here',
  async () => {
    await using world = await startRemoteWorld({
      script: { alpha: ['--script-tokens', '100000', '--script-token-ms', '10'] },
      policy: 'drain_timeout_seconds = 0.2\nwait_bound_seconds = 1\n',
    });
    await world.until(({ slots }) => slots.length === 2);
    for (const tier of ['a', 'b']) await (await world.chat(tier, { max_tokens: 2 })).text();
    const response = await world.chat('a', { stream: true });
    const reader = readerOf(response);
    await reader.until('alpha');
    expect((await world.chat('b', { max_tokens: 3 })).status).toBe(200);
    const seen = chatSeen(await reader.rest());
    expect(seen.error).toMatchObject({ code: 'broken' });
    const record = await world.record(response.headers.get('x-anvil-decision') ?? '');
    expect(record).toMatchObject({ outcome: 'broken', attempts: [{ slot: { model: 'alpha', cut: true } }] });
    expect(await explained(world, record)).toContain('raise drain_timeout_seconds in the registry');
  },
  LIMIT_MS,
);
