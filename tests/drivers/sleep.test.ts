/** Engines are put to sleep and woken in the steps that keep their answers right, and say what they lack. */
import { describe, expect, test } from 'bun:test';
import type { EngineName, ServeSpec } from '#core/serve-spec';
import { createSleeper } from '#drivers/sleep';
import { drivenWorld } from '#tests/drivers/drive';
import { specOf } from '#tests/drivers/process-support';
import { refusedPort } from '#tests/support/ports';

const never = new AbortController().signal;

const specFor = (engine: EngineName, port: number): ServeSpec => specOf(port, [], { engine });

interface Vllm {
  /** Memory there is: everything, nothing, or weights without their cache. */
  memory: 'all' | 'none' | 'weights';
  weights: 'right' | 'garbage';
  readonly bodies: string[];
}

/** vLLM as far as sleep goes. Its answers are slow by a look: it still says the old thing once. */
const vllmServer = (state: Vllm, withRoutes = true) => {
  let stale = 0;
  let dropped = false;
  const routes: Readonly<Record<string, (query: URLSearchParams) => Response>> = {
    'POST /sleep': (query) => {
      state.memory = 'none';
      dropped = query.get('level') === '2';
      stale = 1;
      return new Response();
    },
    'POST /wake_up': (query) => {
      const tags = query.getAll('tags');
      if (tags.includes('kv_cache') && state.memory !== 'weights') return new Response('no weights', { status: 500 });
      state.memory = tags.length === 0 || tags.includes('kv_cache') ? 'all' : 'weights';
      if (dropped && !tags.includes('kv_cache')) state.weights = 'garbage';
      stale = 1;
      return new Response();
    },
    'POST /collective_rpc': () => {
      if (state.memory === 'none') return new Response('asleep', { status: 500 });
      state.weights = 'right';
      return Response.json({ results: [null] });
    },
    'POST /reset_prefix_cache': () => new Response(),
    'GET /is_sleeping': () => {
      const asleep = state.memory !== 'all';
      return Response.json({ is_sleeping: stale-- > 0 ? !asleep : asleep });
    },
  };
  return Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const url = new URL(request.url);
      const text = await request.text();
      if (text !== '') state.bodies.push(text);
      const route = withRoutes ? routes[`${request.method} ${url.pathname}`] : undefined;
      return route?.(url.searchParams) ?? new Response('{"detail":"Not Found"}', { status: 404 });
    },
  });
};

const awake = (): Vllm => ({ memory: 'all', weights: 'right', bodies: [] });

describe('vLLM', () => {
  test('sleeps at level 1 and wakes, and both are confirmed', async () => {
    const state = awake();
    await using server = vllmServer(state);
    const world = drivenWorld();
    const sleeper = createSleeper(world);
    const spec = specFor('vllm', server.port ?? 0);
    expect(await world.drive(sleeper.sleep(spec, 1, never))).toBeUndefined();
    expect(state.memory).toBe('none');
    expect(await world.drive(sleeper.wake(spec, 1, never))).toBeUndefined();
    expect(state).toMatchObject({ memory: 'all', weights: 'right' });
    expect(world.asked).toEqual([
      'POST /sleep?level=1',
      'GET /is_sleeping',
      'GET /is_sleeping',
      'POST /wake_up',
      'GET /is_sleeping',
      'GET /is_sleeping',
    ]);
  });

  test('wakes from level 2 with its weights loaded before its cache', async () => {
    const state = awake();
    await using server = vllmServer(state);
    const world = drivenWorld();
    const sleeper = createSleeper(world);
    const spec = specFor('vllm', server.port ?? 0);
    expect(await world.drive(sleeper.sleep(spec, 2, never))).toBeUndefined();
    expect(await world.drive(sleeper.wake(spec, 2, never))).toBeUndefined();
    expect(state).toEqual({ memory: 'all', weights: 'right', bodies: ['{"method":"reload_weights"}'] });
    expect(world.asked.filter((call) => call.startsWith('POST'))).toEqual([
      'POST /sleep?level=2',
      'POST /wake_up?tags=weights',
      'POST /collective_rpc',
      'POST /wake_up?tags=kv_cache',
      'POST /reset_prefix_cache',
    ]);
  });

  test('does not answer garbage: a wake whose weights cannot be loaded has failed', async () => {
    const state: Vllm = { memory: 'none', weights: 'garbage', bodies: [] };
    await using server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: (request) =>
        new URL(request.url).pathname === '/collective_rpc'
          ? new Response('AttributeError: reload_weights', { status: 500 })
          : Response.json({ is_sleeping: false }),
    });
    const world = drivenWorld();
    const failure = await world.drive(createSleeper(world).wake(specFor('vllm', server.port ?? 0), 2, never));
    expect(failure?.failed).toContain('/collective_rpc answers 500 (AttributeError: reload_weights)');
    expect(world.asked).toHaveLength(2);
    expect(state.memory).toBe('none');
  });

  test('without its development routes says how it has to be started', async () => {
    await using server = vllmServer(awake(), false);
    const world = drivenWorld();
    const port = server.port ?? 0;
    expect(await world.drive(createSleeper(world).sleep(specFor('vllm', port), 1, never))).toEqual({
      failed:
        `small on port ${port}: /sleep?level=1 answers 404 ({"detail":"Not Found"}); ` +
        'start it with --enable-sleep-mode and VLLM_SERVER_DEV_MODE=1 in its environment, or leave out sleep_level',
    });
  });

  test('that never says it sleeps has failed after two minutes', async () => {
    await using server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () => Response.json({ is_sleeping: false }),
    });
    const world = drivenWorld();
    const failure = await world.drive(createSleeper(world).sleep(specFor('vllm', server.port ?? 0), 1, never));
    expect(failure?.failed).toContain('it did not fall asleep within 2 min 0 s');
    expect(world.clock.now()).toBeCloseTo(120_000, -2);
  });

  test('that hangs has failed when the time is over, or when nobody waits', async () => {
    const world = drivenWorld(['/wake_up']);
    const sleeper = createSleeper(world);
    const failure = await world.drive(sleeper.wake(specFor('vllm', 1), 1, never));
    expect(failure?.failed).toContain('/wake_up: no answer within 30 s');
    expect(world.clock.now()).toBe(30_000);
    const over = new AbortController();
    const waiting = sleeper.wake(specFor('vllm', 1), 1, over.signal);
    over.abort();
    expect(await world.drive(waiting)).toBeDefined();
  });

  test('that is gone has failed', async () => {
    await using port = await refusedPort();
    const world = drivenWorld();
    expect(await world.drive(createSleeper(world).wake(specFor('vllm', port.port), 1, never))).toBeDefined();
  });
});

describe('SGLang', () => {
  const serverWith = (info: Readonly<Record<string, unknown>>, infoPath = '/server_info') => {
    let tokens = 0;
    return Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch(request) {
        const { pathname } = new URL(request.url);
        if (pathname === infoPath) return Response.json(info);
        // Waking goes on behind the answer.
        if (pathname === '/health_generate') return new Response('', { status: tokens++ < 2 ? 503 : 200 });
        return new Response('', { status: pathname.endsWith('_memory_occupation') ? 200 : 404 });
      },
    });
  };

  for (const infoPath of ['/server_info', '/get_server_info']) {
    test(`sleeps when ${infoPath} says that its weights are kept, and is awake once it makes a token`, async () => {
      await using server = serverWith({ enable_memory_saver: true, enable_weights_cpu_backup: true }, infoPath);
      const world = drivenWorld();
      const sleeper = createSleeper(world);
      const spec = specFor('sglang', server.port ?? 0);
      expect(await world.drive(sleeper.sleep(spec, 1, never))).toBeUndefined();
      expect(world.asked.at(-1)).toBe('POST /release_memory_occupation');
      expect(await world.drive(sleeper.wake(spec, 1, never))).toBeUndefined();
      expect(world.asked.slice(-4)).toEqual([
        'POST /resume_memory_occupation',
        'GET /health_generate',
        'GET /health_generate',
        'GET /health_generate',
      ]);
    });
  }

  test('is not put to sleep where that would lose its weights', async () => {
    await using server = serverWith({ enable_memory_saver: true, enable_weights_cpu_backup: false });
    const world = drivenWorld();
    const failure = await world.drive(createSleeper(world).sleep(specFor('sglang', server.port ?? 0), 1, never));
    expect(failure?.failed).toContain('it does not say that it runs with --enable-weights-cpu-backup');
    expect(world.asked).toEqual(['GET /server_info']);
  });

  test('has no level 2', async () => {
    const world = drivenWorld();
    const failure = await world.drive(createSleeper(world).sleep(specFor('sglang', 1), 2, never));
    expect(failure?.failed).toContain('use sleep_level = 1');
    expect(world.asked).toEqual([]);
  });
});

for (const engine of ['llama.cpp', 'custom'] as const) {
  test(`${engine} has no sleep, and is not asked`, async () => {
    const world = drivenWorld();
    const sleeper = createSleeper(world);
    const expected = { failed: `small on port 1: ${engine} has no sleep; leave out sleep_level` };
    expect(await sleeper.sleep(specFor(engine, 1), 1, never)).toEqual(expected);
    expect(await sleeper.wake(specFor(engine, 1), 2, never)).toEqual(expected);
    expect(world.asked).toEqual([]);
  });
}
