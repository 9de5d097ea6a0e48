/** The same callers, faults and judges over real sockets, on a clock that runs a few times as fast as the real one. */
import type { DecisionRecord } from '#core/decision';
import type { Clock } from '#platform/effects';
import { type CallerWorld, planManner, type Visit, visit } from '#tests/simulation/callers';
import {
  type ConfigurationFacts,
  ENVIRONMENT,
  PROFILE_PATH,
  planConfiguration,
} from '#tests/simulation/configurations';
import { judgeRecord } from '#tests/simulation/judge-record';
import { judgeVisit } from '#tests/simulation/judge-visit';
import { planRequest } from '#tests/simulation/requests';
import type { HostCall } from '#tests/simulation/scripted-hosts';
import { createScripts, type ScriptedCall, type Scripts } from '#tests/simulation/scripts';
import { simulatedEffects } from '#tests/support/effects';
import { type FakeTier, startFakeTier } from '#tests/support/fake-tier';
import type { SeenRequest } from '#tests/support/fake-tier-requests';
import type { Step } from '#tests/support/fake-tier-steps';
import { createRandom, type Random } from '#tests/support/random';
import { startTestServer, type TestServer } from '#tests/support/test-server';

export interface SocketReport {
  readonly seed: number;
  readonly problems: readonly string[];
  readonly calls: number;
}

/** Simulated milliseconds per real one. */
const SPEED = 5;
const CALLERS = 10;

const fastClock: Clock = {
  now: () => performance.now() * SPEED,
  wall: () => Date.now() * SPEED,
  setTimeout: (callback, ms) => setTimeout(callback, ms / SPEED),
  clearTimeout: (handle) => clearTimeout(handle as Parameters<typeof clearTimeout>[0]),
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => fastClock.setTimeout(resolve, ms));

/** A tier's script as steps of a fake tier, which knows gates but no time. */
async function* timed(scripts: Scripts, call: HostCall): AsyncGenerator<Step> {
  const { steps, chunkMs, gateMs } = scripts.scriptFor(call);
  for await (const step of steps) {
    if ('waitFor' in step) {
      await pause(gateMs);
      continue;
    }
    const ms = 'chunk' in step ? chunkMs() : 0;
    if (ms > 0) await pause(ms);
    yield step;
  }
}

interface World {
  readonly tiers: readonly FakeTier[];
  readonly server: TestServer;
  readonly recorded: (decision: string) => Promise<DecisionRecord>;
  readonly scripted: ReadonlyMap<number, ScriptedCall>;
}

const startWorld = async (random: Random, facts: ConfigurationFacts): Promise<World> => {
  const scripts = createScripts(random.fork('scripts'), fastClock.now);
  let numbers = 0;
  let { toml } = facts;
  const tiers: FakeTier[] = [];
  for (const { id } of facts.tiers) {
    const tier = await startFakeTier();
    tier.always(({ path, headers, body }: SeenRequest) => {
      const call = { number: ++numbers, host: id, path, headers, body, endedAt: 0, bytes: 0 };
      return timed(scripts, { ...call, ended: undefined });
    });
    toml = toml.replace(`http://${id}.simulated`, tier.url);
    tiers.push(tier);
  }
  const { files } = simulatedEffects({ files: { [PROFILE_PATH]: facts.profile } });
  const server = await startTestServer({ toml, env: ENVIRONMENT, effects: { clock: fastClock, files } });
  return { tiers, server, recorded: listenTo(server), scripted: scripts.scripted };
};

/** Listens to the decision store: tells when a decision is on record. */
const listenTo = ({ assembly: { decisions } }: TestServer): ((decision: string) => Promise<DecisionRecord>) => {
  const notices = new Map<string, PromiseWithResolvers<DecisionRecord>>();
  const noticeOf = (id: string): PromiseWithResolvers<DecisionRecord> => {
    const notice = notices.get(id) ?? Promise.withResolvers<DecisionRecord>();
    notices.set(id, notice);
    return notice;
  };
  const append = decisions.append.bind(decisions);
  decisions.append = (record) => {
    append(record);
    noticeOf(record.id).resolve(record);
  };
  return (id) => noticeOf(id).promise;
};

const callerWorld = ({ server, recorded }: World): CallerWorld => ({
  pause,
  recorded,
  post: ({ path, body, session }, signal) => {
    const headers: Record<string, string> = session === undefined ? {} : { 'x-session-id': session };
    return { response: server.post(path, body, { signal, headers }) };
  },
});

const judgeOne = async (world: World, seen: Visit, facts: ConfigurationFacts): Promise<string[]> => {
  if (seen.decision === '') return seen.ended === 'broken' ? ['there was no response at all'] : [];
  const record: DecisionRecord = await world.recorded(seen.decision);
  const calls = [...world.scripted.values()].filter(({ request }) => request === seen.request.number);
  return [...judgeVisit(seen, record, calls), ...judgeRecord(seen.request, record, calls, facts, 0)];
};

/** Runs one seed against real tiers and a real server, and judges what every caller got. */
export const simulateOnSockets = async (seed: number, requests: number): Promise<SocketReport> => {
  const random = createRandom(seed);
  // How long a request takes is judged on simulated time only: a busy machine is no fault of the router.
  const untimed = { longestMs: Number.POSITIVE_INFINITY, attemptMs: Number.POSITIVE_INFINITY };
  const facts = { ...planConfiguration(random.fork('configuration'), 'first'), ...untimed };
  const world = await startWorld(random, facts);
  const { server, tiers } = world;
  const visits: Visit[] = [];
  const callers = Array.from({ length: CALLERS }, async (_, caller) => {
    for (let number = caller + 1; number <= requests; number += CALLERS) {
      const own = random.fork(`request ${number}`);
      visits.push(await visit(planRequest(own, number), planManner(own), own, callerWorld(world)));
    }
  });
  try {
    await Promise.all(callers);
    const problems: string[] = [];
    for (const seen of visits) {
      const found = await judgeOne(world, seen, facts);
      problems.push(...found.map((problem) => `request ${seen.request.number} (${seen.manner}): ${problem}`));
    }
    const { router } = server.assembly;
    if ((await router.drain()) !== 'drained')
      problems.push('requests were still in flight when the router had to leave');
    // Every reply ends, by itself or because the router left; a call that leaked would keep this waiting.
    for (const tier of tiers) for (const { index } of tier.requests) await tier.replied(index).catch(() => undefined);
    for (const { id } of facts.tiers)
      if (router.admission.loadOf(id).inFlight > 0) problems.push(`${id} still has places taken`);
    problems.push(...server.bugs.map((bug) => `a bug was reported: ${bug}`));
    return { seed, problems, calls: world.scripted.size };
  } finally {
    await server[Symbol.asyncDispose]();
    for (const tier of tiers) await tier.stop();
  }
};
