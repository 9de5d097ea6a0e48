/** Does the one factory of actors keep its promises: no error unheard, no timer left, no watching unless asked? */
import { expect, test } from 'bun:test';
import { assign, setup } from 'xstate';
import { createActors, type Inspector } from '#platform/actors';
import { createSimulatedClock } from '#tests/support/clock';

const machine = setup({
  types: {} as {
    context: { readonly heard: number };
    events: { readonly type: 'job.done' } | { readonly type: 'job.failed' } | { readonly type: 'job.noted' };
    input: { readonly broken: boolean };
  },
  actions: {
    fail: () => {
      throw new Error('planted');
    },
    count: assign({ heard: ({ context }) => context.heard + 1 }),
  },
  delays: { patience: 1_000 },
}).createMachine({
  id: 'job',
  context: ({ input }) => {
    if (input.broken) throw new Error('broken from the start');
    return { heard: 0 };
  },
  initial: 'waiting',
  states: {
    waiting: {
      after: { patience: 'ended' },
      on: {
        'job.done': 'ended',
        'job.noted': { actions: 'count' },
        'job.failed': { actions: 'fail' },
      },
    },
    ended: { type: 'final' },
  },
});

const start = (input = { broken: false }, inspect?: Inspector) => {
  const clock = createSimulatedClock();
  const heard: string[] = [];
  const note = (what: string): void => {
    heard.push(what);
  };
  const actors = createActors({
    clock,
    onError: (id, error) => note(`world: ${id}: ${error instanceof Error ? error.message : String(error)}`),
    ...(inspect === undefined ? {} : { inspect: () => inspect }),
  });
  const actor = actors.start(machine, {
    id: 'job-1',
    input,
    onSnapshot: (snapshot) => note(`${String(snapshot.value)} ${snapshot.context.heard}`),
    onError: () => note('own error'),
    onEnd: () => note('end'),
  });
  return { clock, heard, actor };
};

test('an actor tells its first snapshot, every change, its last and its end', () => {
  const { actor, heard } = start();
  actor.send({ type: 'job.noted' });
  actor.send({ type: 'job.done' });
  expect(heard).toEqual(['waiting 0', 'waiting 1', 'ended 1', 'end']);
});

test('delays run on the given clock, and stopping takes the timer along', async () => {
  const first = start();
  await first.clock.advance(1_000);
  expect(first.heard).toEqual(['waiting 0', 'ended 0', 'end']);
  const second = start();
  expect(second.clock.pending).toBe(1);
  second.actor.stop();
  expect(second.clock.pending).toBe(0);
  expect(second.heard).toEqual(['waiting 0', 'end']);
});

test('an error in an action ends the actor, is heard by both, and is no end', () => {
  const { actor, clock, heard } = start();
  actor.send({ type: 'job.failed' });
  expect(heard).toEqual(['waiting 0', 'world: job-1: planted', 'own error']);
  expect(actor.getSnapshot().status).toBe('error');
  expect(clock.pending).toBe(0);
});

test('an error at the start is heard as well', () => {
  const { heard } = start({ broken: true });
  expect(heard).toEqual(['world: job-1: broken from the start', 'own error']);
});

test('an inspector sees the events of the actor', () => {
  const seen: string[] = [];
  const { actor } = start({ broken: false }, (event) => {
    if (event.type === '@xstate.event') seen.push(event.event.type);
  });
  actor.send({ type: 'job.noted' });
  actor.stop();
  expect(seen).toEqual(['xstate.init', 'job.noted']);
});
