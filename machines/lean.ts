/** A flat statechart as cheap actor logic: the same states, events, guards and actions, looked up in a table. */
import type { ActorLogic, AnyEventObject, AnyStateMachine, EventObject, Snapshot } from 'xstate';

/** Longest delay a timer can hold; a delay of this length or more is never scheduled. */
export const NEVER_MS = 2 ** 31 - 1;

/** What a lean actor shows of itself; `matches` and tags are the full chart's business. */
export type LeanSnapshot<Context> = Snapshot<undefined> & { readonly value: string; readonly context: Context };

interface Situation<Context> {
  readonly context: Context;
  readonly event: AnyEventObject;
  readonly self: { send(event: AnyEventObject): void };
}

type Step<Context> = (situation: Situation<Context>) => Partial<Context> | undefined;

interface Edge<Context> {
  readonly guard: ((situation: Situation<Context>) => boolean) | undefined;
  readonly target: string | undefined;
  readonly steps: readonly Step<Context>[];
}

interface Place<Context> {
  readonly entry: readonly Step<Context>[];
  readonly final: boolean;
  readonly edges: ReadonlyMap<string, readonly Edge<Context>[]>;
}

interface Delay<Context> {
  readonly eventType: string;
  readonly ms: (context: Context) => number;
}

/** The part of a chart's configuration that a flat machine uses. */
interface Config {
  readonly id: string;
  readonly initial: string;
  readonly context: (argument: { readonly input: unknown }) => unknown;
  readonly entry?: unknown;
  readonly on?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
  readonly states: Readonly<Record<string, StateConfig>>;
}

interface StateConfig {
  readonly type?: string;
  readonly entry?: unknown;
  readonly on?: Readonly<Record<string, unknown>>;
  readonly [other: string]: unknown;
}

const KNOWN_STATE_KEYS: ReadonlySet<string> = new Set(['type', 'entry', 'on', 'description']);

const listOf = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

const fault = (machine: AnyStateMachine, what: string): Error =>
  new Error(`machine ${machine.id} is not flat: ${what}`);

/** An action by name: a plain function, or an `assign` of an object or a function. */
const stepOf = <Context>(machine: AnyStateMachine, action: unknown): Step<Context> => {
  const name = typeof action === 'string' ? action : String((action as { readonly type?: unknown }).type);
  const params = typeof action === 'object' && action !== null && 'params' in action ? action.params : undefined;
  const implemented: unknown = machine.implementations.actions[name];
  if (typeof implemented !== 'function') throw fault(machine, `action ${name} is not provided`);
  if (!('assignment' in implemented)) {
    return (situation) => {
      Reflect.apply(implemented, undefined, [situation, params]);
      return undefined;
    };
  }
  const { assignment } = implemented;
  if (typeof assignment === 'function') return (situation) => Reflect.apply(assignment, undefined, [situation, params]);
  const constants = { ...(assignment as object) } as Partial<Context>;
  for (const value of Object.values(constants)) {
    if (typeof value === 'function') throw fault(machine, `${name} assigns by property functions`);
  }
  return () => constants;
};

const guardOf = <Context>(machine: AnyStateMachine, guard: unknown): Edge<Context>['guard'] => {
  if (guard === undefined) return undefined;
  const implemented: unknown = machine.implementations.guards[String(guard)];
  if (typeof implemented !== 'function' || 'check' in implemented)
    throw fault(machine, `guard ${String(guard)} is no plain function`);
  return (situation) => Boolean(Reflect.apply(implemented, undefined, [situation, undefined]));
};

const edgeOf = <Context>(machine: AnyStateMachine, from: string, transition: unknown): Edge<Context> => {
  const parts = (typeof transition === 'string' ? { target: transition } : transition) as {
    readonly target?: string;
    readonly guard?: unknown;
    readonly actions?: unknown;
    readonly reenter?: boolean;
  };
  const target = parts.target?.replace(/^\./, '');
  if (target === from && parts.reenter !== true) throw fault(machine, `${from} targets itself without reenter`);
  return {
    guard: guardOf(machine, parts.guard),
    target,
    steps: listOf(parts.actions).map((action) => stepOf<Context>(machine, action)),
  };
};

const afterType = (machine: AnyStateMachine, delay: string): string => `xstate.after.${delay}.${machine.id}`;

const placesOf = <Context>(machine: AnyStateMachine, config: Config): ReadonlyMap<string, Place<Context>> => {
  const common = [
    ...Object.entries(config.on ?? {}),
    ...Object.entries(config.after ?? {}).map(([delay, value]) => [afterType(machine, delay), value] as const),
  ];
  const places = new Map<string, Place<Context>>();
  for (const [name, state] of Object.entries(config.states)) {
    const unknown = Object.keys(state).find((key) => !KNOWN_STATE_KEYS.has(key));
    if (unknown !== undefined) throw fault(machine, `state ${name} has ${unknown}`);
    const edges = new Map<string, Edge<Context>[]>();
    const final = state.type === 'final';
    for (const [type, value] of final ? [] : [...Object.entries(state.on ?? {}), ...common]) {
      const known = edges.get(type) ?? [];
      edges.set(type, [...known, ...listOf(value).map((transition) => edgeOf<Context>(machine, name, transition))]);
    }
    const entry = listOf(state.entry).map((action) => stepOf<Context>(machine, action));
    places.set(name, { entry, final, edges });
  }
  return places;
};

const delaysOf = <Context>(machine: AnyStateMachine, config: Config): readonly Delay<Context>[] =>
  Object.keys(config.after ?? {}).map((name) => {
    const implemented: unknown = machine.implementations.delays[name];
    if (typeof implemented !== 'function') throw fault(machine, `delay ${name} is no function`);
    return {
      eventType: afterType(machine, name),
      ms: (context) =>
        Number(Reflect.apply(implemented, undefined, [{ context, event: { type: 'xstate.init' } }, undefined])),
    };
  });

/**
 * Actor logic for a chart whose states are flat: named guards and actions, `on`, `entry`, final states, and delays on the
 * root. The chart stays the one description; this only runs it without the general interpreter, whose cost per request
 * was the largest single item of the serving path. A test walks every path of the chart on both.
 * @throws Error at load when the chart uses anything else
 */
export const leanLogic = <Context extends object, Event extends EventObject, Input>(
  machine: AnyStateMachine,
): ActorLogic<LeanSnapshot<Context>, Event, Input> => {
  const config = machine.config as unknown as Config;
  if (config.entry !== undefined) throw fault(machine, 'the root has entry actions');
  const places = placesOf<Context>(machine, config);
  const delays = delaysOf<Context>(machine, config);

  const run = (
    steps: readonly Step<Context>[],
    context: Context,
    event: AnyEventObject,
    self: Situation<Context>['self'],
  ): Context => {
    let now = context;
    for (const step of steps) {
      const change = step({ context: now, event, self });
      if (change !== undefined) now = { ...now, ...change };
    }
    return now;
  };

  const enter = (
    value: string,
    context: Context,
    event: AnyEventObject,
    self: Situation<Context>['self'],
  ): LeanSnapshot<Context> => {
    const place = places.get(value);
    if (!place) throw fault(machine, `there is no state ${value}`);
    const settled = run(place.entry, context, event, self);
    return { status: place.final ? 'done' : 'active', value, context: settled, output: undefined, error: undefined };
  };

  return {
    getInitialSnapshot: (_scope, input) => ({
      status: 'active',
      value: config.initial,
      context: config.context({ input }) as Context,
      output: undefined,
      error: undefined,
    }),
    start({ context }, scope) {
      // The actor ends its timers itself when it is done.
      for (const { eventType, ms } of delays) {
        const due = ms(context);
        if (due < NEVER_MS)
          scope.system.scheduler.schedule(scope.self, scope.self, { type: eventType }, due, eventType);
      }
      run(places.get(config.initial)?.entry ?? [], context, { type: 'xstate.init' }, scope.self);
    },
    transition(snapshot, event, scope) {
      const { self } = scope;
      const situation = { context: snapshot.context, event, self };
      const edge = places
        .get(snapshot.value)
        ?.edges.get(event.type)
        ?.find(({ guard }) => guard === undefined || guard(situation));
      if (!edge) return snapshot;
      const context = run(edge.steps, snapshot.context, event, self);
      return edge.target === undefined ? { ...snapshot, context } : enter(edge.target, context, event, self);
    },
    getPersistedSnapshot: (snapshot) => snapshot,
  };
};
