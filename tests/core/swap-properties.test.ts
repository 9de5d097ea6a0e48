// What holds for every registry, every order of arrivals and every mishap, on a simulated clock.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { schedule } from '#core/swap-policy';
import { checkDecision, cutTooEarly } from '#tests/core/swap-laws';
import { type Ending, type Outcome, type SimulationInput, simulate } from '#tests/core/swap-simulator';
import { anySituation, exclusiveModels } from '#tests/core/swap-traces';

const RUNS = { numRuns: 200 };

type Situation = Omit<SimulationInput, 'decide'>;

const run = (situation: Situation): Outcome => simulate({ ...situation, decide: schedule, watch: checkDecision });

const waitedMs = ({ arrival, grantedAt, endedAt }: Ending): number => (grantedAt ?? endedAt) - arrival.at;

/** Loading or waking, whichever takes longer. */
const loadMs = ({ models }: Situation, name: string): number => {
  const found = models.find(({ swap }) => swap.name === name);
  if (found === undefined) throw new Error(`no model ${name}`);
  const { loadMs: whole, wakeMs } = found.times;
  return found.swap.asleepMib === undefined ? whole : Math.max(whole, wakeMs);
};

/** The bound as documented, worked out anew: what one rival takes that was chosen as the request arrived. */
const boundMs = (situation: Situation, name: string): number => {
  const { models, policy } = situation;
  const { waitBoundMs, drainMs } = policy;
  const leaveMs = (model: string): number => {
    const found = models.find(({ swap }) => swap.name === model);
    if (found === undefined) throw new Error(`no model ${model}`);
    const { unloadMs, sleepMs } = found.times;
    return found.swap.asleepMib === undefined ? unloadMs : Math.max(unloadMs, sleepMs);
  };
  const rounds = models
    .filter(({ swap }) => swap.name !== name)
    .map(({ swap }) => drainMs + leaveMs(name) + loadMs(situation, swap.name) + drainMs + leaveMs(swap.name));
  return Math.max(waitBoundMs, ...rounds);
};

describe('any registry, any arrivals, any mishaps', () => {
  test('every decision keeps the laws, and every request ends once', () => {
    fc.assert(
      fc.property(anySituation, (situation) => {
        const { endings } = run(situation);
        expect(endings.map(({ arrival }) => arrival.id).sort()).toEqual(situation.arrivals.map(({ id }) => id).sort());
      }),
      RUNS,
    );
  });

  test('answers are cut only by a drain that has reached its limit', () => {
    fc.assert(
      fc.property(anySituation, (situation) => {
        expect(cutTooEarly(run(situation), situation.policy.drainMs)).toEqual([]);
      }),
      RUNS,
    );
  });

  test('nobody waits for longer than the bound and one load, or until a load then under way is over', () => {
    fc.assert(
      fc.property(anySituation, (situation) => {
        for (const ending of run(situation).endings) {
          const load = loadMs(situation, ending.arrival.model);
          const limit = boundMs(situation, ending.arrival.model) + load;
          const late = waitedMs(ending) > limit;
          expect(late ? waitedMs(ending) - limit : 0).toBeLessThanOrEqual(late ? load : 0);
        }
      }),
      RUNS,
    );
  });

  test('the same moment always gets the same answer', () => {
    fc.assert(
      fc.property(anySituation, (situation) => {
        const twice: SimulationInput['decide'] = (view) => {
          const decided = schedule(view);
          expect(schedule(view)).toEqual(decided);
          return decided;
        };
        simulate({ ...situation, decide: twice });
      }),
      { numRuns: 60 },
    );
  });
});

describe('two models of which one fits', () => {
  test('every request is served within the bound and one load', () => {
    fc.assert(
      fc.property(exclusiveModels(2), (situation) => {
        for (const ending of run(situation).endings) {
          expect(ending.kind === 'served' || ending.kind === 'cut' ? 'served' : ending.kind).toBe('served');
          const { model } = ending.arrival;
          expect(waitedMs(ending)).toBeLessThanOrEqual(boundMs(situation, model) + loadMs(situation, model));
        }
      }),
      RUNS,
    );
  });

  test('who waits longest is never passed by a load that is not its own and ends after its bound', () => {
    fc.assert(
      fc.property(exclusiveModels(2), (situation) => {
        const { changes, endings } = run(situation);
        for (const ending of endings) {
          const { model, at } = ending.arrival;
          const granted = ending.grantedAt ?? ending.endedAt;
          const others = changes.filter(
            (change) => change.to === 'loading' && change.model !== model && change.at > at && change.at < granted,
          );
          expect(others.length).toBeLessThanOrEqual(1);
        }
      }),
      RUNS,
    );
  });
});

describe('the reasons for vacating', () => {
  const clearMs = (situation: Situation): number =>
    situation.policy.drainMs +
    Math.max(...situation.models.map(({ times }) => Math.max(times.unloadMs, times.sleepMs)));

  test('a bound is given only when waiting on would miss it, worth only when the waiting is worth it', () => {
    fc.assert(
      fc.property(exclusiveModels(2), (situation) => {
        const watch: SimulationInput['watch'] = (view, { commands }) => {
          for (const command of commands) {
            if (command.do !== 'drain' || command.for === undefined) continue;
            const queue = view.waiting.filter(({ model }) => model === command.for);
            const oldest = Math.min(...queue.map(({ since }) => since));
            const slot = view.slots.find(({ model }) => model.name === command.for);
            if (command.why === 'bound') {
              expect(view.now).toBeGreaterThanOrEqual(oldest + boundMs(situation, command.for) - clearMs(situation));
            }
            if (command.why === 'worth') {
              const weights = queue.map(
                ({ priority, since }) => (priority < 0 ? 0.5 : 1 + priority) * (view.now - since),
              );
              const needed = slot?.state === 'asleep' ? slot.times.wakeMs : slot?.times.loadMs;
              expect(weights.reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(
                view.policy.worth * (needed ?? Number.NaN) - 1e-6,
              );
            }
          }
        };
        simulate({ ...situation, decide: schedule, watch });
      }),
      RUNS,
    );
  });

  test('only a bound drains a slot with leases, unless those who wait for the slot itself would miss theirs', () => {
    fc.assert(
      fc.property(exclusiveModels(2), (situation) => {
        const watch: SimulationInput['watch'] = (view, { commands }) => {
          for (const command of commands) {
            if (command.do !== 'drain' || command.why === 'bound') continue;
            const slot = view.slots.find(({ model }) => model.name === command.model);
            const waitedFor = view.waiting.some(({ model }) => model === command.model);
            expect(slot?.leases === 0 || waitedFor).toBeTrue();
          }
        };
        simulate({ ...situation, decide: schedule, watch });
      }),
      RUNS,
    );
  });
});

describe('three models of which one fits', () => {
  test('whoever is refused had waited for the whole bound', () => {
    fc.assert(
      fc.property(exclusiveModels(3), (situation) => {
        for (const ending of run(situation).endings) {
          if (ending.kind !== 'refused') continue;
          expect(waitedMs(ending)).toBeGreaterThanOrEqual(boundMs(situation, ending.arrival.model));
        }
      }),
      RUNS,
    );
  });

  test('every load serves somebody', () => {
    fc.assert(
      fc.property(exclusiveModels(3), (situation) => {
        const { commands } = run(situation);
        const granted = new Map(situation.arrivals.map(({ id, model }) => [id, model]));
        for (const [index, { command }] of commands.entries()) {
          if (command.do !== 'load') continue;
          const later = commands.slice(index + 1).map((one) => one.command);
          const gone = later.findIndex((one) => one.do === 'drain' && one.model === command.model);
          const stay = gone < 0 ? later : later.slice(0, gone);
          expect(stay.some((one) => one.do === 'grant' && granted.get(one.waiter) === command.model)).toBeTrue();
        }
      }),
      RUNS,
    );
  });
});
