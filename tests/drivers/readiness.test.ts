/** A started server is ready when it is well and names its model; until then its waiters learn why not. */
import { describe, expect, test } from 'bun:test';
import type { ServeSpec } from '#core/serve-spec';
import type { RunningServe, ServeExit } from '#drivers/driver';
import { untilReady } from '#drivers/readiness';
import { drivenWorld } from '#tests/drivers/drive';
import { type SimulatedClock, settle } from '#tests/support/clock';
import { refusedPort } from '#tests/support/ports';

type Reply = (look: number) => Response | Promise<Response>;

const ok: Reply = () => new Response('ok');
const models = (...ids: readonly string[]): Response =>
  Response.json({ object: 'list', data: ids.map((id) => ({ id, object: 'model' })) });

/** A server that counts how often each path was asked. */
const serverOf = (replies: Readonly<Record<string, Reply>>) => {
  const looks = new Map<string, number>();
  return Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    fetch(request) {
      const { pathname } = new URL(request.url);
      const look = (looks.get(pathname) ?? 0) + 1;
      looks.set(pathname, look);
      return replies[pathname]?.(look) ?? new Response('', { status: 404 });
    },
  });
};

const specFor = (port: number, changes: Partial<ServeSpec> = {}): ServeSpec => ({
  name: 'small',
  engine: 'vllm',
  launch: { driver: 'process', argv: ['true'] },
  container: 'anvil-small',
  servedModel: 'qwen3',
  port,
  health: '/health',
  gpus: [],
  env: {},
  envFrom: [],
  loadTimeoutMs: 60_000,
  stopMs: 1_000,
  ...changes,
});

const serveWith = (lines: string[] = []): RunningServe & { end(exit: ServeExit): void } => {
  const { promise, resolve } = Promise.withResolvers<ServeExit>();
  return { id: '1', exited: promise, tail: () => [...lines], letGo: () => undefined, end: resolve };
};

const never = new AbortController().signal;

/** A question that was broken off gives its timer back when its connection is closed, which takes a turn or two. */
const nothingPends = async (clock: SimulatedClock): Promise<void> => {
  while (clock.pending > 0) await settle();
};

describe('a server is ready', () => {
  test('when its health answers and its list names the model', async () => {
    await using server = serverOf({ '/health': ok, '/v1/models': () => models('other', 'qwen3') });
    const world = drivenWorld();
    const spec = specFor(server.port ?? 0);
    expect(await world.drive(untilReady(spec, serveWith(), { ...world, signal: never }))).toBe('ready');
    expect(world.clock.now()).toBe(0);
    expect(world.clock.pending).toBe(0);
  });

  test('when only its health counts, because no model is declared', async () => {
    await using server = serverOf({ '/ping': ok });
    const world = drivenWorld();
    const { servedModel: _, ...rest } = specFor(server.port ?? 0, { health: '/ping' });
    expect(await world.drive(untilReady(rest, serveWith(), { ...world, signal: never }))).toBe('ready');
    expect(world.asked).toEqual(['GET /ping']);
  });

  test('after a while of refused health, with ever longer gaps', async () => {
    const loading = (look: number) => new Response('', { status: look < 8 ? 503 : 200 });
    await using server = serverOf({ '/health': loading, '/v1/models': () => models('qwen3') });
    const world = drivenWorld();
    const spec = specFor(server.port ?? 0);
    expect(await world.drive(untilReady(spec, serveWith(), { ...world, signal: never }))).toBe('ready');
    // 250 + 375 + 562.5 + 843.75 + 1265.625 + 1898.4375 + 2000 ms.
    expect(world.clock.now()).toBeCloseTo(7195.3, 0);
  });

  test('after a list that names nothing, or is none, for a while', async () => {
    const list: Reply = (look) =>
      look === 1 ? models() : look === 2 ? new Response('<html>') : look === 3 ? Response.json([]) : models('qwen3');
    await using server = serverOf({ '/health': ok, '/v1/models': list });
    const world = drivenWorld();
    expect(await world.drive(untilReady(specFor(server.port ?? 0), serveWith(), { ...world, signal: never }))).toBe(
      'ready',
    );
  });

  test('after one list with another name, since the first may be early', async () => {
    const list: Reply = (look) => (look === 1 ? models('default') : models('qwen3'));
    await using server = serverOf({ '/health': ok, '/v1/models': list });
    const world = drivenWorld();
    expect(await world.drive(untilReady(specFor(server.port ?? 0), serveWith(), { ...world, signal: never }))).toBe(
      'ready',
    );
  });
});

describe('a server is not ready', () => {
  test('and fails at once when it names another model twice in a row', async () => {
    await using server = serverOf({ '/health': ok, '/v1/models': () => models('llama', 'gemma') });
    const world = drivenWorld();
    const port = server.port ?? 0;
    expect(await world.drive(untilReady(specFor(port), serveWith(['line']), { ...world, signal: never }))).toEqual({
      kind: 'wrong-model',
      detail: `small on port ${port}: it serves "llama", "gemma" instead of "qwen3": correct its served model name`,
      lines: ['line'],
    });
    expect(world.clock.now()).toBe(250);
  });

  test('and fails at once when its list asks for a key', async () => {
    await using server = serverOf({ '/health': ok, '/v1/models': () => new Response('', { status: 401 }) });
    const world = drivenWorld();
    const outcome = await world.drive(untilReady(specFor(server.port ?? 0), serveWith(), { ...world, signal: never }));
    expect(outcome).toMatchObject({ kind: 'wrong-model' });
    expect(outcome).toHaveProperty(
      'detail',
      expect.stringContaining('/v1/models answers 401: start it without an API key'),
    );
  });

  test('when it ends, at once and with its last lines', async () => {
    await using port = await refusedPort();
    const world = drivenWorld();
    const serve = serveWith(['CUDA out of memory']);
    const waiting = untilReady(specFor(port.port), serve, { ...world, signal: never });
    serve.end({ code: 1, detail: 'exited with 1' });
    expect(await world.drive(waiting)).toEqual({
      kind: 'exited',
      detail: `small on port ${port.port} ended while loading: exited with 1`,
      lines: ['CUDA out of memory'],
    });
    await nothingPends(world.clock);
  });

  test('when it goes to the background, and the message says that it may not', async () => {
    await using port = await refusedPort();
    const world = drivenWorld();
    const serve = serveWith();
    const waiting = untilReady(specFor(port.port), serve, { ...world, signal: never });
    serve.end({ code: 0, detail: 'exited with 0' });
    expect(await world.drive(waiting)).toHaveProperty(
      'detail',
      expect.stringContaining('exited with 0: a server has to stay in the foreground'),
    );
  });

  test('in its time, and the message says what it was waiting for', async () => {
    await using port = await refusedPort();
    const world = drivenWorld();
    const spec = specFor(port.port, { loadTimeoutMs: 10_000 });
    const outcome = await world.drive(untilReady(spec, serveWith(), { ...world, signal: never }));
    expect(outcome).toMatchObject({ kind: 'timeout' });
    expect(outcome).toHaveProperty(
      'detail',
      expect.stringMatching(/^small on port \d+ was not ready within 10\.00 s: \/health: \w+/),
    );
    expect(world.clock.now()).toBe(10_000);
  });

  test('in its time when each question is left without an answer', async () => {
    const world = drivenWorld(['/health']);
    const spec = specFor(1, { loadTimeoutMs: 12_000 });
    const outcome = await world.drive(untilReady(spec, serveWith(), { ...world, signal: never }));
    expect(outcome).toHaveProperty('detail', expect.stringContaining('/health: no answer within 5 s'));
    // Questions of 5 s with gaps of 250 and 375 ms between them.
    expect(world.asked).toHaveLength(3);
  });

  test('when nobody waits any more, at once', async () => {
    await using port = await refusedPort();
    const world = drivenWorld();
    const over = new AbortController();
    const waiting = untilReady(specFor(port.port), serveWith(), { ...world, signal: over.signal });
    over.abort();
    expect(await world.drive(waiting)).toMatchObject({ kind: 'aborted' });
    const late = untilReady(specFor(port.port), serveWith(), { ...world, signal: over.signal });
    expect(await world.drive(late)).toMatchObject({ kind: 'aborted' });
    await nothingPends(world.clock);
  });

  test('when its list is larger than anybody reads', async () => {
    const large = models(...Array.from({ length: 100_000 }, (_, number) => `model-number-${number}`));
    const text = await large.text();
    await using server = serverOf({ '/health': ok, '/v1/models': () => new Response(text) });
    const world = drivenWorld();
    const spec = specFor(server.port ?? 0, { loadTimeoutMs: 1_000 });
    const outcome = await world.drive(untilReady(spec, serveWith(), { ...world, signal: never }));
    expect(outcome).toHaveProperty('detail', expect.stringContaining('more than 1048576 bytes'));
  });
});

test('progress is the newest line, told whenever there is another one', async () => {
  const lines: string[] = [];
  const loading: Reply = (look) => {
    if (look % 2 === 0) lines.push(`shard ${look / 2}`);
    return new Response('', { status: look < 7 ? 503 : 200 });
  };
  await using server = serverOf({ '/health': loading, '/v1/models': () => models('qwen3') });
  const world = drivenWorld();
  const told: string[] = [];
  const options = { ...world, signal: never, onProgress: (line: string) => void told.push(line) };
  expect(await world.drive(untilReady(specFor(server.port ?? 0), serveWith(lines), options))).toBe('ready');
  expect(told).toEqual(['shard 1', 'shard 2', 'shard 3']);
});
