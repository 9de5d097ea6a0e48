/** Which promises does a breaker keep under any schedule of requests, reports, losses and waits? */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { type BreakerLimits, breakerMachine, GIVEN_UP_MAX } from '#machines/breaker.machine';
import { simulated } from '#tests/machines/simulated';

/*
 * Two faults planted by hand to see the properties fail, each found within ten runs: the guard `isProbe` always true
 * (a stale report closes or reopens the breaker), and the timer `probeTimeout` removed (a lost probe wedges it).
 */
const IDS = ['a', 'b', 'c'] as const;

const limits: fc.Arbitrary<BreakerLimits> = fc
  .record({
    failuresToOpen: fc.integer({ min: 1, max: 4 }),
    windowMs: fc.integer({ min: 1, max: 50 }),
    cooldownMs: fc.integer({ min: 1, max: 20 }),
    growth: fc.integer({ min: 1, max: 5 }),
    probeTimeoutMs: fc.integer({ min: 1, max: 20 }),
  })
  .map(({ growth, ...rest }) => ({ ...rest, cooldownMaxMs: rest.cooldownMs * growth }));

const requestId = fc.constantFrom(...IDS);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 30 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('ask' as const), requestId }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      requestId,
      retryAfterMs: fc.option(fc.integer({ min: 0, max: 1000 }), { nil: undefined, freq: 5 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('break' as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('timer' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('succeed' as const), requestId }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('give' as const), requestId }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('relimit' as const), limits }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A breaker and what an onlooker knows of it: who was given the probe and when, and when it was seen to open. */
class Onlooker {
  readonly world = simulated();
  readonly actor;
  holder: { readonly id: string; readonly until: number } | undefined;
  /** Probes given up since it was half-open. */
  givenUp: readonly string[] = [];
  limits: BreakerLimits;
  openedAt = 0;

  constructor(input: BreakerLimits) {
    this.limits = input;
    this.actor = this.world.actors.start(breakerMachine, { id: 'breaker', input });
  }

  get now(): number {
    return this.world.clock.now();
  }

  get state(): string {
    const { value } = this.actor.getSnapshot();
    return typeof value === 'string' ? value : 'halfOpen';
  }

  /** Time passes in steps of 1 ms, so that no timer is served late. */
  wait(ms: number): void {
    for (let passed = 0; passed < ms; passed++) {
      this.world.clock.increment(1);
      if (this.holder === undefined || this.now < this.holder.until) continue;
      this.givenUp = [...this.givenUp, this.holder.id].slice(-GIVEN_UP_MAX);
      this.holder = undefined;
    }
  }

  /** Random waits seldom end where things happen; this one ends when the open time or the probe does. */
  waitForTimer(): void {
    const { openUntil, probe } = this.actor.getSnapshot().context;
    const until = probe?.until ?? (this.state === 'open' ? openUntil : this.now);
    this.wait(until - this.now);
  }

  failUntilOpen(): void {
    for (let i = 0; i < 4 && this.state === 'closed'; i++) this.report('attempt.failed', 'd');
  }

  /** Asks as the router does; true when this id was granted the probe just now. */
  ask(id: string): boolean {
    const heldBefore = this.actor.getSnapshot().context.probe?.requestId;
    this.actor.send({ type: 'probe.request', requestId: id, at: this.now });
    const heldAfter = this.actor.getSnapshot().context.probe?.requestId;
    if (heldAfter === heldBefore) return false;
    // Never two probes: nobody may hold it when it is granted.
    expect(this.holder).toBeUndefined();
    expect(heldAfter).toBe(id);
    // Never early: the cooldown has passed since it opened.
    expect(this.now - this.openedAt).toBeGreaterThanOrEqual(
      Math.min(this.limits.cooldownMs, this.limits.cooldownMaxMs),
    );
    this.holder = { id, until: this.now + this.limits.probeTimeoutMs };
    return true;
  }

  report(type: 'attempt.failed' | 'attempt.succeeded' | 'probe.release', id: string, retryAfterMs?: number): void {
    const before = this.state;
    const expected = this.verdictOf(type, id);
    this.actor.send({ type, requestId: id, at: this.now, retryAfterMs });
    const after = this.state;
    // Outside `closed` only a probe can move it, and a probe always does; stale reports are ignored.
    if (before !== 'closed') expect(after).toBe(expected ?? before);
    if (after === 'open' && before !== 'open') this.openedAt = this.now;
    if (this.holder?.id === id || after !== before) this.holder = undefined;
    if (after !== before) this.givenUp = [];
  }

  /** Where a probe's report must lead; undefined for the report of a request that is none. */
  verdictOf(type: 'attempt.failed' | 'attempt.succeeded' | 'probe.release', id: string): string | undefined {
    const verdict = { 'attempt.succeeded': 'closed', 'attempt.failed': 'open', 'probe.release': 'halfOpen' }[type];
    if (this.holder?.id === id) return verdict;
    if (this.state !== 'halfOpen' || !this.givenUp.includes(id)) return undefined;
    return type === 'attempt.failed' && this.holder !== undefined ? undefined : verdict;
  }

  relimit(next: BreakerLimits): void {
    const before = this.state;
    this.actor.send({ type: 'limits.changed', limits: next, at: this.now });
    // A running open time or probe was granted under the old limits; only the shorter minimum can be demanded.
    this.limits = { ...next, cooldownMs: Math.min(next.cooldownMs, next.cooldownMaxMs, this.limits.cooldownMs) };
    expect(this.state).toBe(before);
  }

  play(next: Step): void {
    if (next.do === 'wait') this.wait(next.ms);
    else if (next.do === 'timer') this.waitForTimer();
    else if (next.do === 'break') this.failUntilOpen();
    else if (next.do === 'ask') this.ask(next.requestId);
    else if (next.do === 'fail') this.report('attempt.failed', next.requestId, next.retryAfterMs);
    else if (next.do === 'succeed') this.report('attempt.succeeded', next.requestId);
    else if (next.do === 'give') this.report('probe.release', next.requestId);
    else this.relimit(next.limits);
    const held = this.actor.getSnapshot().context.probe?.requestId;
    expect(held).toBe(this.holder?.id);
    expect(this.actor.getSnapshot().context.failedAt.length).toBeLessThan(5);
    expect(this.world.errors).toEqual([]);
  }
}

test('no schedule grants two probes, hears a stale report, or lets a probe through early', () => {
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 60, size: 'max' }), (input, steps) => {
      const onlooker = new Onlooker(input);
      for (const next of steps) onlooker.play(next);
      onlooker.actor.stop();
    }),
    { numRuns: 400 },
  );
});

test('after enough quiet time a breaker that is not closed grants a probe, and its success closes it', () => {
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 40, size: 'max' }), (input, steps) => {
      const onlooker = new Onlooker(input);
      let longest = { open: input.cooldownMaxMs, probe: input.probeTimeoutMs };
      for (const next of steps) {
        onlooker.play(next);
        if (next.do !== 'relimit') continue;
        const { cooldownMaxMs, probeTimeoutMs } = next.limits;
        longest = { open: Math.max(longest.open, cooldownMaxMs), probe: Math.max(longest.probe, probeTimeoutMs) };
      }
      onlooker.wait(longest.open + longest.probe);
      if (onlooker.state !== 'closed') {
        expect(onlooker.ask('fresh')).toBe(true);
        onlooker.report('attempt.succeeded', 'fresh');
      }
      expect(onlooker.state).toBe('closed');
      onlooker.actor.stop();
    }),
    { numRuns: 400 },
  );
});

test('a breaker opens exactly when the failures in its window, less the successes, reach the limit', () => {
  const report = fc.record({ ok: fc.boolean(), afterMs: fc.integer({ min: 0, max: 25 }) });
  fc.assert(
    fc.property(limits, fc.array(report, { maxLength: 60, size: 'max' }), (input, reports) => {
      const onlooker = new Onlooker(input);
      let counted: number[] = [];
      for (const { ok, afterMs } of reports) {
        onlooker.wait(afterMs);
        counted = counted.filter((at) => onlooker.now - at < input.windowMs);
        if (ok) counted.shift();
        else counted.push(onlooker.now);
        onlooker.report(ok ? 'attempt.succeeded' : 'attempt.failed', 'a');
        expect(onlooker.state).toBe(counted.length >= input.failuresToOpen ? 'open' : 'closed');
        if (onlooker.state === 'open') break;
      }
      onlooker.actor.stop();
    }),
    { numRuns: 300 },
  );
});
