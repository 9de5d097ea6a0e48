/** How tests walk a machine: every edge and every simple path, replayed on a real actor under a simulated clock. */
import type { AnyMachineSnapshot, AnyStateMachine, EventFromLogic, InputFrom, SnapshotFrom } from 'xstate';
import { adjacencyMapToArray, getAdjacencyMap, getShortestPaths, getSimplePaths } from 'xstate/graph';
import { simulated } from '#tests/machines/simulated';

/** Paths a walk may produce before it is taken for an explosion. */
const PATHS_MAX = 20_000;

export interface Walk<M extends AnyStateMachine> {
  readonly machine: M;
  readonly input?: InputFrom<M>;
  /** Every event worth sending, in each variant that matters; timers are added by the walk. */
  readonly events: readonly EventFromLogic<M>[];
  /** Delays that never run out on this walk: where two run at once, the walk knows no order between them. */
  readonly never?: readonly string[];
  /** What makes two snapshots the same place: state and the part of the context that decides. */
  readonly place: (snapshot: SnapshotFrom<M>) => string;
  /** The event as sent at `now` on the simulated clock; the walk itself knows no time. */
  readonly at?: (event: EventFromLogic<M>, now: number) => EventFromLogic<M>;
}

/** One way through the machine: the events and the place reached after each. */
export interface Route<M extends AnyStateMachine> {
  readonly events: readonly EventFromLogic<M>[];
  readonly places: readonly string[];
}

type Node = AnyStateMachine['root'];

const AFTER = 'xstate.after.';
const INIT = 'xstate.init';

const nodesOf = (node: Node): readonly Node[] => [node, ...Object.values(node.states).flatMap(nodesOf)];

/** Delays of a machine: event type of the timer → name of its delay. */
const timersOf = (machine: AnyStateMachine): ReadonlyMap<string, string> =>
  new Map(
    nodesOf(machine.root).flatMap((node) =>
      [...node.transitions.keys()]
        .filter((type) => type.startsWith(AFTER))
        .map((type) => [type, type.slice(AFTER.length, -`.${node.id}`.length)] as const),
    ),
  );

/** Timers are offered only where they run. */
const options = <M extends AnyStateMachine>(walk: Walk<M>) => {
  const timers = [...timersOf(walk.machine)]
    .filter(([, delay]) => !walk.never?.includes(delay))
    .map(([type]) => ({ type }));
  return {
    ...(walk.input === undefined ? {} : { input: walk.input }),
    // A final state hears nothing, though the chart alone would still let the root react.
    events: (snapshot: AnyMachineSnapshot) =>
      (snapshot.status === 'active'
        ? [...walk.events, ...timers.filter((timer) => snapshot.can(timer))]
        : []) as EventFromLogic<M>[],
    serializeState: (snapshot: unknown) => walk.place(snapshot as SnapshotFrom<M>),
  };
};

const routeOf = <M extends AnyStateMachine>(
  walk: Walk<M>,
  steps: readonly { readonly event: { readonly type: string }; readonly state: unknown }[],
): Route<M> => {
  const taken = steps.filter((step) => step.event.type !== INIT);
  return {
    events: taken.map((step) => step.event as EventFromLogic<M>),
    places: taken.map((step) => walk.place(step.state as SnapshotFrom<M>)),
  };
};

/** Every path that visits no place twice. */
export const simpleRoutes = <M extends AnyStateMachine>(walk: Walk<M>): readonly Route<M>[] => {
  const paths = getSimplePaths<AnyStateMachine>(walk.machine, options(walk));
  if (paths.length > PATHS_MAX) throw new Error(`walk: ${paths.length} simple paths, more than ${PATHS_MAX}`);
  return paths.map((path) => routeOf(walk, path.steps));
};

/** Every (place, event) pair, those that change nothing included, each reached by a shortest path. */
export const edgeRoutes = <M extends AnyStateMachine>(walk: Walk<M>): readonly Route<M>[] => {
  const logic: AnyStateMachine = walk.machine;
  const ways = new Map(
    getShortestPaths(logic, options(walk)).map((path) => [
      walk.place(path.state as SnapshotFrom<M>),
      routeOf(walk, path.steps),
    ]),
  );
  return adjacencyMapToArray(getAdjacencyMap(logic, options(walk) as never)).map(({ state, event, nextState }) => {
    const way = ways.get(walk.place(state as SnapshotFrom<M>));
    if (way === undefined) throw new Error('walk: a place without a way to it');
    return {
      events: [...way.events, event as EventFromLogic<M>],
      places: [...way.places, walk.place(nextState as SnapshotFrom<M>)],
    };
  });
};

/** Sends a route's events to a running actor, letting the clock reach each timer; the places really reached. */
export const replay = <M extends AnyStateMachine>(walk: Walk<M>, route: Route<M>): readonly string[] => {
  const timers = timersOf(walk.machine);
  const { actors, clock, errors } = simulated();
  const actor = actors.start<AnyStateMachine>(walk.machine, { id: 'walked', input: walk.input });
  const places = route.events.map((event) => {
    const delay = timers.get(event.type);
    if (delay === undefined) actor.send(walk.at?.(event, clock.now()) ?? event);
    else {
      const length = walk.machine.implementations.delays[delay];
      const ms: unknown =
        typeof length === 'function'
          ? length({ context: actor.getSnapshot().context, event } as never, undefined as never)
          : length;
      if (typeof ms !== 'number') throw new Error(`walk: delay ${delay} has no length`);
      clock.increment(ms);
    }
    return walk.place(actor.getSnapshot() as SnapshotFrom<M>);
  });
  actor.stop();
  if (errors.length > 0) throw errors[0];
  return places;
};
