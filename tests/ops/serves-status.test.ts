/** `serves status` reports what Docker says, what a serve answers, and in what it differs from its declaration. */
import { describe, expect, test } from 'bun:test';
import { reportStatus } from '#ops/serves/status';
import { container, fakeMachine, serveNamed } from '#tests/ops/serves-fake-world';
import { refusedPort } from '#tests/support/ports';

/** A model server that answers its health path with `health` and lists `models`. */
const server = (health: number, models: readonly string[]) =>
  Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) =>
      new URL(request.url).pathname === '/v1/models'
        ? Response.json({ object: 'list', data: models.map((id) => ({ id })) })
        : new Response('', { status: health }),
  });

const report = async (health: number, models: readonly string[], declared: string | undefined, status = 'running') => {
  const listening = server(health, models);
  try {
    const machine = fakeMachine();
    const startedAt = machine.world.effects.clock.wall() - 90_000;
    machine.containers.set('a-box', container('a-box', status, { startedAt, restartCount: 2 }));
    const serve = serveNamed('a', {
      port: listening.port ?? 0,
      ...(declared === undefined ? {} : { model: declared }),
    });
    const { serves } = await reportStatus([serve], machine.world);
    return serves[0];
  } finally {
    await listening.stop(true);
  }
};

describe('a serve that runs', () => {
  test('is well when its health path says so and it lists its model', async () => {
    expect(await report(204, ['m', 'n'], 'n')).toMatchObject({
      state: 'running',
      health: 204,
      models: ['m', 'n'],
      drift: [],
      uptime_ms: 90_000,
      restarts: 2,
      exit_code: null,
      well: true,
    });
  });

  test('is well without a declared model, whatever it lists', async () => {
    expect((await report(200, ['m'], undefined))?.well).toBe(true);
  });

  test('is not well with another model, which is drift', async () => {
    expect(await report(200, ['m'], 'n')).toMatchObject({ well: false, drift: ['lists m, declared is n'] });
  });

  test('is not well while its health path says 503, and the status is shown', async () => {
    expect(await report(503, [], undefined)).toMatchObject({ health: 503, well: false });
  });

  test('is not well when nobody answers', async () => {
    await using port = await refusedPort();
    const machine = fakeMachine();
    machine.containers.set('a-box', container('a-box', 'running'));
    const { serves } = await reportStatus([serveNamed('a', { port: port.port })], machine.world);
    expect(serves[0]).toMatchObject({ state: 'running', health: null, models: null, well: false });
  });
});

test('of a serve that does not run nothing is asked, and its exit code is told', async () => {
  expect(await report(200, ['m'], 'm', 'exited')).toMatchObject({
    state: 'exited',
    health: null,
    models: null,
    uptime_ms: null,
    exit_code: 3,
    well: false,
  });
});

test('without an engine the state is an error with its reason, and nothing is thrown', async () => {
  const { serves } = await reportStatus([serveNamed('a')], fakeMachine({ noDocker: 'no engine answers' }).world);
  expect(serves[0]).toMatchObject({ state: 'error', detail: 'no engine answers', well: false });
});

test('the memory of the GPUs is what nvidia-smi says', async () => {
  const machine = fakeMachine();
  machine.programs.set('nvidia-smi', { out: '0, GPU-1, Card, 24576, 1234\n' });
  const { gpus } = await reportStatus([], machine.world);
  expect(gpus).toMatchObject([{ index: 0, usedMib: 1234, totalMib: 24576 }]);
});
