/** How does a machine read as a page? Renders states, transitions and event dictionary of every machine as markdown. */
import type { AnyStateMachine } from 'xstate';
import { BREAKER_EVENTS, breakerMachine } from '#machines/breaker.machine';
import { REQUEST_EVENTS, requestMachine } from '#machines/request.machine';
import { ROUTER_EVENTS, routerMachine } from '#machines/router.machine';
import { SLOT_EVENTS, slotMachine } from '#machines/slot.machine';

/** One machine of this folder, with the meaning of each event it may be sent. */
export interface DescribedMachine {
  readonly machine: AnyStateMachine;
  /** One sentence: what the machine decides. */
  readonly about: string;
  readonly events: Readonly<Record<string, string>>;
}

/** Every machine, in reading order. */
export const MACHINES = {
  'router.machine.ts': {
    machine: routerMachine,
    about: 'The life of the whole router, from the first configuration to the last request.',
    events: ROUTER_EVENTS,
  },
  'request.machine.ts': {
    machine: requestMachine,
    about: 'One request, from its plan to its end: candidate after candidate, then one answer or none.',
    events: REQUEST_EVENTS,
  },
  'breaker.machine.ts': {
    machine: breakerMachine,
    about: 'The health of one tier (availability) or of one tier for one work class (quality).',
    events: BREAKER_EVENTS,
  },
  'slot.machine.ts': {
    machine: slotMachine,
    about: 'One model of the multiplexer and its place on the GPUs, from loading to vacating.',
    events: SLOT_EVENTS,
  },
} as const satisfies Record<string, DescribedMachine>;

type Node = AnyStateMachine['root'];
type Transition = NonNullable<Node['always']>[number];

/** How the event types begin that XState makes of `after`. */
const AFTER = 'xstate.after.';

/** States below the root in document order. */
const statesOf = (node: Node): readonly Node[] =>
  Object.values(node.states).flatMap((state) => [state, ...statesOf(state)]);

const pathOf = (node: Node): string => (node.path.length === 0 ? '(any)' : node.path.join('.'));
const code = (name: string): string => `\`${name}\``;
const join = (names: readonly string[]): string => names.map(code).join(', ');

/** A markdown table, its columns padded to one width as the formatter wants them. */
const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string[] => {
  if (rows.length === 0) return [];
  const cells = [heads, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = heads.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[], fill: string): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width, fill)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  return [line(head, ' '), line([], '-'), ...body.map((row) => line(row, ' ')), ''];
};

const property = (value: unknown, key: string): unknown =>
  (typeof value === 'object' && value !== null) || typeof value === 'function' ? Reflect.get(value, key) : undefined;

/** Name of a guard: a string, an object with a type, or a combination (`and`, `or`, `not`) of such. */
const guardName = (guard: unknown): string => {
  if (typeof guard === 'string') return guard;
  const parts = property(guard, 'guards');
  if (Array.isArray(parts)) return `${String(property(guard, 'name'))}(${parts.map(guardName).join(', ')})`;
  return String(property(guard, 'type') ?? 'unnamed');
};

/** True for the timer actions that XState itself adds for `after`: the event of a raise, the id of a cancel. */
const isTimer = (action: unknown): boolean =>
  [property(property(action, 'event'), 'type'), property(action, 'sendId')].some(
    (name) => typeof name === 'string' && name.startsWith(AFTER),
  );

/** Name of an action with the values of its parameters; undefined for XState's own timers. */
const actionName = (action: unknown): string | undefined => {
  if (typeof action === 'string') return action;
  if (isTimer(action)) return undefined;
  const type = String(property(action, 'type') ?? 'unnamed');
  const params = property(action, 'params');
  const values = typeof params === 'object' && params !== null ? Object.values(params).map(String) : [];
  return values.length === 0 ? type : `${type}(${values.join(', ')})`;
};

const actionNames = (actions: readonly unknown[]): string =>
  join(actions.map(actionName).filter((name) => name !== undefined));

/** What sets a transition off, in words: XState's own event types carry ids of states and actors. */
const triggerOf = (node: Node, transition: Transition): string => {
  const type = transition.eventType;
  if (type === '') return 'at once';
  if (type.startsWith(AFTER)) return `after ${code(type.slice(AFTER.length, -`.${node.id}`.length))}`;
  if (type.startsWith('xstate.done.state.')) return 'its inner states are done';
  const invoked = node.invoke.find((invoke) => type.endsWith(`.actor.${invoke.id}`));
  if (invoked === undefined) return code(type);
  return `${code(String(invoked.src))} ${type.startsWith('xstate.done.') ? 'succeeds' : 'fails'}`;
};

const targetOf = (transition: Transition): string =>
  transition.target === undefined
    ? '(stays)'
    : `${join(transition.target.map(pathOf))}${transition.reenter ? ' (re-enters)' : ''}`;

const transitionRows = (node: Node): string[][] =>
  [...(node.always ?? []), ...[...node.transitions.values()].flat()].map((transition) => [
    node.path.length === 0 ? pathOf(node) : code(pathOf(node)),
    triggerOf(node, transition),
    transition.guard === undefined ? '' : code(guardName(transition.guard)),
    targetOf(transition),
    actionNames(transition.actions),
  ]);

const stateRow = (node: Node): string[] => {
  const initial = node.parent?.initial?.target.includes(node) === true ? ' (initial)' : '';
  return [
    `${code(pathOf(node))}${initial}${node.type === 'final' ? ' (final)' : ''}`,
    node.description ?? '',
    join(node.tags),
    join(node.invoke.map((invoke) => String(invoke.src))),
    actionNames(node.entry),
    actionNames(node.exit),
  ];
};

/** Leaves out the columns in which every row is empty. */
const filledTable = (heads: readonly string[], rows: readonly (readonly string[])[]): string[] => {
  const kept = heads.map((_, column) => rows.some((cells) => cells[column] !== ''));
  const keep = (cells: readonly string[]): readonly string[] => cells.filter((_, column) => kept[column]);
  return table(keep(heads), rows.map(keep));
};

/** Event types a machine reacts to that callers send, as opposed to XState's own. */
export const sentEvents = (machine: AnyStateMachine): readonly string[] => {
  const types = [machine.root, ...statesOf(machine.root)].flatMap((node) => [...node.transitions.keys()]);
  return [...new Set(types)].filter((type) => !type.startsWith('xstate.') && !type.includes('*'));
};

/** Section of one machine: its states, its transitions, the meaning of its events. */
export const renderMachine = (file: string, described: DescribedMachine): string => {
  const { machine, about, events } = described;
  const states = statesOf(machine.root);
  return [
    `## ${machine.id}`,
    '',
    `${about} Source: [${file}](${file}).`,
    '',
    ...filledTable(['State', 'Meaning', 'Tags', 'Invokes', 'On entry', 'On exit'], states.map(stateRow)),
    ...filledTable(['In', 'On', 'If', 'Goes to', 'Doing'], [machine.root, ...states].flatMap(transitionRows)),
    ...table(
      ['Event', 'Meaning'],
      Object.entries(events).map(([type, meaning]) => [code(type), meaning]),
    ),
  ].join('\n');
};

const INTRO = `# Machines

Generated from the machines by \`describe.ts\`; edit those, not this file. A test fails when the two differ.

Machines own time and order and perform nothing: every effect is provided from outside, every moment comes with an
event, every delay has a name in \`setup\` and its length in the context. Commands are named \`noun.verb\`, events
\`noun.pastVerb\`. Rows of the second table are tried from top to bottom; an event with no row is ignored. \`(any)\` is
the whole machine: its rows apply in every state where no row of that state does.
`;

/** The whole page, as it stands in machines/README.md. */
export const renderMachinesReadme = (): string =>
  [INTRO, ...Object.entries(MACHINES).map(([file, described]) => renderMachine(file, described))].join('\n');
