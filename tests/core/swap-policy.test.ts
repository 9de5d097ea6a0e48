// The rules of swapping one by one, each at the moment at which it changes the answer.
import { describe, expect, test } from 'bun:test';
import type { SlotView, SwapCommand, SwapView } from '#core/swap';
import { schedule } from '#core/swap-policy';
import { modelOf, policyOf, slotOf, TIMES, viewOf, waiterOf } from '#tests/core/swap-fixtures';

const a = modelOf('a');
const b = modelOf('b');
const ready = (over: Partial<SlotView> = {}): SlotView => slotOf(a, { state: 'ready', ...over });

const inShort = (command: SwapCommand): string => {
  if (command.do === 'grant' || command.do === 'refuse') return `${command.do} ${command.waiter}`;
  if (command.do === 'load') return `load ${command.model}: ${command.why}`;
  const wanted = command.for === undefined ? '' : ` for ${command.for}`;
  return `drain ${command.model} to ${command.to}${wanted}: ${command.why}`;
};

const said = (view: SwapView): readonly string[] => schedule(view).commands.map(inShort);

const at = (now: number, slots: readonly SlotView[], over: Partial<SwapView> = {}): SwapView =>
  viewOf(slots, { now, ...over });

describe('leases', () => {
  test('are given in order of arrival, up to the concurrency of the model', () => {
    const slot = slotOf(modelOf('a', { maxConcurrency: 3 }), { state: 'ready', leases: 1 });
    const waiting = [waiterOf('a', 1), waiterOf('a', 2), waiterOf('a', 3)];
    expect(said(at(5, [slot], { waiting }))).toEqual(['grant a@1', 'grant a@2']);
  });
  test('are given by a resident whoever waits for another model', () => {
    const waiting = [waiterOf('b', 19_000), waiterOf('a', 20_000)];
    expect(said(at(20_000, [ready({ leases: 1 }), slotOf(b)], { waiting }))).toEqual(['grant a@20000']);
  });
  test('are not given to the younger while the waiting for another model is worth its load', () => {
    const waiting = [waiterOf('b', 0), waiterOf('a', 20_000)];
    expect(said(at(20_000, [ready({ leases: 1 }), slotOf(b)], { waiting }))).toEqual([]);
  });
  test('are still given then to who came before', () => {
    const slot = slotOf(modelOf('a', { maxConcurrency: 2 }), { state: 'ready', leases: 1 });
    const waiting = [waiterOf('a', 10_000), waiterOf('b', 10_001, { priority: 9 })];
    expect(said(at(20_000, [slot, slotOf(b)], { waiting }))).toEqual(['grant a@10000']);
  });
});

describe('a swap', () => {
  test('is made at once for a model that fits', () => {
    expect(said(at(0, [slotOf(a)], { waiting: [waiterOf('a', 0)] }))).toEqual(['load a: demand']);
  });
  test('waits until the resident has lingered', () => {
    const view = (now: number): SwapView =>
      at(now, [ready({ lastUsedAt: 20_000 }), slotOf(b)], { waiting: [waiterOf('b', 20_500)] });
    expect(said(view(21_999))).toEqual([]);
    expect(schedule(view(21_999)).lookAgainAt).toBe(22_000);
    expect(said(view(22_000))).toEqual(['drain a to empty for b: resident-idle']);
  });
  test('waits until the resident has had its minimum stay', () => {
    const view = (now: number): SwapView =>
      at(now, [ready({ since: 1000, lastUsedAt: 1000 }), slotOf(b)], { waiting: [waiterOf('b', 1500)] });
    expect(said(view(10_999))).toEqual([]);
    expect(said(view(11_000))).toEqual(['drain a to empty for b: resident-idle']);
  });
  test('is worth it when those who wait have waited for a load time together', () => {
    const waiting = [waiterOf('b', 10_000), waiterOf('b', 20_000)];
    const view = (now: number): SwapView => at(now, [ready({ leases: 1 }), slotOf(b)], { waiting });
    expect(schedule(view(24_999)).lookAgainAt).toBe(25_000);
    expect(said(at(25_000, [ready({ leases: 0, lastUsedAt: 25_000 }), slotOf(b)], { waiting }))).toEqual([
      'drain a to empty for b: worth',
    ]);
  });
  test('that is worth it waits for running answers', () => {
    expect(said(at(40_000, [ready({ leases: 2 }), slotOf(b)], { waiting: [waiterOf('b', 0)] }))).toEqual([]);
  });
  test('counts a higher priority for more', () => {
    const view = (priority: number): SwapView =>
      at(20_000, [ready({ lastUsedAt: 20_000 }), slotOf(b)], { waiting: [waiterOf('b', 10_000, { priority })] });
    expect([said(view(0)), said(view(1))]).toEqual([[], ['drain a to empty for b: worth']]);
  });
  test('is forced early enough to drain and unload before the bound, in spite of leases and of the minimum stay', () => {
    const slots = [ready({ since: 86_000, leases: 3 }), slotOf(b)];
    const view = (now: number): SwapView => at(now, slots, { waiting: [waiterOf('b', 0)] });
    expect(said(view(86_999))).toEqual([]);
    expect(said(view(87_000))).toEqual(['drain a to empty for b: bound']);
  });
  test('is forced earlier where the next one in line would miss its bound otherwise', () => {
    const slots = [ready({ leases: 3 }), slotOf(b), slotOf(modelOf('c'))];
    // c has to begin at 130 s; b needs 20 s to load, 30 s to drain and 3 s to leave before; a the last two as well.
    const view = (now: number): SwapView => at(now, slots, { waiting: [waiterOf('b', 0), waiterOf('c', 10_000)] });
    expect(said(view(43_999))).toEqual([]);
    expect(said(view(44_000))).toEqual(['drain a to empty for b: bound']);
  });
  test('that is due keeps its room from the younger while something else loads', () => {
    const gpus = [{ id: 'gpu0', vramMib: 24 }];
    const slots = [
      slotOf(modelOf('x', { vramMib: 16 }), { state: 'loading', since: 95_000 }),
      slotOf(modelOf('large', { vramMib: 24 })),
      slotOf(modelOf('small', { vramMib: 8 })),
    ];
    const view = (since: number): SwapView =>
      at(100_000, slots, { gpus, waiting: [waiterOf('large', since), waiterOf('small', 99_000)] });
    expect(said(view(0))).toEqual([]);
    expect(said(view(98_000))).toEqual(['load small: demand']);
  });
  test('that is only worth it spares who waits for a turn at the resident, came earlier and would miss the bound', () => {
    const slot = slotOf(modelOf('a', { maxConcurrency: 1 }), { state: 'ready', leases: 1 });
    const view = (now: number): SwapView =>
      at(now, [slot, slotOf(b)], { waiting: [waiterOf('a', 0), waiterOf('b', 1000)] });
    expect(said(view(60_000))).toEqual([]);
    expect(said(view(88_000))).toEqual(['drain a to empty for b: bound']);
  });
  test('that makes room is not made twice', () => {
    const slot = ready({ state: 'draining', leases: 1, leaving: 'empty', vacatedFor: 'b' });
    expect(said(at(90_000, [slot, slotOf(b)], { waiting: [waiterOf('b', 0)] }))).toEqual([]);
  });
  test('gives the room to whom it was promised, not to a newcomer of higher priority', () => {
    const slots = [slotOf(a, { vacatedFor: 'b' }), slotOf(b), slotOf(modelOf('c'))];
    const waiting = [waiterOf('b', 80_000), waiterOf('c', 90_000, { priority: 5 })];
    expect(said(at(91_000, slots, { waiting }))).toEqual(['load b: resident-idle']);
  });
  test('is not begun while another one waits whose bound it would break', () => {
    const slots = [slotOf(modelOf('a', { exclusive: ['g'] })), slotOf(modelOf('b', { exclusive: ['g'] }))];
    const waiting = [waiterOf('b', 0), waiterOf('a', 50_000, { priority: 3 })];
    expect(said(at(70_000, slots, { waiting }))).toEqual(['load b: demand']);
    expect(said(at(70_000, slots, { waiting: [waiterOf('b', 30_000), ...waiting.slice(1)] }))).toEqual([
      'load a: demand',
    ]);
  });
  test('spares a pinned resident for ever, and the request is refused at once', () => {
    const slot = slotOf(modelOf('a', { pinned: true }), { state: 'ready' });
    expect(said(at(10, [slot, slotOf(b)], { waiting: [waiterOf('b', 10)] }))).toEqual(['refuse b@10']);
  });
  test('vacates a busy resident rather than an idle pinned one', () => {
    const gpus = [{ id: 'gpu0', vramMib: 24 }];
    const slots = [
      slotOf(modelOf('a', { vramMib: 8, pinned: true }), { state: 'ready' }),
      slotOf(modelOf('b', { vramMib: 8 }), { state: 'ready', leases: 4 }),
      slotOf(modelOf('c', { vramMib: 12 })),
    ];
    expect(said(at(90_000, slots, { gpus, waiting: [waiterOf('c', 0)] }))).toEqual(['drain b to empty for c: bound']);
  });
  test('vacates all GPUs of a model at once', () => {
    const large = modelOf('large', { gpus: ['gpu0', 'gpu1'] });
    const slots = [ready(), slotOf(modelOf('b', { gpus: ['gpu1'] }), { state: 'ready' }), slotOf(large)];
    expect(said(at(60_000, slots, { waiting: [waiterOf('large', 50_000)] }))).toEqual([
      'drain a to empty for large: resident-idle',
      'drain b to empty for large: resident-idle',
    ]);
  });
  test('wakes what sleeps', () => {
    const slot = slotOf(modelOf('a', { asleepMib: 0 }), { state: 'asleep' });
    expect(said(at(0, [slot], { waiting: [waiterOf('a', 0)] }))).toEqual(['load a: demand']);
  });
});

describe('refusals', () => {
  test('come when bound and one load have passed, but not while the model loads', () => {
    const busy = ready({ state: 'loading', since: 100_000 });
    const view = (now: number, slot: SlotView): SwapView => at(now, [busy, slot], { waiting: [waiterOf('b', 0)] });
    expect(said(view(139_999, slotOf(b)))).toEqual([]);
    expect(said(view(140_000, slotOf(b)))).toEqual(['refuse b@0']);
    expect(said(view(150_000, slotOf(b, { state: 'loading', since: 139_000 })))).toEqual([]);
  });
  test('come at once for a model that rests beyond the bound, with the end of the rest', () => {
    const slot = slotOf(a, { state: 'failed', retryAt: 300_000 });
    expect(schedule(at(100_000, [slot], { waiting: [waiterOf('a', 100_000)] })).commands).toEqual([
      { do: 'refuse', waiter: 'a@100000', retryAfterMs: 200_000 },
    ]);
  });
  test('do not come for a model that may be tried again in time', () => {
    const slot = slotOf(a, { state: 'failed', retryAt: 105_000 });
    expect(said(at(100_000, [slot], { waiting: [waiterOf('a', 100_000)] }))).toEqual([]);
  });
  test('the bound is at least what one rival takes that was chosen a moment before', () => {
    const slow = slotOf(a, { state: 'loading', times: { ...TIMES, loadMs: 200_000 } });
    // b leaves (30 s + 3 s), a loads (200 s) and leaves (33 s): 266 s, and b loads in 20 s.
    const view = (now: number): SwapView => at(now, [slow, slotOf(b)], { waiting: [waiterOf('b', 0)] });
    expect([said(view(285_999)), said(view(286_000))]).toEqual([[], ['refuse b@0']]);
  });
});

describe('without anybody waiting', () => {
  test('an unused model goes to sleep when it can, else it is unloaded', () => {
    const view = (now: number, asleepMib?: number): SwapView =>
      at(now, [
        slotOf(modelOf('a', { idleMs: 60_000, ...(asleepMib === undefined ? {} : { asleepMib }) }), {
          state: 'ready',
          lastUsedAt: 5000,
        }),
      ]);
    expect(schedule(view(10_000)).lookAgainAt).toBe(65_000);
    expect(said(view(64_999))).toEqual([]);
    expect(said(view(65_000))).toEqual(['drain a to empty: idle']);
    expect(said(view(65_000, 1))).toEqual(['drain a to asleep: idle']);
  });
  test('wanted models are loaded as far as there is room, in their order', () => {
    const slots = [slotOf(a), slotOf(b), slotOf(modelOf('c', { gpus: ['gpu1'] }))];
    expect(said(at(0, slots, { wanted: ['b', 'a', 'c'] }))).toEqual(['load b: wanted', 'load c: wanted']);
  });
  test('wanted models do not take the room that somebody waits for', () => {
    const slots = [slotOf(a, { state: 'failed', retryAt: 9 }), slotOf(b)];
    expect(said(at(5, slots, { wanted: ['b'], waiting: [waiterOf('a', 5)] }))).toEqual([]);
  });
  test('nothing is looked at again', () => {
    expect(schedule(at(5, [ready(), slotOf(b)]))).toEqual({ commands: [] });
  });
  test('a server that could not be removed keeps its room', () => {
    const slot = slotOf(a, { state: 'failed', stuck: true, retryAt: 50_000 });
    const view = at(5, [slot, slotOf(b)], { waiting: [waiterOf('b', 5)], policy: policyOf() });
    expect(said(view)).toEqual([]);
  });
});
