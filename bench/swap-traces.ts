/** Which requests arrive when? The arrival traces of the swap bench, from seeds: no wall clock, no chance. */
import type { SwapModel, SwapTimes } from '#core/swap';
import type { Arrival, Ending, SimulatedModel } from '#tests/core/swap-simulator';
import type { Random } from '#tests/support/random';

const SECOND = 1000;

export interface Trace {
  readonly models: readonly SimulatedModel[];
  readonly arrivals: readonly Arrival[];
  /** Callers that ask again when they have been answered. */
  readonly next?: (ending: Ending) => readonly Arrival[];
}

export interface TraceKind {
  readonly title: string;
  readonly make: (random: Random) => Trace;
}

const timesOf = (loadMs: number): SwapTimes => ({
  loadMs,
  wakeMs: loadMs / 8,
  unloadMs: 3 * SECOND,
  sleepMs: 2 * SECOND,
});

const modelOf = (name: string, loadMs: number): SimulatedModel => {
  const swap: SwapModel = {
    name,
    gpus: ['gpu0'],
    exclusive: [],
    pinned: false,
  };
  return { swap, times: timesOf(loadMs) };
};

/** Milliseconds of an answer: mostly short, some long. */
const serviceMs = (random: Random, meanMs: number): number =>
  Math.round(Math.min(4 * meanMs, meanMs * (0.3 - 0.7 * Math.log(1 - random.float()))));

const gapMs = (random: Random, meanMs: number): number => Math.round(-meanMs * Math.log(1 - random.float()));

const REQUESTS = 400;

interface Stream {
  readonly model: string;
  readonly everyMs: number;
  readonly answerMs: number;
}

/** Requests that come by themselves, independent of each other. */
const poisson = (random: Random, streams: readonly Stream[], requests = REQUESTS): readonly Arrival[] => {
  const arrivals: Arrival[] = [];
  for (const { model, everyMs, answerMs } of streams) {
    let at = 0;
    for (let index = 0; index < requests; index++) {
      at += gapMs(random, everyMs);
      arrivals.push({ id: `${model}${index}`, model, at, serviceMs: serviceMs(random, answerMs) });
    }
  }
  const ends = streams.map(({ model }) => arrivals.findLast((one) => one.model === model)?.at ?? 0);
  return arrivals.filter(({ at }) => at <= Math.min(...ends)).sort((one, other) => one.at - other.at);
};

const alternating = (random: Random, everyMs: number): readonly Arrival[] =>
  Array.from({ length: REQUESTS }, (_, index) => ({
    id: `r${index}`,
    model: index % 2 === 0 ? 'a' : 'b',
    at: Math.round((index + 0.6 * random.float()) * everyMs),
    serviceMs: serviceMs(random, 6 * SECOND),
  }));

const bursts = (random: Random, models: readonly string[]): readonly Arrival[] => {
  const arrivals: Arrival[] = [];
  let at = 0;
  while (arrivals.length < REQUESTS) {
    const model = random.pick(models);
    for (let left = random.integer(3, 12); left > 0; left--) {
      arrivals.push({ id: `r${arrivals.length}`, model, at, serviceMs: serviceMs(random, 6 * SECOND) });
      at += random.integer(0, SECOND);
    }
    at += gapMs(random, 45 * SECOND);
  }
  return arrivals;
};

interface Turn {
  readonly model: string;
  readonly answerMs: number;
  /** Between the answer before and this request. */
  readonly thinkMs: number;
}

/** Callers each of which sends its next request when it has its answer. */
const loops = (
  random: Random,
  callers: number,
  turns: number,
  turnOf: (caller: Random, callerIndex: number, turn: number) => Turn,
): Pick<Trace, 'arrivals' | 'next'> => {
  const rngs = Array.from({ length: callers }, (_, index) => random.fork(`caller ${index}`));
  const request = (caller: number, turn: number, after: number): readonly Arrival[] => {
    const rng = rngs[caller];
    if (rng === undefined || turn >= turns) return [];
    const { model, answerMs, thinkMs } = turnOf(rng, caller, turn);
    return [{ id: `${caller}.${turn}`, model, at: after + thinkMs, serviceMs: serviceMs(rng, answerMs) }];
  };
  return {
    arrivals: rngs.flatMap((rng, index) => request(index, 0, rng.integer(0, 10 * SECOND))),
    next: ({ arrival, endedAt }) => {
      const [caller = '', turn = ''] = arrival.id.split('.');
      return request(Number(caller), Number(turn) + 1, endedAt);
    },
  };
};

const backAndForth = (random: Random, callers: number): Pick<Trace, 'arrivals' | 'next'> =>
  loops(random, callers, Math.ceil(REQUESTS / callers), (rng, caller, turn) => ({
    model: (caller + turn) % 2 === 0 ? 'a' : 'b',
    answerMs: 6 * SECOND,
    thinkMs: rng.integer(500, 4 * SECOND),
  }));

/** Plans with one model, edits several times with another, has it reviewed by a third, or the first where there is none. */
const agents = (random: Random, callers: number, reviewer: string): Pick<Trace, 'arrivals' | 'next'> => {
  const round = ['plan', 'edit', 'edit', 'edit', 'edit', 'edit', 'edit', 'review'] as const;
  const models = { plan: 'planner', edit: 'editor', review: reviewer };
  const answers = { plan: 15 * SECOND, edit: 5 * SECOND, review: 10 * SECOND };
  return loops(random, callers, 15 * round.length, (rng, _caller, turn) => {
    const step = round[turn % round.length] ?? 'edit';
    // A round begins when a person has read the last one.
    const thinkMs = step === 'plan' ? rng.integer(10 * SECOND, 60 * SECOND) : rng.integer(300, 3 * SECOND);
    return { model: models[step], answerMs: answers[step], thinkMs };
  });
};

const two = (loadMs: number): readonly SimulatedModel[] => [modelOf('a', loadMs), modelOf('b', loadMs)];
const smallCrew = [modelOf('planner', 4 * SECOND), modelOf('editor', 2 * SECOND)] as const;
const crew = [modelOf('planner', 40 * SECOND), modelOf('editor', 15 * SECOND)] as const;
const fullCrew = [...crew, modelOf('reviewer', 25 * SECOND)] as const;

export const TRACES = {
  'alternating-2': {
    title: 'Two small models in turn, a request every 8 s, load 2 s',
    make: (random) => ({ models: two(2 * SECOND), arrivals: alternating(random, 8 * SECOND) }),
  },
  'alternating-10': {
    title: 'Two models in turn, a request every 8 s, load 10 s',
    make: (random) => ({ models: two(10 * SECOND), arrivals: alternating(random, 8 * SECOND) }),
  },
  'alternating-30': {
    title: 'Two models in turn, a request every 8 s, load 30 s',
    make: (random) => ({ models: two(30 * SECOND), arrivals: alternating(random, 8 * SECOND) }),
  },
  'alternating-60': {
    title: 'Two models in turn, a request every 8 s, load 60 s',
    make: (random) => ({ models: two(60 * SECOND), arrivals: alternating(random, 8 * SECOND) }),
  },
  'alternating-sparse': {
    title: 'Two models in turn, a request every 60 s, load 30 s',
    make: (random) => ({ models: two(30 * SECOND), arrivals: alternating(random, 60 * SECOND) }),
  },
  'loops-2': {
    title: 'Two callers that change models with every request, load 20 s',
    make: (random) => ({ models: two(20 * SECOND), ...backAndForth(random, 2) }),
  },
  'loops-2-small': {
    title: 'Two callers that change small models with every request, load 2 s',
    make: (random) => ({ models: two(2 * SECOND), ...backAndForth(random, 2) }),
  },
  'loops-8': {
    title: 'Eight callers that change models with every request, load 20 s',
    make: (random) => ({ models: two(20 * SECOND), ...backAndForth(random, 8) }),
  },
  steady: {
    title: 'Steady: one model every 10 s, the other every 25 s, load 30 s',
    make: (random) => ({
      models: two(30 * SECOND),
      arrivals: poisson(random, [
        { model: 'a', everyMs: 10 * SECOND, answerMs: 6 * SECOND },
        { model: 'b', everyMs: 25 * SECOND, answerMs: 6 * SECOND },
      ]),
    }),
  },
  bursty: {
    title: 'Bursts of 3 to 12 requests of one of three models, load 20 s',
    make: (random) => ({
      models: [...two(20 * SECOND), modelOf('c', 20 * SECOND)],
      arrivals: bursts(random, ['a', 'b', 'c']),
    }),
  },
  'hot-and-rare': {
    title: 'One model every 3 s, the other every 4 minutes, load 30 s',
    make: (random) => ({
      models: [modelOf('hot', 30 * SECOND), modelOf('rare', 30 * SECOND)],
      arrivals: poisson(
        random,
        [
          { model: 'hot', everyMs: 3 * SECOND, answerMs: 8 * SECOND },
          { model: 'rare', everyMs: 240 * SECOND, answerMs: 8 * SECOND },
        ],
        1000,
      ),
    }),
  },
  'agent-1': {
    title: 'One coding agent: plan, six edits, review; two models',
    make: (random) => ({ models: crew, ...agents(random, 1, 'planner') }),
  },
  'agents-2-small': {
    title: 'Two coding agents, two small models, load 4 s and 2 s',
    make: (random) => ({ models: smallCrew, ...agents(random, 2, 'planner') }),
  },
  'agents-2': {
    title: 'Two coding agents, two models',
    make: (random) => ({ models: crew, ...agents(random, 2, 'planner') }),
  },
  'agents-3': {
    title: 'Three coding agents, two models',
    make: (random) => ({ models: crew, ...agents(random, 3, 'planner') }),
  },
  'agents-3-of-3': {
    title: 'Three coding agents, three models',
    make: (random) => ({ models: fullCrew, ...agents(random, 3, 'reviewer') }),
  },
} as const satisfies Record<string, TraceKind>;

export type TraceName = keyof typeof TRACES;
export const TRACE_NAMES = Object.keys(TRACES) as readonly TraceName[];
