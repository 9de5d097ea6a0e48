/** Who gets a place at once, who waits, who is turned away, and with which word? */
import { describe, expect, test } from 'bun:test';
import { type Admission, type AdmissionLimits, createAdmission, type Lease } from '#router/admission';
import { createSimulatedClock } from '#tests/support/clock';

const LIMITS: AdmissionLimits = { concurrencyMax: 2, queueMax: 2, queueWaitMs: 1_000 };
const NEVER = new AbortController().signal;

const start = (limits = LIMITS) => {
  const clock = createSimulatedClock();
  return { clock, admission: createAdmission({ limits, clock }) };
};

/** A lease that must have been given at once. */
const taken = (answer: ReturnType<Admission['acquire']> | ReturnType<Admission['enter']>): Lease => {
  if (typeof answer === 'string' || answer instanceof Promise) throw new Error('no lease at once');
  return answer;
};

const leased = async (answer: ReturnType<Admission['acquire']>): Promise<Lease> => taken(await answer);

describe('the router as a whole', () => {
  test('admits as many as its cap and turns the next away', () => {
    const { admission } = start();
    const first = taken(admission.enter());
    taken(admission.enter());
    expect(admission.enter()).toBe('overloaded');
    first.release();
    taken(admission.enter());
    expect(admission.inFlight()).toBe(2);
  });

  test('counts a lease that is released twice once', () => {
    const { admission } = start();
    const first = taken(admission.enter());
    taken(admission.enter());
    first.release();
    first.release();
    expect(admission.inFlight()).toBe(1);
  });

  test('sends nobody away when the cap is lowered, and admits more when it is raised', () => {
    const { admission } = start();
    const leases = [taken(admission.enter()), taken(admission.enter())];
    admission.reconfigure({ ...LIMITS, concurrencyMax: 1 });
    expect(admission.inFlight()).toBe(2);
    leases[0]?.release();
    expect(admission.enter()).toBe('overloaded');
    admission.reconfigure({ ...LIMITS, concurrencyMax: 3 });
    taken(admission.enter());
    taken(admission.enter());
    expect(admission.enter()).toBe('overloaded');
  });
});

describe('one tier', () => {
  test('gives a free place at once, and counts places per tier', () => {
    const { admission } = start();
    taken(admission.acquire('fast', 1, NEVER));
    taken(admission.acquire('heavy', 1, NEVER));
    expect(admission.loadOf('fast')).toEqual({ inFlight: 1, waiting: 0 });
    expect(admission.loadOf('idle')).toEqual({ inFlight: 0, waiting: 0 });
  });

  test('without a cap never makes anyone wait, but counts', () => {
    const { admission } = start();
    for (let i = 0; i < 100; i++) taken(admission.acquire('cloud', undefined, NEVER));
    expect(admission.loadOf('cloud')).toEqual({ inFlight: 100, waiting: 0 });
  });

  test('hands a released place to those who wait, in order of arrival', async () => {
    const { admission, clock } = start();
    const first = taken(admission.acquire('fast', 1, NEVER));
    const order: string[] = [];
    const enter = async (name: string): Promise<void> => {
      const lease = await leased(admission.acquire('fast', 1, NEVER));
      order.push(name);
      lease.release();
    };
    const both = Promise.all([enter('second'), enter('third')]);
    expect(admission.loadOf('fast')).toEqual({ inFlight: 1, waiting: 2 });
    first.release();
    await both;
    expect(order).toEqual(['second', 'third']);
    expect(admission.loadOf('fast')).toEqual({ inFlight: 0, waiting: 0 });
    expect(clock.pending).toBe(0);
  });

  test('turns away who finds the queue full', () => {
    const { admission } = start();
    taken(admission.acquire('fast', 1, NEVER));
    void admission.acquire('fast', 1, NEVER);
    void admission.acquire('fast', 1, NEVER);
    expect(admission.acquire('fast', 1, NEVER)).toBe('full');
    expect(admission.loadOf('fast')).toEqual({ inFlight: 1, waiting: 2 });
  });

  test('with a queue of length 0 never makes anyone wait', () => {
    const { admission } = start({ ...LIMITS, queueMax: 0 });
    taken(admission.acquire('fast', 1, NEVER));
    expect(admission.acquire('fast', 1, NEVER)).toBe('full');
  });

  test('ends a wait at its time limit', async () => {
    const { admission, clock } = start();
    taken(admission.acquire('fast', 1, NEVER));
    const waiting = admission.acquire('fast', 1, NEVER);
    await clock.advance(999);
    expect(admission.loadOf('fast').waiting).toBe(1);
    await clock.advance(1);
    expect(await waiting).toBe('timeout');
    expect(admission.loadOf('fast')).toEqual({ inFlight: 1, waiting: 0 });
  });

  test('ends a wait when its caller gives up, and leaves the others their turn', async () => {
    const { admission, clock } = start();
    const first = taken(admission.acquire('fast', 1, NEVER));
    const caller = new AbortController();
    const impatient = admission.acquire('fast', 1, caller.signal);
    const patient = admission.acquire('fast', 1, NEVER);
    caller.abort();
    expect(await impatient).toBe('aborted');
    first.release();
    await leased(patient);
    expect(clock.pending).toBe(0);
  });

  test('gives nothing to a caller who is gone already', () => {
    const { admission } = start();
    expect(admission.acquire('fast', 1, AbortSignal.abort())).toBe('aborted');
    expect(admission.loadOf('fast').inFlight).toBe(0);
  });

  test('ignores an abort after the place was given', async () => {
    const { admission } = start();
    const caller = new AbortController();
    const first = taken(admission.acquire('fast', 1, NEVER));
    const second = admission.acquire('fast', 1, caller.signal);
    first.release();
    caller.abort();
    const lease = await leased(second);
    expect(admission.loadOf('fast').inFlight).toBe(1);
    lease.release();
    expect(admission.loadOf('fast').inFlight).toBe(0);
  });

  test('lets nobody overtake the queue, even with a larger cap', async () => {
    const { admission } = start();
    const first = taken(admission.acquire('fast', 1, NEVER));
    const second = admission.acquire('fast', 1, NEVER);
    const third = admission.acquire('fast', 2, NEVER);
    expect(admission.loadOf('fast')).toEqual({ inFlight: 1, waiting: 2 });
    first.release();
    await leased(second);
    await leased(third);
    expect(admission.loadOf('fast').inFlight).toBe(2);
  });

  test('passes the turn on when the one at the head gives up', async () => {
    const { admission } = start();
    const caller = new AbortController();
    taken(admission.acquire('fast', 2, NEVER));
    const narrow = admission.acquire('fast', 1, caller.signal);
    const wide = admission.acquire('fast', 2, NEVER);
    expect(admission.loadOf('fast')).toEqual({ inFlight: 1, waiting: 2 });
    caller.abort();
    expect(await narrow).toBe('aborted');
    await leased(wide);
    expect(admission.loadOf('fast')).toEqual({ inFlight: 2, waiting: 0 });
  });

  test('applies a new wait and length limit to those who come later', async () => {
    const { admission, clock } = start();
    taken(admission.acquire('fast', 1, NEVER));
    const before = admission.acquire('fast', 1, NEVER);
    admission.reconfigure({ ...LIMITS, queueMax: 3, queueWaitMs: 10 });
    const after = admission.acquire('fast', 1, NEVER);
    await clock.advance(10);
    expect(await after).toBe('timeout');
    expect(admission.loadOf('fast').waiting).toBe(1);
    await clock.advance(990);
    expect(await before).toBe('timeout');
  });
});
