/** What does each event do to a slot, what does it ask for, and how long does it rest? */
import { describe, expect, test } from 'bun:test';
import { type SlotEvent, type SlotLimits, slotMachine } from '#machines/slot.machine';
import { simulated } from '#tests/machines/simulated';
import { recordingPort, SLOT_LIMITS } from '#tests/machines/slot-port';

/** Steps in short: `12` lets 12 s pass; the others are the first words of the events. */
const STEPS: Readonly<Record<string, (at: number, word: string) => SlotEvent>> = {
  load: (at) => ({ type: 'slot.load', at }),
  drain: (at, word) => ({ type: 'slot.drain', at, to: 'empty', room: word === '' ? undefined : word }),
  sleep: (at) => ({ type: 'slot.drain', at, to: 'asleep', room: undefined }),
  grant: (at, lease) => ({ type: 'lease.grant', at, lease }),
  release: (at, lease) => ({ type: 'lease.release', at, lease }),
  loaded: (at) => ({ type: 'serve.loaded', at }),
  failed: (at) => ({ type: 'load.failed', at, detail: 'no' }),
  exited: (at) => ({ type: 'serve.exited', at, detail: 'gone' }),
  slept: (at) => ({ type: 'serve.slept', at }),
  removed: (at) => ({ type: 'serve.removed', at }),
  stuck: (at) => ({ type: 'removal.failed', at, detail: 'still there' }),
  keep: (at) => ({ type: 'slot.keep', at }),
  lost: (at) => ({ type: 'slot.lost', at, detail: 'bug' }),
  settled: (at) => ({ type: 'room.settled', at }),
};

const play = (steps: readonly string[], limits: SlotLimits = SLOT_LIMITS) => {
  const { actors, clock, errors } = simulated();
  const port = recordingPort();
  const actor = actors.start(slotMachine, { id: 'slot', input: { port, limits, at: clock.now() } });
  for (const step of steps) {
    const [verb = '', word = ''] = step.split(' ');
    const event = STEPS[verb];
    if (event !== undefined) actor.send(event(clock.now(), word));
    else clock.increment(Number(step) * 1000);
  }
  const { value, context } = actor.getSnapshot();
  actor.stop();
  expect(errors).toEqual([]);
  return { state: value, context, calls: port.calls, now: clock.now() };
};

/** Limits: load 100 s, drain 30 s, unload 20 s; rest 5 s, at most 60 s. */
const READY = ['load', 'loaded'];
const BUSY = [...READY, 'grant x', 'grant y'];
type Row = readonly [title: string, steps: readonly string[], state: string, calls: readonly string[]];
const TABLE: readonly Row[] = [
  ['begins empty', [], 'empty', []],
  ['loads when told', ['load'], 'loading', ['load']],
  ['is loaded once', ['load', 'load'], 'loading', ['load']],
  ['is ready when its server is', READY, 'ready', ['load']],
  ['is removed when there are remains to remove', ['drain'], 'unloading', ['stop']],
  ['gives no lease before it is ready', ['load', 'grant x', 'loaded', 'drain'], 'unloading', ['load', 'stop']],
  ['unloads at once without leases', [...READY, 'drain'], 'unloading', ['load', 'stop']],
  ['drains while a lease is out', [...BUSY, 'drain'], 'draining', ['load']],
  ['drains until the last lease is back', [...BUSY, 'drain', 'release x'], 'draining', ['load']],
  ['unloads with the last lease', [...BUSY, 'drain', 'release x', 'release y'], 'unloading', ['load', 'stop']],
  ['hears a release once', [...BUSY, 'drain', 'release x', 'release x'], 'draining', ['load']],
  ['hears no release of a stranger', [...READY, 'grant x', 'drain', 'release z'], 'draining', ['load']],
  [
    'grants nothing while draining',
    [...BUSY, 'drain', 'grant z', 'release x', 'release y'],
    'unloading',
    ['load', 'stop'],
  ],
  ['stays after all when it is kept', [...BUSY, 'drain b', '20', 'keep', '20'], 'ready', ['load']],
  ['is not kept any more once it unloads', [...READY, 'drain b', 'keep'], 'unloading', ['load', 'stop']],
  ['rests, taking over from one that was lost', ['lost'], 'failed', []],
  ['and is empty when nothing is left', ['lost', 'removed', '5'], 'empty', []],
  ['or removes what is', ['lost', 'stuck', '5'], 'failed', ['remove']],
  ['waits for running answers', [...BUSY, 'drain', '29.9'], 'draining', ['load']],
  [
    'cuts what is left at the drain limit',
    [...BUSY, 'drain', 'release x', '30'],
    'unloading',
    ['load', 'cut y', 'stop'],
  ],
  ['goes empty when removed', [...READY, 'drain', 'removed'], 'empty', ['load', 'stop']],
  ['falls asleep', [...READY, 'sleep', 'slept'], 'asleep', ['load', 'sleep']],
  ['goes empty when it would not sleep', [...READY, 'sleep', 'removed'], 'empty', ['load', 'sleep']],
  ['wakes', [...READY, 'sleep', 'slept', 'load'], 'loading', ['load', 'sleep', 'wake']],
  ['is stopped out of sleep', [...READY, 'sleep', 'slept', 'drain'], 'unloading', ['load', 'sleep', 'stop']],
  ['does not fall asleep twice', [...READY, 'sleep', 'slept', 'sleep'], 'asleep', ['load', 'sleep']],
  [
    'is stopped after all, told so while falling asleep',
    [...READY, 'sleep', 'drain', 'slept'],
    'unloading',
    ['load', 'sleep', 'stop'],
  ],
  [
    'may change from sleep to leaving while it drains',
    [...BUSY, 'sleep', 'drain', '30'],
    'unloading',
    ['load', 'cut x y', 'stop'],
  ],
  ['can be given up while loading', ['load', 'drain'], 'unloading', ['load', 'cancel', 'stop']],
  ['rests after a failed load', ['load', 'failed'], 'failed', ['load', 'remove']],
  ['gives up a load that never ends', ['load', '100'], 'failed', ['load', 'cancel', 'remove']],
  ['rests after a crash', [...BUSY, 'exited'], 'failed', ['load', 'remove']],
  ['rests after a crash while draining', [...BUSY, 'drain', 'exited'], 'failed', ['load', 'remove']],
  [
    'rests when its sleeping server dies',
    [...READY, 'sleep', 'slept', 'exited'],
    'failed',
    ['load', 'sleep', 'remove'],
  ],
  ['is stuck when the server cannot be removed', [...READY, 'drain', 'stuck'], 'failed', ['load', 'stop']],
  ['is stuck when removing takes for ever', [...READY, 'drain', '20'], 'failed', ['load', 'stop']],
  ['cannot be loaded while it rests', ['load', 'failed', 'removed', 'load'], 'failed', ['load', 'remove']],
  ['is empty after its rest', ['load', 'failed', 'removed', '5'], 'empty', ['load', 'remove']],
  ['not before', ['load', 'failed', 'removed', '4.9'], 'failed', ['load', 'remove']],
  [
    'removes again after its rest while remains are there',
    ['load', 'failed', 'stuck', '5'],
    'failed',
    ['load', 'remove', 'remove'],
  ],
  [
    'is empty once they are gone',
    ['load', 'failed', 'stuck', '5', 'removed', '10'],
    'empty',
    ['load', 'remove', 'remove'],
  ],
  ['ignores the exit of a server it is stopping', [...READY, 'drain', 'exited'], 'unloading', ['load', 'stop']],
];

describe('a slot', () => {
  test.each(TABLE)('%s', (_, steps, state, calls) => {
    const played = play(steps);
    expect([played.state, played.calls]).toEqual([state as typeof played.state, [...calls]]);
  });
});

describe('the rest of a failed slot', () => {
  const again = (seconds: number): string[] => ['removed', String(seconds), 'load', 'failed'];

  test('doubles with each failure in a row, up to the maximum', () => {
    const failures = [['load', 'failed'], again(5), again(10), again(20), again(40), again(60), again(60)];
    const rests = failures.map((_, index) => {
      const { context, now } = play(failures.slice(0, index + 1).flat());
      return (context.dueAt - now) / 1000;
    });
    expect(rests).toEqual([5, 10, 20, 40, 60, 60, 60]);
  });

  test('is longer for a server that crashes soon after each load', () => {
    const { context } = play([...READY, 'exited', 'removed', '5', ...READY, '59', 'exited']);
    expect(context.failures).toBe(2);
  });

  test('begins anew for one that has stayed for the longest rest', () => {
    const { context } = play([...READY, 'exited', 'removed', '5', ...READY, '60', 'exited']);
    expect(context.failures).toBe(1);
  });

  test('begins anew after an orderly end', () => {
    const { context } = play([...READY, 'exited', 'removed', '5', ...READY, 'drain', 'removed', 'load', 'failed']);
    expect(context.failures).toBe(1);
  });
});

describe('the moments of a slot', () => {
  test('are those of the timers that ended them', () => {
    expect(play([...BUSY, '7', 'drain', '30', '20']).context).toMatchObject({ since: 57_000, drainedMs: 30_000 });
    expect(play(['3', 'load', 'failed', 'removed', '100']).context.since).toBe(8_000);
  });

  test('tell when it was used last: when it became ready, or when a lease ended', () => {
    expect(play(['2', 'load', '3', 'loaded', '4']).context.lastUsedAt).toBe(5_000);
    expect(play(['2', 'load', '3', 'loaded', 'grant x', '4', 'release x', '9']).context.lastUsedAt).toBe(9_000);
  });

  test('tell how long running answers were waited for', () => {
    expect(play([...BUSY, 'drain', '4', 'release x', '3', 'release y', '5']).context.drainedMs).toBe(7_000);
    expect(play([...READY, 'drain', '5']).context.drainedMs).toBe(0);
  });
});

test('a drain that is called back leaves no trace: the stay is that since loading, and nobody is promised the room', () => {
  const { context } = play(['3', ...BUSY, '7', 'drain b', '20', 'keep']);
  expect([context.since, context.room, context.leases.length]).toEqual([3_000, undefined, 2]);
});

describe('room', () => {
  test('is promised to the model it was made for until that is settled', () => {
    const steps = [...BUSY, 'drain b', '30', 'removed', '100'];
    expect(play(steps).context.room).toBe('b');
    expect(play([...steps, 'settled']).context.room).toBeUndefined();
  });

  test('is no promise any more once the slot takes it itself', () => {
    expect(play([...READY, 'drain b', 'removed', 'load']).context.room).toBeUndefined();
  });
});

test.each([
  ['that leaves out of sleep', [...READY, 'sleep', 'slept', 'drain'], true],
  ['that had fallen asleep when it was told to leave', [...READY, 'sleep', 'drain', 'slept'], true],
  ['that died in its sleep', [...READY, 'sleep', 'slept', 'exited'], true],
  ['that leaves awake', [...READY, 'drain'], false],
  ['that leaves awake after it had been woken', [...READY, 'sleep', 'slept', 'load', 'loaded', 'drain'], false],
  ['that is gone', [...READY, 'sleep', 'slept', 'drain', 'removed'], false],
])('a slot %s is counted accordingly', (_, steps, slept) => {
  expect(play(steps).context.slept).toBe(slept);
});
