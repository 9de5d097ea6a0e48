/** Many requests of many callers against the real router, with scripted tiers, on simulated time, all from one seed. */
import type { DecisionRecord } from '#core/decision';
import type { Effects } from '#platform/effects';
import { type CallerWorld, planManner, type Visit, visit } from '#tests/simulation/callers';
import {
  type ConfigurationFacts,
  ENVIRONMENT,
  PROFILE_PATH,
  planConfiguration,
} from '#tests/simulation/configurations';
import { type House, openHouse } from '#tests/simulation/house';
import { judgeRecord } from '#tests/simulation/judge-record';
import { judgeRun } from '#tests/simulation/judge-run';
import { judgeVisit } from '#tests/simulation/judge-visit';
import { type OneGpu, openOneGpu } from '#tests/simulation/one-gpu';
import { planRequest } from '#tests/simulation/requests';
import { createScripts, type ScriptedCall } from '#tests/simulation/scripts';
import { createSimulatedClock, type SimulatedClock } from '#tests/support/clock';
import { createRandom, type Random } from '#tests/support/random';

export interface SimulationOptions {
  readonly requests: number;
  /** Callers at a time; 12 when absent. */
  readonly callers?: number;
  /** Exchanges parts of the world, to make its calls fail; at most one of them, or the judge finds calls missing. */
  readonly disturb?: (effects: Effects) => Effects;
  /** Lines added to the configuration. */
  readonly tables?: string;
  /** Whether the tiers of this machine take turns on one GPU. */
  readonly gpu?: boolean;
}

export interface SimulationReport {
  readonly seed: number;
  readonly requests: number;
  /** Broken invariants, each with the request it concerns; at most `PROBLEMS_MAX`. */
  readonly problems: readonly string[];
  /** How often each outcome, attempt outcome, fault and manner occurred, for checks that a run was no idle one. */
  readonly seen: Readonly<Record<string, number>>;
  /** Changes with anything that the callers or the records saw; equal for equal seeds. */
  readonly digest: string;
}

const PROBLEMS_MAX = 20;
const CALLERS = 12;
/** Simulated milliseconds between two moments at which several callers come at once. */
const BURST_MS = 1_000;
/** Simulated time after which a run is taken to be stuck. */
const RUN_MS_MAX = 24 * 60 * 60 * 1000;

/** Everything one run has to do with. */
interface Run {
  readonly random: Random;
  readonly house: House;
  readonly world: CallerWorld;
  readonly scripted: ReadonlyMap<number, ScriptedCall>;
  readonly visits: Visit[];
  readonly swallowed: number;
  readonly gpu: OneGpu | undefined;
}

const reachWith =
  (clock: SimulatedClock, reachOf: (host: string) => 'open' | 'refused' | 'silent'): Effects['reach'] =>
  async (host, _port, timeoutMs) => {
    const how = reachOf(host.split('.')[0] ?? '');
    if (how === 'open') return;
    if (how === 'silent') await new Promise<void>((resolve) => clock.setTimeout(resolve, timeoutMs));
    throw Object.assign(new Error('no connection'), { code: how === 'silent' ? 'ETIMEDOUT' : 'ECONNREFUSED' });
  };

const startRun = async (random: Random, facts: ConfigurationFacts, options: SimulationOptions): Promise<Run> => {
  const clock = createSimulatedClock();
  const scripts = createScripts(random.fork('scripts'), clock.now);
  const gpu = options.gpu ? openOneGpu(random.fork('one gpu'), clock) : undefined;
  const house = await openHouse({
    toml: facts.toml + (options.tables ?? ''),
    clock,
    env: ENVIRONMENT,
    files: { [PROFILE_PATH]: facts.profile },
    scriptFor: (call) => gpu?.played(call, scripts.scriptFor(call)) ?? scripts.scriptFor(call),
    ...(gpu ? { slots: () => gpu.source } : {}),
    reach: reachWith(clock, scripts.reachOf),
    ...(options.disturb ? { disturb: options.disturb } : {}),
  });
  const post: CallerWorld['post'] = ({ path, body, session }, signal) =>
    house.post(path, body, { signal, headers: session === undefined ? {} : { 'x-session-id': session } });
  const world: CallerWorld = { post, pause: house.pause, recorded: house.recorded };
  return { random, house, world, scripted: scripts.scripted, visits: [], swallowed: options.disturb ? 1 : 0, gpu };
};

/** Callers come one by one, or several at the same moment. */
const pauseBefore = ({ house: { clock } }: Run, random: Random): number =>
  random.chance(0.5) ? random.integer(0, 400) : BURST_MS - (clock.now() % BURST_MS);

/** One caller's requests, one after the other. */
const callInTurn = async (run: Run, numbers: readonly number[]): Promise<void> => {
  for (const number of numbers) {
    const random = run.random.fork(`request ${number}`);
    await run.world.pause(pauseBefore(run, random));
    run.visits.push(await visit(planRequest(random, number), planManner(random), random, run.world));
  }
};

/** Lets time pass until all callers are done. Returns why it never came to that. */
const runToEnd = async ({ house: { clock } }: Run, callers: readonly Promise<void>[]): Promise<string | undefined> => {
  let done = false;
  const all = Promise.all(callers).then(() => {
    done = true;
  });
  while (!done) {
    const moved = await clock.advanceToNext();
    if (!done && !moved) return 'a request never ends: nothing is left to wait for';
    if (clock.now() > RUN_MS_MAX) return `a request never ends: ${RUN_MS_MAX} simulated ms have passed`;
  }
  await all;
  return undefined;
};

const tally = (run: Run): Record<string, number> => {
  const counts = new Map<string, number>();
  const count = (word: string): void => void counts.set(word, (counts.get(word) ?? 0) + 1);
  for (const record of run.house.records) {
    count(`outcome ${record.outcome}`);
    if (record.failure) count(`failure ${record.failure}`);
    if (record.unproven) count('unproven');
    for (const { outcome, role } of record.attempts) count(role ? `${role} ${outcome}` : `attempt ${outcome}`);
  }
  for (const { kind } of run.scripted.values()) count(`script ${kind}`);
  for (const [what, times] of run.gpu?.seen ?? []) counts.set(`gpu ${what}`, times);
  for (const { manner } of run.visits) count(`manner ${manner}`);
  return Object.fromEntries([...counts].sort(([left], [right]) => (left < right ? -1 : 1)));
};

const digestOf = ({ visits, house: { records } }: Run): string =>
  new Bun.CryptoHasher('sha256')
    .update(JSON.stringify([records, visits.map(({ request, status, body }) => [request.number, status, body])]))
    .digest('hex');

const judgeOne = (
  run: Run,
  seen: Visit,
  record: DecisionRecord | undefined,
  configurations: readonly ConfigurationFacts[],
): string[] => {
  const { number } = seen.request;
  const calls = [...run.scripted.values()].filter(({ request }) => request === number);
  if (!record) return ['there is no record'];
  const facts = configurations.find(({ mapping }) => mapping === record.mapping);
  if (!facts) return [`the record names an unknown configuration ${record.mapping}`];
  const id = seen.headers.get('x-anvil-decision') ?? seen.decision;
  return [
    ...(id === record.id ? [] : [`the receipt says ${id}, the record ${record.id}`]),
    ...judgeVisit(seen, record, calls),
    ...judgeRecord(seen.request, record, calls, facts, run.swallowed),
  ];
};

const judge = async (run: Run, configurations: readonly ConfigurationFacts[]): Promise<string[]> => {
  const [facts] = configurations.slice(-1);
  if (!facts) return ['no configuration'];
  const { assembly, clock, records, bugs } = run.house;
  const byId = Map.groupBy(records, ({ id }) => id);
  const problems = [...byId].flatMap(([id, own]) => (own.length === 1 ? [] : [`${id} has ${own.length} records`]));
  if (records.length !== run.visits.length)
    problems.push(`${records.length} records for ${run.visits.length} requests`);
  for (const seen of run.visits) {
    const found = judgeOne(run, seen, byId.get(seen.decision)?.[0], configurations);
    problems.push(...found.map((problem) => `request ${seen.request.number} (${seen.manner}): ${problem}`));
  }
  problems.push(...bugs.map((bug) => `a bug was reported: ${bug}`));
  const ofGpu = (await run.gpu?.end()) ?? [];
  problems.push(...ofGpu.map((problem) => `gpu: ${problem}`));
  return [...problems, ...(await judgeRun(assembly, clock, records, facts, configurations.length > 1))];
};

/** Where the disk may fail, the new configuration may be refused; the old one then goes on. */
const reloadLater = async (run: Run, next: ConfigurationFacts, ms: number): Promise<void> => {
  const { house, swallowed } = run;
  await house.pause(ms);
  house.files.set(PROFILE_PATH, next.profile);
  await house.reload(next.toml).catch((reason) => {
    if (swallowed === 0) throw reason;
  });
};

/** Runs one seed to its end and judges it. Rejects only when the seed's configuration is refused. */
export const simulate = async (seed: number, options: SimulationOptions): Promise<SimulationReport> => {
  const random = createRandom(seed);
  const facts = planConfiguration(random.fork('configuration'), 'first', options.gpu);
  const run = await startRun(random, facts, options);
  const configurations = [facts];
  const count = options.callers ?? CALLERS;
  const numbers = Array.from({ length: options.requests }, (_, index) => index + 1);
  const callers = Array.from({ length: count }, (_, caller) =>
    callInTurn(
      run,
      numbers.filter((number) => number % count === caller),
    ),
  );
  if (random.chance(0.3)) {
    const next = planConfiguration(random.fork('reload'), 'second', options.gpu);
    configurations.push(next);
    callers.push(reloadLater(run, next, random.integer(0, 20_000)));
  }
  void run.gpu?.trouble();
  const stuck = await runToEnd(run, callers);
  run.gpu?.calm();
  const problems = stuck === undefined ? await judge(run, configurations) : [stuck];
  return {
    seed,
    requests: options.requests,
    problems: problems.slice(0, PROBLEMS_MAX),
    seen: tally(run),
    digest: digestOf(run),
  };
};
