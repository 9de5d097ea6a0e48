/** What does reading a large request and deciding on it cost, step by step, in the router's own code? */
import { classify } from '#core/classifier';
import { isFailure } from '#core/failure';
import { scanJson } from '#core/json-splice';
import { BUILT_IN_KEYWORDS } from '#core/keywords';
import type { DialectName, JsonObject, ModelRequest } from '#core/message';
import type { World } from '#core/readiness';
import { dialects } from '#dialects/dialect';
import { bunEffects } from '#platform/bun-effects';
import { decide } from '#router/decide';
import { createMemory } from '#router/memory';
import { configure } from '#server/configuration';
import type { MicroResult } from './commands';
import { largeBody } from './micro-bodies';
import { spreadOf } from './numbers';
import { routerToml } from './router-process';

const DEPTH_MAX = 512;

/** Collects the time of named steps over many rounds. */
class Stopwatch {
  readonly #steps = new Map<string, number[]>();

  time<T>(step: string, run: () => T): T {
    const startedAt = performance.now();
    const value = run();
    this.add(step, (performance.now() - startedAt) * 1000);
    return value;
  }

  add(step: string, micros: number): void {
    const samples = this.#steps.get(step) ?? [];
    if (samples.length === 0) this.#steps.set(step, samples);
    samples.push(micros);
  }

  /** Without the first tenth, in which the code is still being compiled. */
  results(prefix: string): readonly MicroResult[] {
    return [...this.#steps].map(([step, samples]) => ({
      name: `${prefix}${step}`,
      micros: spreadOf(samples.slice(Math.floor(samples.length / 10))),
    }));
  }
}

/** Every tier is there, idle and in good health; nothing was spent and no session is known. */
const calmWorld = (memory: ReturnType<typeof createMemory>, request: ModelRequest): World => ({
  hasCredential: () => true,
  breaker: () => ({ state: 'closed', retryAfterMs: 0 }),
  unavailable: () => undefined,
  residency: () => undefined,
  loadOf: () => ({ inFlight: 0, queued: 0 }),
  ...memory.view(memory.sessionOf({ request, headers: new Headers(), token: undefined })),
});

const readRequest = (dialect: DialectName, value: JsonObject, text: string): ModelRequest => {
  const read = dialects[dialect].readRequest(value, text);
  if (isFailure(read)) throw new Error(`the large body is refused: ${read.message}`);
  return read;
};

/** All steps in order, and their sum, for one dialect. */
const measureDialect = async (dialect: DialectName, rounds: number): Promise<readonly MicroResult[]> => {
  const effects = { ...bunEffects(), env: () => undefined };
  const configured = await configure({ kind: 'text', text: routerToml('none', 1, ':memory:') }, effects);
  if (!configured.ok) throw new Error(configured.reason);
  const { generation } = configured;
  const [tier] = generation.settings.tiers;
  if (!tier) throw new Error('the configuration of the benchmark has no tier');
  const bytes = new TextEncoder().encode(await largeBody(dialect));
  const memory = createMemory(generation.settings, effects, { usd: 0, tokens: 0 });
  const watch = new Stopwatch();
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    const text = watch.time('decode UTF-8', () => new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    watch.time('scan depth', () => scanJson(text, DEPTH_MAX));
    const value = watch.time('parse JSON', () => JSON.parse(text) as JsonObject);
    const request = watch.time('check and read facts', () => readRequest(dialect, value, text));
    const world = watch.time('session mark', () => calmWorld(memory, request));
    const plan = watch.time('classify, resolve and plan', () =>
      decide(request, generation, BUILT_IN_KEYWORDS, memory.estimator, world),
    );
    if (plan.refusal) throw new Error(`the plan refuses: ${plan.refusal.message}`);
    watch.time('body for the tier', () => dialects[dialect].forward(request, { ...tier, dialect }, true));
    watch.add('all of it', (performance.now() - startedAt) * 1000);
    watch.time('classify alone', () => classify(request.facts, BUILT_IN_KEYWORDS));
  }
  return watch.results(`${dialect}, ${Math.round(bytes.length / 1000)} KB: `);
};

export const measureDeciding = async (rounds: number): Promise<readonly MicroResult[]> => [
  ...(await measureDialect('anthropic-messages', rounds)),
  ...(await measureDialect('openai-chat', rounds)),
  ...(await measureDialect('openai-responses', rounds)),
];
