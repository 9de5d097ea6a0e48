/** Many requests of many callers against the real router, with scripted tiers, on simulated time, all from one seed. */
import type { DecisionRecord } from '#core/decision';
import type { Effects } from '#platform/effects';
import type { Log } from '#platform/log';
import { type Assembly, assemble } from '#server/assembly';
import { configure } from '#server/configuration';
import { type CallerWorld, planManner, type Visit, visit } from '#tests/simulation/callers';
import {
  type ConfigurationFacts,
  ENVIRONMENT,
  PROFILE_PATH,
  planConfiguration,
} from '#tests/simulation/configurations';
import { judgeRecord } from '#tests/simulation/judge-record';
import { judgeRun } from '#tests/simulation/judge-run';
import { judgeVisit } from '#tests/simulation/judge-visit';
import { planRequest, type SimulatedRequest } from '#tests/simulation/requests';
import { createScriptedHosts } from '#tests/simulation/scripted-hosts';
import { createScripts, type ScriptedCall } from '#tests/simulation/scripts';
import { createSimulatedClock, type SimulatedClock } from '#tests/support/clock';
import { simulatedEffects } from '#tests/support/effects';
import { createRandom, type Random } from '#tests/support/random';

export interface SimulationOptions {
  readonly requests: number;
  /** Callers at a time; 12 when absent. */
  readonly callers?: number;
  /** Exchanges parts of the world, to make its calls fail. */
  readonly disturb?: (effects: Effects) => Effects;
  /** Lines added to the configuration. */
  readonly tables?: string;
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

/** There is no connection whose silence could be limited. */
const NO_IDLE_LIMIT = Object.assign(() => undefined, { lift: () => undefined, restore: () => undefined });
const PROBLEMS_MAX = 20;
const CALLERS = 12;
/** Simulated milliseconds between two moments at which several callers come at once. */
const BURST_MS = 1_000;
/** Simulated time after which a run is taken to be stuck. */
const RUN_MS_MAX = 24 * 60 * 60 * 1000;

/** Everything one run has to do with. */
interface Run {
  readonly random: Random;
  readonly clock: SimulatedClock;
  readonly assembly: Assembly;
  readonly records: readonly DecisionRecord[];
  readonly world: CallerWorld;
  readonly bugs: readonly string[];
  readonly scripted: ReadonlyMap<number, ScriptedCall>;
  readonly visits: Visit[];
  readonly reload: (facts: ConfigurationFacts) => Promise<void>;
}

const recordingLog = (records: DecisionRecord[], bugs: string[], onRecord: (id: string) => void): Log => ({
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (message, fields) => {
    if (message === 'bug') bugs.push(JSON.stringify(fields));
  },
  request(record) {
    records.push(record);
    onRecord(record.id);
  },
  setSecrets: () => undefined,
});

/** Who waits for a decision to be on record. */
const createNotices = () => {
  const notices = new Map<string, PromiseWithResolvers<void>>();
  const noticeOf = (id: string): PromiseWithResolvers<void> => {
    const notice = notices.get(id) ?? Promise.withResolvers<void>();
    notices.set(id, notice);
    return notice;
  };
  return { told: (id: string) => noticeOf(id).resolve(), wait: (id: string) => noticeOf(id).promise };
};

const requestOf = (request: SimulatedRequest, signal: AbortSignal): Request =>
  new Request(`http://localhost${request.path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(request.session === undefined ? {} : { 'x-session-id': request.session }),
    },
    body: request.body,
    signal,
  });

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
  const hosts = createScriptedHosts(clock, scripts.scriptFor);
  const calm = simulatedEffects({
    clock,
    env: ENVIRONMENT,
    files: { [PROFILE_PATH]: facts.profile },
    fetch: hosts.fetch,
    reach: reachWith(clock, scripts.reachOf),
  });
  let newestId = '';
  const counted: Effects = {
    ...calm,
    id: () => {
      newestId = calm.id();
      return newestId;
    },
  };
  const effects = options.disturb?.(counted) ?? counted;
  const configureWith = async (toml: string, before?: Assembly) => {
    const text = toml + (options.tables ?? '');
    const configured = await configure({ kind: 'text', text }, effects, before?.router.generation);
    if (!configured.ok) throw new Error(`seed ${random.seed}: ${configured.reason}\n${toml}`);
    return configured;
  };
  const records: DecisionRecord[] = [];
  const bugs: string[] = [];
  const notices = createNotices();
  const assembly = assemble(await configureWith(facts.toml), effects, recordingLog(records, bugs, notices.told));
  const app = assembly.app(NO_IDLE_LIMIT);
  const pause = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimeout(resolve, ms));
  const post: CallerWorld['post'] = (request, signal) => {
    // The decision is named before anything is awaited, so the newest id is this request's own.
    const response = Promise.resolve(app.fetch(requestOf(request, signal)));
    return { decision: `dec_${newestId}`, response };
  };
  return {
    random,
    clock,
    assembly,
    records,
    bugs,
    visits: [],
    scripted: scripts.scripted,
    world: { pause, recorded: notices.wait, post },
    async reload(next) {
      calm.files.contents.set(PROFILE_PATH, next.profile);
      assembly.replace(await configureWith(next.toml, assembly));
    },
  };
};

/** Callers come one by one, or several at the same moment. */
const pauseBefore = ({ clock }: Run, random: Random): number =>
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
const runToEnd = async ({ clock }: Run, callers: readonly Promise<void>[]): Promise<string | undefined> => {
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
  for (const record of run.records) {
    count(`outcome ${record.outcome}`);
    if (record.failure) count(`failure ${record.failure}`);
    if (record.unproven) count('unproven');
    for (const attempt of record.attempts) count(`attempt ${attempt.outcome}`);
  }
  for (const { kind } of run.scripted.values()) count(`script ${kind}`);
  for (const { manner } of run.visits) count(`manner ${manner}`);
  return Object.fromEntries([...counts].sort(([left], [right]) => (left < right ? -1 : 1)));
};

const digestOf = ({ visits, records }: Run): string =>
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
    ...judgeRecord(seen.request, record, calls, facts),
  ];
};

const judge = async (run: Run, configurations: readonly ConfigurationFacts[]): Promise<string[]> => {
  const [facts] = configurations.slice(-1);
  if (!facts) return ['no configuration'];
  const byId = Map.groupBy(run.records, ({ id }) => id);
  const problems = [...byId].flatMap(([id, own]) => (own.length === 1 ? [] : [`${id} has ${own.length} records`]));
  if (run.records.length !== run.visits.length)
    problems.push(`${run.records.length} records for ${run.visits.length} requests`);
  for (const seen of run.visits) {
    const found = judgeOne(run, seen, byId.get(seen.decision)?.[0], configurations);
    problems.push(...found.map((problem) => `request ${seen.request.number} (${seen.manner}): ${problem}`));
  }
  problems.push(...run.bugs.map((bug) => `a bug was reported: ${bug}`));
  return [...problems, ...(await judgeRun(run.assembly, run.clock, run.records, facts, configurations.length > 1))];
};

/** Runs one seed to its end and judges it. Rejects only when the seed's configuration is refused. */
export const simulate = async (seed: number, options: SimulationOptions): Promise<SimulationReport> => {
  const random = createRandom(seed);
  const facts = planConfiguration(random.fork('configuration'), 'first');
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
    const next = planConfiguration(random.fork('reload'), 'second');
    configurations.push(next);
    callers.push(run.world.pause(random.integer(0, 20_000)).then(() => run.reload(next)));
  }
  const stuck = await runToEnd(run, callers);
  const problems = stuck === undefined ? await judge(run, configurations) : [stuck];
  return {
    seed,
    requests: options.requests,
    problems: problems.slice(0, PROBLEMS_MAX),
    seen: tally(run),
    digest: digestOf(run),
  };
};
