/** What the breaker tests share: two tiers, small limits, a simulated clock, and a record of everything heard. */
import type { Tier } from '#core/tier';
import type { WorkClass } from '#core/work-class';
import { createActors } from '#platform/actors';
import type { BreakerChange } from '#router/breaker';
import { type Breakers, type BreakersSettings, createBreakers } from '#router/breakers';
import { createSimulatedClock, type SimulatedClock } from '#tests/support/clock';

export const tier = (id: string, fields: Partial<Tier> = {}): Tier => ({
  id,
  baseUrl: `http://127.0.0.1:3000/${id}`,
  dialect: 'openai-chat',
  contextLimit: 32_768,
  privacy: 'local',
  toolSupport: true,
  authEnv: 'KEY',
  prices: {},
  forward: [],
  deadlines: { connectMs: 1, firstByteMs: 1, firstBytePer1kTokensMs: 1, idleMs: 1, totalMs: 1 },
  upstreamStream: 'as-caller',
  fingerprint: `fingerprint of ${id}`,
  ...fields,
});

export const SETTINGS: BreakersSettings = {
  tiers: [tier('fast'), tier('heavy')],
  breaker: {
    availabilityFailures: 2,
    qualityFailures: 3,
    windowMs: 60_000,
    cooldownMs: 10_000,
    cooldownMaxMs: 40_000,
    probeTimeoutMs: 5_000,
  },
};

export interface BreakersWorld {
  readonly breakers: Breakers;
  readonly clock: SimulatedClock;
  readonly changes: BreakerChange[];
  /** Actor errors, as `actor: message`. */
  readonly errors: string[];
  /** Event types that reached an actor. */
  readonly events: string[];
}

export const startBreakers = (settings: BreakersSettings = SETTINGS): BreakersWorld => {
  const clock = createSimulatedClock();
  const changes: BreakerChange[] = [];
  const errors: string[] = [];
  const events: string[] = [];
  const actors = createActors({
    clock,
    onError: (actorId, error) => errors.push(`${actorId}: ${error instanceof Error ? error.message : String(error)}`),
    inspect: () => (event) => {
      if (event.type === '@xstate.event') events.push(event.event.type);
    },
  });
  const breakers = createBreakers({ settings, actors, onChange: (change) => changes.push(change) });
  return { breakers, clock, changes, errors, events };
};

/** As many transport failures as open the availability breaker. */
export const failTransport = (breakers: Breakers, tierId: string, times = 2): void => {
  for (let i = 0; i < times; i++) breakers.report(tierId, undefined, `failed-${i}`, 'transport-failure');
};

/** As many rejected answers as open the quality breaker. */
export const rejectAnswers = (breakers: Breakers, tierId: string, workClass: WorkClass, times = 3): void => {
  for (let i = 0; i < times; i++) breakers.report(tierId, workClass, `rejected-${i}`, 'rejected');
};
