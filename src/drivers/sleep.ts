/** How is an engine put to sleep, so that its GPU memory is free and it comes back sooner than from nothing? */

import { inOneLine, inTime } from '#core/plain-words';
import type { EngineName, ServeSpec } from '#core/serve-spec';
import { type ProbeAnswer, type ProbeWorld, probe } from '#drivers/readiness-probe';
import { pause } from '#platform/pause';

export type SleepLevel = 1 | 2;

/** It did not work. Whoever asked stops the server instead; its state is unknown. For people: what, where, what to do. */
export interface SleepFailure {
  readonly failed: string;
}

export interface Sleeper {
  /** The server must have no request running. Undefined when it sleeps. Never rejects. */
  sleep(spec: ServeSpec, level: SleepLevel, signal: AbortSignal): Promise<SleepFailure | undefined>;
  /** Undefined when it serves again. `level` is that at which it fell asleep. Never rejects. */
  wake(spec: ServeSpec, level: SleepLevel, signal: AbortSignal): Promise<SleepFailure | undefined>;
}

/** Weights are copied to host memory, at some gigabytes a second. */
const SLEEP_MS = 120_000;
/** A server that is asked whether it sleeps answers at once. */
const ASK_MS = 5_000;
const ASK_GAP_MS = 100;

interface Talk {
  /** 2xx or a failure. */
  post(path: string, json?: unknown): Promise<SleepFailure | undefined>;
  get(path: string): Promise<ProbeAnswer>;
  /** Asks until the answer is as wished, within the time of the whole talk. */
  until(path: string, isDone: (answer: ProbeAnswer) => boolean, wish: string): Promise<SleepFailure | undefined>;
  fail(what: string): SleepFailure;
}

type Step = (talk: Talk) => Promise<SleepFailure | undefined>;

interface EngineSleep {
  sleep(level: SleepLevel): Step;
  wake(level: SleepLevel): Step;
}

const isOk = (answer: ProbeAnswer): boolean => answer.kind === 'answer' && answer.status >= 200 && answer.status < 300;

const jsonOf = (answer: ProbeAnswer): Readonly<Record<string, unknown>> => {
  if (answer.kind !== 'answer') return {};
  try {
    const value: unknown = JSON.parse(answer.text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
};

/** One step after the other, up to the first that fails. */
const inOrder =
  (...steps: readonly Step[]): Step =>
  async (talk) => {
    for (const step of steps) {
      const failure = await step(talk);
      if (failure !== undefined) return failure;
    }
    return undefined;
  };

const post =
  (path: string, json?: unknown): Step =>
  (talk) =>
    talk.post(path, json);

const saysSleeping =
  (asleep: boolean): Step =>
  (talk) =>
    talk.until(
      '/is_sleeping',
      (answer) => jsonOf(answer).is_sleeping === asleep,
      asleep ? 'it did not fall asleep' : 'it did not wake up',
    );

/**
 * vLLM: routes of its development mode, absent without `VLLM_SERVER_DEV_MODE=1`. Level 1 moves the weights to host
 * memory. Level 2 drops them, and waking alone brings back memory full of garbage which the server answers from without
 * a word: the weights have to be loaded in between, before the cache is allocated, and cached prefixes forgotten.
 * See docs.vllm.ai, features/sleep_mode.
 */
const vllm: EngineSleep = {
  sleep: (level) => inOrder(post(`/sleep?level=${level}`), saysSleeping(true)),
  wake: (level) =>
    level === 1
      ? inOrder(post('/wake_up'), saysSleeping(false))
      : inOrder(
          post('/wake_up?tags=weights'),
          post('/collective_rpc', { method: 'reload_weights' }),
          post('/wake_up?tags=kv_cache'),
          post('/reset_prefix_cache'),
          saysSleeping(false),
        ),
};

/** SGLang forgets released weights unless it was started with a copy of them in host memory; then it answers garbage. */
const keepsWeights: Step = async (talk) => {
  const newer = await talk.get('/server_info');
  const info = jsonOf(isOk(newer) ? newer : await talk.get('/get_server_info'));
  const missing = [
    ...(info.enable_memory_saver === true ? [] : ['--enable-memory-saver']),
    ...(info.enable_weights_cpu_backup === true ? [] : ['--enable-weights-cpu-backup']),
  ];
  return missing.length === 0
    ? undefined
    : talk.fail(`it does not say that it runs with ${missing.join(' and ')}, without which sleep loses the weights`);
};

/** SGLang: memory is released and resumed; `/health_generate` makes one token, so it proves that weights are back. */
const sglang: EngineSleep = {
  sleep: (level) =>
    level === 1
      ? inOrder(keepsWeights, post('/release_memory_occupation', {}))
      : async (talk) => talk.fail('SGLang cannot reload every kind of weights in place; use sleep_level = 1'),
  wake: () =>
    inOrder(post('/resume_memory_occupation', {}), (talk) =>
      talk.until('/health_generate', isOk, 'it makes no token after waking'),
    ),
};

/** llama.cpp's server gives memory back only by ending; of others nothing is known. */
const ENGINES: Readonly<Partial<Record<EngineName, EngineSleep>>> = { vllm, sglang };

const REMEDIES: Readonly<Partial<Record<EngineName, string>>> = {
  vllm: 'start it with --enable-sleep-mode and VLLM_SERVER_DEV_MODE=1 in its environment, or leave out sleep_level',
  sglang: 'start it with --enable-memory-saver --enable-weights-cpu-backup, or leave out sleep_level',
};

const createTalk = (spec: ServeSpec, world: ProbeWorld, signal: AbortSignal, timeoutMs: number): Talk => {
  const origin = `http://127.0.0.1:${spec.port}`;
  const { clock } = world;
  const due = clock.now() + timeoutMs;
  const left = (): number => Math.max(1, due - clock.now());
  const remedy = REMEDIES[spec.engine];
  const fail = (what: string): SleepFailure => ({
    failed: `${spec.name} on port ${spec.port}: ${what}${remedy === undefined ? '' : `; ${remedy}`}`,
  });
  const described = (path: string, answer: ProbeAnswer): string => {
    if (answer.kind !== 'answer') return `${path}: ${answer.detail}`;
    const said = inOneLine(answer.text.trim(), 160);
    return `${path} answers ${answer.status}${said === '' ? '' : ` (${said})`}`;
  };
  return {
    fail,
    get: (path) => probe(world, origin + path, { timeoutMs: Math.min(ASK_MS, left()), signal }),
    async post(path, json) {
      const answer = await probe(world, origin + path, { timeoutMs: left(), signal, post: { json } });
      return isOk(answer) ? undefined : fail(described(path, answer));
    },
    async until(path, isDone, wish) {
      for (;;) {
        const answer = await probe(world, origin + path, { timeoutMs: Math.min(ASK_MS, left()), signal });
        if (isDone(answer)) return undefined;
        if (clock.now() >= due) return fail(`${wish} within ${inTime(timeoutMs)}; ${described(path, answer)}`);
        if (!(await pause(clock, Math.min(ASK_GAP_MS, left()), signal))) return fail('it was given up');
      }
    },
  };
};

/** Sleep and waking of the engines that have it; for any other both fail without asking. */
export const createSleeper = (world: ProbeWorld): Sleeper => {
  const perform = (
    spec: ServeSpec,
    signal: AbortSignal,
    timeoutMs: number,
    choose: (engine: EngineSleep) => Step,
  ): Promise<SleepFailure | undefined> => {
    const engine = ENGINES[spec.engine];
    const talk = createTalk(spec, world, signal, timeoutMs);
    if (engine === undefined) return Promise.resolve(talk.fail(`${spec.engine} has no sleep; leave out sleep_level`));
    return choose(engine)(talk);
  };
  return {
    sleep: (spec, level, signal) => perform(spec, signal, SLEEP_MS, (engine) => engine.sleep(level)),
    wake: (spec, level, signal) => perform(spec, signal, spec.loadTimeoutMs, (engine) => engine.wake(level)),
  };
};
