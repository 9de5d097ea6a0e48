/** Where does every actor come from? This is the only place that calls XState's createActor. */
import {
  type Actor,
  type AnyActorLogic,
  createActor,
  type InputFrom,
  type InspectionEvent,
  type SnapshotFrom,
} from 'xstate';
import type { Clock } from '#platform/effects';

export type Inspector = (event: InspectionEvent) => void;

export interface ActorWorld {
  /** Drives every delay of every actor. */
  readonly clock: Clock;
  /** Hears of every actor that failed; such an actor is dead. Must not throw. */
  readonly onError: (actorId: string, error: unknown) => void;
  /** Asked once per actor: an inspector while somebody watches, otherwise undefined, which costs nothing. */
  readonly inspect?: (actorId: string) => Inspector | undefined;
}

export interface ActorOptions<M extends AnyActorLogic> {
  /** Fixed for long-lived actors, the request's id for request actors. Never part of an event type. */
  readonly id: string;
  readonly input: InputFrom<M>;
  /** After every transition, the first snapshot and a final one included. Must not throw or send to this actor. */
  readonly onSnapshot?: (snapshot: SnapshotFrom<M>) => void;
  /** The actor died of an error; the world's `onError` has been told before. */
  readonly onError?: (error: unknown) => void;
  /** The actor reached a final state or was stopped. Exclusive with `onError`. */
  readonly onEnd?: () => void;
}

/** The factory handed to everything that needs actors. */
export interface Actors {
  readonly clock: Clock;
  /** Creates and starts a root actor: a system of its own, which `stop()` ends together with its timers. */
  start<M extends AnyActorLogic>(machine: M, options: ActorOptions<M>): Actor<M>;
}

/**
 * An actor error without an error observer ends the process, and so does one subscriber without an error listener
 * beside others that have one. So the observers are given here, once and complete; do not `subscribe` elsewhere
 * without an error listener.
 */
export const createActors = (world: ActorWorld): Actors => ({
  clock: world.clock,
  start<M extends AnyActorLogic>(machine: M, options: ActorOptions<M>): Actor<M> {
    const inspect = world.inspect?.(options.id);
    const logic: AnyActorLogic = machine;
    const actor = createActor(logic, {
      id: options.id,
      input: options.input,
      clock: world.clock,
      ...(inspect === undefined ? {} : { inspect }),
    });
    actor.subscribe({
      next: (snapshot) => options.onSnapshot?.(snapshot as SnapshotFrom<M>),
      error: (error: unknown) => {
        world.onError(options.id, error);
        options.onError?.(error);
      },
      complete: () => options.onEnd?.(),
    });
    // XState's option type is conditional on the machine and cannot be resolved for a generic one.
    return actor.start() as unknown as Actor<M>;
  },
});
