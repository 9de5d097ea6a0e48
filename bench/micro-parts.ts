/** What do the pieces of one small request cost in the router's own code: its actor, each event, its record? */
import type { AnyActorLogic } from 'xstate';
import { createCommitWindow } from '#core/commit-window';
import type { DecisionRecord } from '#core/decision';
import type { HoldMode } from '#core/tier';
import { dialects } from '#dialects/dialect';
import { type RequestPort, requestLogic, requestMachine } from '#machines/request.machine';
import { createActors } from '#platform/actors';
import { bunEffects } from '#platform/bun-effects';
import { createLog } from '#platform/log';
import { createMetrics } from '#router/metrics';
import { openDecisions } from '#store/decisions';
import { createSseSplitter } from '#upstream/sse';
import { createChain } from '#verifiers/chain';
import type { MicroResult } from './commands';
import { spreadOf } from './numbers';
import { CLOSING, MODEL, OPENING, stampedEvent } from './wire';

/** Calls timed together, so that reading the clock does not count. */
const BATCH = 200;
const BYTES_MAX = 32 * 1024 * 1024;
const EVENTS = 200;

/** Microseconds of one call, from `rounds` batches; the first tenth is warm-up and left out. */
const timed = (name: string, rounds: number, run: () => void, callsPerRun = 1): MicroResult => {
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    for (let call = 0; call < BATCH; call++) run();
    samples.push(((performance.now() - startedAt) * 1000) / (BATCH * callsPerRun));
  }
  return { name, micros: spreadOf(samples.slice(Math.floor(rounds / 10))) };
};

const { clock, id } = bunEffects();

/** An actor as each request has one, through a good answer: opened, committed, completed, settled. */
const actorLife = (name: string, logic: typeof requestLogic | typeof requestMachine, rounds: number): MicroResult => {
  const actors = createActors({
    clock,
    onError: (actorId, error) => {
      throw new Error(`${actorId}: ${String(error)}`);
    },
  });
  let settled = 0;
  const port: RequestPort = {
    openAttempt: () => undefined,
    cancelAttempt: () => undefined,
    commitHead: () => undefined,
    settle: () => {
      settled++;
    },
  };
  const input = { port, candidates: 2, attemptsMax: 3, reserveLast: true, totalMs: 900_000, keepaliveAfterMs: 10_000 };
  const result = timed(`${name}: create, two events, end`, rounds, () => {
    const actor = actors.start<AnyActorLogic>(logic, { id: 'dec_bench', input });
    actor.send({ type: 'attempt.committed' });
    actor.send({ type: 'attempt.completed' });
  });
  if (settled !== rounds * BATCH) throw new Error('no actor came to its end');
  return result;
};

/** Everything between the bytes of a stream and the bytes that leave, for events that arrive one by one. */
const eventPath = (mode: HoldMode, level: 'none' | 'minimal' | 'full', rounds: number): MicroResult => {
  const encoder = new TextEncoder();
  const chunks = [OPENING, ...Array.from({ length: EVENTS }, (_event, index) => stampedEvent(index)), CLOSING].map(
    (text) => encoder.encode(text),
  );
  const dialect = dialects['openai-chat'];
  const context = { tools: [], turns: [], stop: [], maxOutputTokens: 1_000, compileSchema: () => undefined };
  const stream = (): void => {
    const chain = createChain({ level, context, micros: () => clock.now() * 1000 });
    const window = createCommitWindow<Uint8Array>(mode, BYTES_MAX);
    const splitter = createSseSplitter(BYTES_MAX);
    const decoder = dialect.decoder();
    for (const chunk of chunks) {
      for (const frame of splitter.push(chunk)) {
        const parts = decoder.event(frame);
        for (const part of parts) chain.observe(part);
        window.push(frame.raw, frame.raw.length, parts);
      }
    }
    if (chain.finish({ usage: undefined })) throw new Error('the answer of the benchmark was rejected');
    window.release();
  };
  return timed(`event: split, decode, judge (${level}), window (${mode})`, Math.ceil(rounds / 10), stream, EVENTS);
};

/** Editing the model's name in an event, as every event of a preset's stream needs it. */
const echo = (rounds: number): MicroResult => {
  const raw = new TextEncoder().encode(stampedEvent(1));
  return timed("event: the model's name replaced", rounds, () => {
    dialects['openai-chat'].echoModel(raw, 'chat');
  });
};

const skim = (rounds: number): MicroResult => {
  const raw = new TextEncoder().encode(stampedEvent(1));
  return timed('event: quick look instead of decoding', rounds, () => {
    dialects['openai-chat'].quickScan(raw);
  });
};

/** The record of one ordinary request: one attempt, served. */
const sampleRecord = (): DecisionRecord => {
  const usage = { input: 58, output: 20 };
  return {
    id: `dec_${id()}`,
    at: clock.wall(),
    route: '/v1/chat/completions',
    dialect: 'openai-chat',
    modelAsked: 'chat',
    stream: true,
    session: 'ses_0123456789abcdef',
    intent: {
      source: 'declared',
      preset: 'chat',
      workClass: 'chat',
      gateClass: 'chat',
      inferredClass: 'chat',
      confidence: 0.5,
      ambiguous: false,
      evidence: ['question'],
    },
    promptTokensEstimated: 60,
    candidates: ['fast-local', 'heavy-local'].map((tier) => ({
      tier,
      verdict: 'allow',
      hold: 'none',
      why: ['cost order'],
    })),
    exclusions: [],
    unproven: false,
    attempts: [
      {
        tier: 'fast-local',
        model: MODEL,
        privacy: 'local',
        verdict: 'allow',
        hold: 'none',
        outcome: 'served',
        upstreamStatus: 200,
        verifiers: [],
        startedMs: 0.2,
        headersMs: 0.6,
        firstPartMs: 0.7,
        endedMs: 1.1,
        usage,
        costUsd: 0,
        bytesHeldMax: 180,
      },
    ],
    outcome: 'finished',
    status: 200,
    servedTier: 'fast-local',
    servedModel: MODEL,
    usage,
    costUsd: 0,
    stages: { decidedMs: 0.1, firstByteMs: 0.7, endedMs: 1.1 },
    mapping: 'bench.1',
    config: '0123456789abcdef',
  };
};

/** Appending, and writing to disk per record: the second is paid off the path of the request, on the same thread. */
const recordCosts = async (folder: string, rounds: number): Promise<readonly MicroResult[]> => {
  const decisions = openDecisions({
    path: `${folder}/micro.sqlite`,
    ageMaxDays: 30,
    bytesMax: 256 * 1024 * 1024,
    clock,
    onError: (problem) => {
      throw new Error(JSON.stringify(problem));
    },
  });
  const append: number[] = [];
  const write: number[] = [];
  for (let round = 0; round < Math.ceil(rounds / 5); round++) {
    const records = Array.from({ length: BATCH }, sampleRecord);
    const startedAt = performance.now();
    for (const record of records) decisions.append(record);
    const appendedAt = performance.now();
    await decisions.flush();
    append.push(((appendedAt - startedAt) * 1000) / BATCH);
    write.push(((performance.now() - appendedAt) * 1000) / BATCH);
  }
  await decisions.close();
  return [
    { name: 'decision record: append', micros: spreadOf(append) },
    { name: 'decision record: write to disk', micros: spreadOf(write) },
  ];
};

const tellingCosts = async (rounds: number): Promise<readonly MicroResult[]> => {
  const record = sampleRecord();
  let chars = 0;
  const log = createLog({
    level: 'info',
    clock,
    format: 'json',
    write: (line) => {
      chars += line.length;
    },
  });
  const metrics = createMetrics();
  await metrics.render();
  const results = [
    timed('log line of a request, without the write', rounds, () => log.request(record)),
    timed('metrics of a request, counted in batches', rounds, () => metrics.observe(record)),
    timed('decision id', rounds, () => {
      id();
    }),
  ];
  if (chars === 0) throw new Error('nothing was logged');
  return results;
};

export const measureParts = async (folder: string, rounds: number): Promise<readonly MicroResult[]> => [
  actorLife('request actor', requestLogic, rounds),
  actorLife('the same chart, interpreted', requestMachine, rounds),
  eventPath('none', 'none', rounds),
  eventPath('block', 'minimal', rounds),
  eventPath('all', 'full', rounds),
  skim(rounds),
  echo(rounds),
  ...(await recordCosts(folder, rounds)),
  ...(await tellingCosts(rounds)),
];
