/** Is everything that a visit holds given back once, in whatever order things come to pass? */
import { describe, expect, test } from 'bun:test';
import type { SlotLease } from '#core/slot-lease';
import { limitsFor } from '#server/multiplexer/front';
import { CALLER_GONE, CUT, type Trouble } from '#server/multiplexer/trouble';
import { createVisits, type Visit } from '#server/multiplexer/visit';
import type { Upstream } from '#upstream/relay';

interface Scene {
  readonly visit: Visit;
  readonly visits: ReturnType<typeof createVisits>;
  readonly counts: { released: number; cancelled: number; restored: number };
  readonly told: Trouble[];
  leave(): void;
  cut(): void;
  hold(): void;
  call(): void;
}

const scene = (): Scene => {
  const caller = new AbortController();
  const cutting = new AbortController();
  const counts = { released: 0, cancelled: 0, restored: 0 };
  const visits = createVisits(2);
  const request = new Request('http://localhost/', { signal: caller.signal });
  const visit = visits.open('mux_1', request, { lift: () => undefined, restore: () => void counts.restored++ });
  if (!visit) throw new Error('there is room');
  const lease: SlotLease = {
    model: 'a',
    origin: '',
    waitedMs: 0,
    needed: 'nothing',
    cut: cutting.signal,
    release: () => void counts.released++,
  };
  const upstream: Upstream = { opened: new Promise(() => undefined), cancel: () => void counts.cancelled++ };
  const told: Trouble[] = [];
  return {
    visit,
    visits,
    counts,
    told,
    leave: () => caller.abort(),
    cut: () => cutting.abort(),
    hold: () => visit.hold(lease),
    call: () => visit.call(upstream),
  };
};

test('the end gives back lease, call and place, once', () => {
  const { visit, visits, counts, hold, call } = scene();
  hold();
  call();
  expect(visits.count).toBe(1);
  visit.end();
  visit.end();
  expect(counts).toEqual({ released: 1, cancelled: 1, restored: 1 });
  expect([visits.count, visit.ended]).toEqual([0, true]);
});

test('a lease that comes after the end goes back at once', () => {
  const { visit, counts, hold } = scene();
  visit.end();
  hold();
  expect(counts.released).toBe(1);
});

test('a call that is opened after the caller left, or the end, is cancelled at once', () => {
  for (const over of ['leave', 'end'] as const) {
    const { visit, counts, leave, hold, call } = scene();
    hold();
    if (over === 'leave') leave();
    else visit.end();
    call();
    expect(counts.cancelled).toBe(1);
  }
});

test('a lease that is cut already when it comes cuts the visit', () => {
  const { visit, cut, hold } = scene();
  cut();
  hold();
  expect([visit.cut, visit.gone.aborted]).toEqual([CUT, true]);
});

describe('the answer hears of', () => {
  test('a cut, before and after it has begun', () => {
    const early = scene();
    early.hold();
    early.cut();
    early.visit.onOver((why) => early.told.push(why));
    const late = scene();
    late.hold();
    late.visit.onOver((why) => late.told.push(why));
    late.cut();
    expect([early.told, late.told]).toEqual([[CUT], [CUT]]);
  });

  test("the caller's leaving, before and after it has begun", () => {
    const early = scene();
    early.leave();
    early.visit.onOver((why) => early.told.push(why));
    const late = scene();
    late.visit.onOver((why) => late.told.push(why));
    late.leave();
    expect([early.told, late.told]).toEqual([[CALLER_GONE], [CALLER_GONE]]);
  });

  test('one cut only', () => {
    const { visit, visits, told, hold, cut } = scene();
    hold();
    visit.onOver((why) => told.push(why));
    cut();
    visits.cutAll();
    visit.cutOff(CUT);
    expect(told).toEqual([CUT]);
  });
});

test('there are as many visits as may be, and no more', () => {
  const visits = createVisits(1);
  const idle = { lift: () => undefined, restore: () => undefined };
  const first = visits.open('a', new Request('http://localhost/'), idle);
  expect(visits.open('b', new Request('http://localhost/'), idle)).toBeUndefined();
  first?.end();
  expect(visits.open('c', new Request('http://localhost/'), idle)).toBeDefined();
});

test('a registry that lets more wait makes more room for them, and never less than there was', () => {
  expect([0, 256, 2_000].map((queueMax) => limitsFor(queueMax).visitsMax)).toEqual([512, 512, 2_256]);
});
