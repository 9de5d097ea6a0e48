/** The load itself: every scenario on every target in turn, round after round, so that noise falls on all alike. */
import type { Program } from './children';
import type { EventsResult, LoopResult } from './commands';
import { BURST_EVENTS, type Extent, GAP_MS, STREAMS, TTFT_EVENTS, TTFT_GAP_MS } from './extent';
import { cpuMicros } from './process-stats';
import { type Answer, requestBody } from './wire';

export const SCENARIOS = ['json-1', 'json-32', 'sse-1', 'sse-32', 'ttft-1', 'events-64'] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** Something the load can be sent through; `pid` is the process whose CPU time counts, absent for direct. */
export interface Target {
  readonly name: string;
  readonly port: number;
  readonly pid: number | undefined;
}

/** One scenario on one target in one round. Times in microseconds. */
export interface Sample {
  readonly round: number;
  readonly scenario: Scenario;
  readonly target: string;
  /** Whole answers; delays of events in `events-64`. */
  readonly p50: number;
  readonly p99: number;
  readonly firstByteP50: number;
  readonly firstByteP99: number;
  /** Requests a second; events a second in `events-64`. */
  readonly perSecond: number;
  /** CPU of the target per request; per event in `events-64`. NaN for direct. */
  readonly cpu: number;
  readonly jitter: number;
  /** Reads of the client per event. */
  readonly readsPerEvent: number;
  readonly failed: number;
}

interface Plan {
  readonly answer: Answer;
  readonly connections: number;
}

const planOf = (scenario: Scenario, extent: Extent): Plan => {
  const burst: Answer = { kind: 'burst', events: BURST_EVENTS };
  switch (scenario) {
    case 'json-1':
      return { answer: { kind: 'json' }, connections: 1 };
    case 'json-32':
      return { answer: { kind: 'json' }, connections: 32 };
    case 'sse-1':
      return { answer: burst, connections: 1 };
    case 'sse-32':
      return { answer: burst, connections: 32 };
    case 'ttft-1':
      return { answer: { kind: 'paced', events: TTFT_EVENTS, gapMs: TTFT_GAP_MS }, connections: 1 };
    case 'events-64':
      return { answer: { kind: 'paced', events: extent.pacedEvents, gapMs: GAP_MS }, connections: STREAMS };
    default:
      return scenario satisfies never;
  }
};

/** A measurement may take this much longer than planned before it is given up, in milliseconds. */
const GRACE_MS = 20_000;

const ofLoop = (result: LoopResult, cpuSpent: number) => ({
  p50: result.latency.p50,
  p99: result.latency.p99,
  firstByteP50: result.firstByte.p50,
  firstByteP99: result.firstByte.p99,
  perSecond: result.perSecond,
  cpu: cpuSpent / result.latency.count,
  jitter: Number.NaN,
  readsPerEvent: Number.NaN,
  failed: result.failed,
});

const ofEvents = (result: EventsResult) => ({
  p50: result.delay.p50,
  p99: result.delay.p99,
  firstByteP50: Number.NaN,
  firstByteP99: Number.NaN,
  perSecond: result.perSecond,
  cpu: result.cpu,
  jitter: result.jitter,
  readsPerEvent: result.reads / result.events,
  failed: result.failed,
});

const measureEvents = async (load: Program, { port, pid }: Target, answer: Answer & { kind: 'paced' }) =>
  ofEvents(
    await load.ask(
      {
        kind: 'events',
        port,
        body: requestBody(answer),
        streams: STREAMS,
        eventsPerStream: answer.events,
        ...(pid === undefined ? {} : { pid }),
      },
      answer.events * answer.gapMs + GRACE_MS,
    ),
  );

const measureLoop = async (
  load: Program,
  { port, pid }: Target,
  { answer, connections }: Plan,
  durationMs: number,
  bodyBytesMin: number,
) => {
  const cpuBefore = pid === undefined ? Number.NaN : await cpuMicros(pid);
  const body = requestBody(answer);
  const result = await load.ask(
    { kind: 'loop', port, body, connections, durationMs, bodyBytesMin },
    durationMs + GRACE_MS,
  );
  return ofLoop(result, pid === undefined ? Number.NaN : (await cpuMicros(pid)) - cpuBefore);
};

const measure = (load: Program, target: Target, plan: Plan, durationMs: number, bodyBytesMin: number) =>
  plan.answer.kind === 'paced' && plan.connections > 1
    ? measureEvents(load, target, plan.answer)
    : measureLoop(load, target, plan, durationMs, bodyBytesMin);

/** Asks once for each answer and looks at all of it; returns the bytes that a good answer has at least. */
export const checkTarget = async (
  load: Program,
  { name, port }: Target,
  extent: Extent,
): Promise<ReadonlyMap<Scenario, number>> => {
  const sizes = new Map<Scenario, number>();
  for (const scenario of SCENARIOS) {
    const { answer } = planOf(scenario, extent);
    const { status, text } = await load.ask({ kind: 'probe', port, body: requestBody(answer) }, GRACE_MS);
    const whole = answer.kind === 'json' ? text.includes('"content":"') : text.includes('data: [DONE]');
    if (status !== 200 || !whole)
      throw new Error(`${name} ${scenario}: status ${status}, answer ${text.slice(0, 300)}`);
    // A closing comment of the router varies by a few bytes.
    sizes.set(scenario, Math.floor(text.length * 0.9));
  }
  return sizes;
};

/**
 * Runs until the hot code is compiled, one target after another; its numbers are thrown away. A router's code settles
 * after some 15,000 requests; until then the compiler's threads take as much CPU as a third of the work.
 */
export const warmUp = async (load: Program, targets: readonly Target[], extent: Extent): Promise<void> => {
  for (const target of targets) {
    const durationMs = target.pid === undefined ? extent.warmUpMs / 10 : extent.warmUpMs;
    for (const scenario of ['json-32', 'sse-32'] as const) {
      await measure(load, target, planOf(scenario, extent), durationMs, 0);
    }
    await measure(load, target, planOf('events-64', extent), durationMs, 0);
  }
};

/** All scenarios on all targets; the order of the targets moves on by one per round. */
export const runRounds = async (
  load: Program,
  targets: readonly Target[],
  extent: Extent,
  sizes: ReadonlyMap<string, ReadonlyMap<Scenario, number>>,
  onProgress: (text: string) => void,
): Promise<readonly Sample[]> => {
  const samples: Sample[] = [];
  for (let round = 0; round < extent.rounds; round++) {
    const order = targets
      .map((_target, index) => targets[(index + round) % targets.length])
      .filter((each) => each !== undefined);
    for (const scenario of SCENARIOS) {
      onProgress(`round ${round + 1} of ${extent.rounds}: ${scenario}`);
      const plan = planOf(scenario, extent);
      for (const target of order) {
        const measured = await measure(load, target, plan, extent.loopMs, sizes.get(target.name)?.get(scenario) ?? 0);
        samples.push({ round, scenario, target: target.name, ...measured });
      }
    }
  }
  return samples;
};
