/** Does the page about the machines say what the machines do, completely? */
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { type AnyStateMachine, and, fromPromise, not, setup } from 'xstate';
import { type DescribedMachine, MACHINES, renderMachine, renderMachinesReadme, sentEvents } from '#machines/describe';

const FOLDER = join(import.meta.dir, '../../machines');
const described: Readonly<Record<string, DescribedMachine>> = MACHINES;

test('machines/README.md is what the machines render; if not, run scripts/generate.ts', async () => {
  expect(await Bun.file(join(FOLDER, 'README.md')).text()).toBe(renderMachinesReadme());
});

test('every machine file is on the page', async () => {
  const files = await Array.fromAsync(new Bun.Glob('*.machine.ts').scan(FOLDER));
  expect(Object.keys(MACHINES).sort()).toEqual(files.sort());
});

describe.each(Object.entries(described))('%s', (file, { machine, events }) => {
  test('has a meaning for every event it reacts to, and no other', () => {
    expect(Object.keys(events).sort()).toEqual([...sentEvents(machine)].sort());
  });

  test('explains each event in one line', () => {
    for (const meaning of Object.values(events)) expect(meaning).toMatch(/^[^\n]{10,120}$/);
  });

  test('names every event noun.verb or noun.pastVerb', () => {
    for (const type of Object.keys(events)) expect(type).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z][a-zA-Z]*$/);
  });

  test('names every guard, action, actor and delay in its setup', () => {
    const page = renderMachine(file, described[file] ?? { machine, about: '', events });
    expect(page).not.toMatch(/xstate\.|unnamed|after `\d/);
    expect(unknownNames(machine)).toEqual([]);
  });
});

type Node = AnyStateMachine['root'];
const nodesOf = (node: Node): readonly Node[] => [node, ...Object.values(node.states).flatMap(nodesOf)];

/** Delays that a machine uses but its setup does not define. */
const unknownNames = (machine: AnyStateMachine): readonly string[] =>
  nodesOf(machine.root)
    .flatMap((node) => Object.keys(node.config.after ?? {}))
    .filter((name) => !(name in machine.implementations.delays));

describe('a page', () => {
  const machine = setup({
    types: {} as { events: { type: 'job.start' } | { type: 'job.cancelled' } },
    actors: { work: fromPromise(() => Promise.resolve()) },
    actions: { note: (_, _params: { readonly how: string }) => undefined },
    guards: { isReady: () => true, isLate: () => false },
    delays: { patience: 5 },
  }).createMachine({
    id: 'job',
    initial: 'idle',
    states: {
      idle: { on: { 'job.start': { guard: and(['isReady', not('isLate')]), target: 'busy' } } },
      busy: {
        tags: 'working',
        entry: { type: 'note', params: { how: 'begun' } },
        invoke: {
          src: 'work',
          onDone: 'done',
          onError: { target: 'idle', actions: { type: 'note', params: { how: 'failed' } } },
        },
        after: { patience: 'idle' },
        on: { 'job.cancelled': { target: 'busy', reenter: true } },
      },
      done: { always: { target: 'idle', guard: 'isLate' } },
    },
  });
  const page = renderMachine('job.machine.ts', {
    machine,
    about: 'A job.',
    events: { 'job.start': 'Begin | go.', 'job.cancelled': 'Stop.' },
  });

  /** Lines without the padding of the columns. */
  const lines = page.split('\n').map((line) => line.replaceAll(/ +/g, ' '));

  test.each([
    ['combined guards', '| `idle` | `job.start` | `and(isReady, not(isLate))` | `busy` | |'],
    ['delays by name', '| `busy` | after `patience` | | `idle` | |'],
    ['what an invoked actor does', '| `busy` | `work` succeeds | | `done` | |'],
    ['parameters of actions', '| `busy` | `work` fails | | `idle` | `note(failed)` |'],
    ['re-entry', '| `busy` | `job.cancelled` | | `busy` (re-enters) | |'],
    ['eventless transitions', '| `done` | at once | `isLate` | `idle` | |'],
    ['tags, invoked actors and entry actions', '| `busy` | `working` | `work` | `note(begun)` |'],
    ['the dictionary, with bars escaped', '| `job.start` | Begin \\| go. |'],
  ])('shows %s', (_, line) => {
    expect(lines).toContain(line);
  });

  test('leaves out columns in which nothing stands', () => {
    expect(lines).toContain('| State | Tags | Invokes | On entry |');
    expect(page).not.toContain('On exit');
  });

  test('misses an event without a meaning', () => {
    expect(sentEvents(machine)).toEqual(['job.start', 'job.cancelled']);
  });
});
