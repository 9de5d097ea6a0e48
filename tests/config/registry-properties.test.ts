// Whatever a registry says, what loads can be run: containers are unique, and every model fits its GPUs alone.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Registry } from '#core/registry';
import { problemLines, readJsonRegistry } from '#tests/config/registry-support';

/** Absent most of the time: rows that say everything contradict themselves. */
const maybe = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
const gpuId = fc.constantFrom<unknown>(0, 1, '0', 'GPU-a-b');

const row = fc.record({
  name: fc.constantFrom('a', 'b', 'a/b', 'a:b', 'c', 'anvil', '/', 'd-'),
  port: fc.constantFrom(1, 2, 3),
  model_path: fc.constantFrom<unknown>('/m/x', '/m/y', 'x/y', '/', undefined),
  engine: maybe(fc.constantFrom('vllm', 'sglang', 'llama.cpp', 'custom')),
  command: maybe(fc.constantFrom('srv', './srv {port}')),
  image: maybe(fc.constantFrom('i')),
  container: maybe(fc.constantFrom('anvil-a-b', 'z')),
  gpu: maybe(gpuId),
  gpus: maybe(fc.array(gpuId, { maxLength: 2 })),
  gpu_access: maybe(fc.constantFrom('nvidia', 'none')),
  vram_mib: fc.constantFrom(1, 100, 200, undefined),
  exclusive: maybe(fc.constantFrom('g', ['g', 'h'])),
  pinned: maybe(fc.boolean()),
  sleep_level: maybe(fc.constantFrom(1, 2)),
  sleep_vram_mib: maybe(fc.constantFrom(1, 100)),
  env: maybe(fc.constantFrom({ A: '1' }, { A_KEY: '1' })),
});

const registry = fc.record({
  models: fc.array(row, { minLength: 1, maxLength: 4 }),
  gpus: fc.option(fc.array(fc.record({ id: gpuId, vram_mib: fc.constantFrom(50, 150, undefined) }), { maxLength: 2 }), {
    nil: undefined,
    freq: 2,
  }),
});

const isRunnable = ({ models, gpus }: Registry): void => {
  const containers = models.map(({ serve }) => serve.container);
  expect(new Set(containers).size).toBe(containers.length);
  for (const container of containers) expect(container).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/);
  expect(new Set(models.map(({ swap }) => swap.name)).size).toBe(models.length);
  const sizeOf = new Map(gpus.map(({ id, vramMib }) => [id, vramMib]));
  for (const { swap, serve } of models) {
    for (const id of swap.gpus) {
      expect(sizeOf.has(id)).toBe(true);
      expect((swap.vramMib ?? 0) <= (sizeOf.get(id) ?? Number.POSITIVE_INFINITY)).toBe(true);
    }
    expect(new Set(swap.gpus).size).toBe(swap.gpus.length);
    // A server is never given a card that it is not counted on.
    for (const id of serve.gpus) expect(swap.gpus).toContain(id);
    if (swap.asleepMib !== undefined && swap.vramMib !== undefined && swap.vramMib > 1) {
      expect(swap.asleepMib).toBeLessThan(swap.vramMib);
    }
    const rivals = models.filter((other) => other.swap !== swap && other.serve.port === serve.port);
    for (const rival of rivals) {
      expect(swap.exclusive.some((group) => rival.swap.exclusive.includes(group))).toBe(true);
    }
    if (serve.launch.driver === 'docker') expect(serve.launch.image).not.toBe('');
    if (serve.launch.driver === 'process') expect(serve.launch.argv[0]).not.toBe('');
    expect(Object.keys(serve.env).some((name) => name.endsWith('_KEY'))).toBe(false);
  }
};

describe('any registry', () => {
  test('either can be run, or says what is wrong on which line', () => {
    let [sound, unsound] = [0, 0];
    fc.assert(
      fc.property(registry, (document) => {
        const result = readJsonRegistry(JSON.stringify(document, null, 1));
        if (result.ok) {
          sound++;
          isRunnable(result.registry);
        } else {
          unsound++;
          for (const line of problemLines(result)) expect(line).toMatch(/^\d+ .+ \| .+/);
        }
      }),
      { numRuns: 3000, seed: 5 },
    );
    // Both kinds are met often enough for the property to mean something.
    expect(Math.min(sound, unsound)).toBeGreaterThan(150);
  });

  test('of any JSON at all is answered without throwing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const result = readJsonRegistry(JSON.stringify(value));
        if (!result.ok) expect(result.problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 500, seed: 6 },
    );
  });
});
