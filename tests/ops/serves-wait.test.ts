/** `serves up --wait` loads side by side what shares no GPU, one after the other what does, and says how each one ended. */
import { describe, expect, test } from 'bun:test';
import { bringUpReady } from '#ops/serves/wait';
import { container, fakeMachine, manifestOf, serveNamed } from '#tests/ops/serves-fake-world';
import { realClock } from '#tests/support/clock';

/** Answers 503 to the first look and 200 to later ones; tells what had been done at each. */
const slowServer = (deeds: readonly string[]) => {
  const seen: string[][] = [];
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () => {
      seen.push([...deeds]);
      return new Response('', { status: seen.length > 1 ? 200 : 503 });
    },
  });
  return { server, seen };
};

/** Brings two up on the given GPUs; what had been done when the first one was looked at first and last. */
const bringTwo = async (one: readonly string[], other: readonly string[]) => {
  const machine = fakeMachine();
  const { server, seen } = slowServer(machine.deeds);
  const port = server.port ?? 0;
  try {
    for (const name of ['a-box', 'b-box']) machine.containers.set(name, container(name, 'exited'));
    const [a, b] = [serveNamed('a', { port, gpus: one }), serveNamed('b', { port, gpus: other })];
    const world = { ...machine.world, effects: { ...machine.world.effects, clock: realClock } };
    const options = { recreate: false, dryRun: false, waitMs: 10_000 };
    const outcomes = await bringUpReady([a, b], manifestOf(a, b), options, world);
    return { outcomes, second: seen[1] ?? [] };
  } finally {
    await server.stop(true);
  }
};

describe('two serves', () => {
  test('that name one GPU load one after the other', async () => {
    const { outcomes, second } = await bringTwo(['0', '1'], ['1']);
    expect(outcomes.map(({ did }) => did)).toEqual(['ready', 'ready']);
    expect(second).toEqual(['start a-box']);
  });

  test('that name none in common load side by side', async () => {
    const { outcomes, second } = await bringTwo(['0'], ['1']);
    expect(outcomes.map(({ did }) => did)).toEqual(['ready', 'ready']);
    expect(second).toEqual(['start a-box', 'start b-box']);
  });
});

test('one that never answers fails after the time it is given, with what it was brought up by', async () => {
  const machine = fakeMachine();
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('', { status: 503 }) });
  try {
    machine.containers.set('a-box', container('a-box', 'running'));
    const serve = serveNamed('a', { port: server.port ?? 0 });
    const world = { ...machine.world, effects: { ...machine.world.effects, clock: realClock } };
    const options = { recreate: false, dryRun: false, waitMs: 50 };
    const [done] = await bringUpReady([serve], manifestOf(serve), options, world);
    expect(done?.did).toBe('failed');
    expect(done?.message).toBe(
      `already running, but a on port ${server.port} was not ready within 50 ms: /health answers 503`,
    );
  } finally {
    await server.stop(true);
  }
});

test('what was refused, or only planned, is not waited for', async () => {
  const machine = fakeMachine();
  machine.containers.set('a-box', container('a-box', 'dead'));
  const serves = [serveNamed('a'), serveNamed('b')];
  const options = { recreate: false, dryRun: true, waitMs: undefined };
  const outcomes = await bringUpReady(serves, manifestOf(...serves), options, machine.world);
  expect(outcomes.map(({ did }) => did)).toEqual(['refused', 'planned']);
});

test('an up that makes no container of that name is told', async () => {
  const machine = fakeMachine();
  const serve = serveNamed('a');
  const options = { recreate: false, dryRun: false, waitMs: undefined };
  const [done] = await bringUpReady([serve], manifestOf(serve), options, machine.world);
  expect(done?.did).toBe('failed');
  expect(done?.message).toContain('no container a-box came of it — see what up makes, or correct container');
});
