/** How does the actor of a slot live: made, sent its events, and begun anew after a bug, so that none costs a model for good? */

import type { ActorRefFrom } from 'xstate';
import { messageOf } from '#core/thrown';
import { type SlotContext, type SlotEvent, type SlotLimits, type SlotPort, slotMachine } from '#machines/slot.machine';
import type { Actors } from '#platform/actors';

type State = ReturnType<ActorRefFrom<typeof slotMachine>['getSnapshot']>['value'];

export interface SlotLife {
  readonly state: State;
  readonly context: SlotContext;
  /** Why its server could not be removed, until there is news of it; undefined while nothing is in the way. */
  readonly stuckBecause: string | undefined;
  send(event: SlotEvent): void;
  /** Ends the actor; later events are not heard. */
  stop(): void;
}

export interface SlotLifeOptions {
  readonly name: string;
  readonly actors: Actors;
  readonly limits: SlotLimits;
  readonly port: SlotPort;
  /** After every transition; must not throw, nor send. */
  readonly onSnapshot: (state: State, context: SlotContext) => void;
  /** A bug has ended the actor; another one takes its place. */
  readonly onLost: () => void;
}

export const createSlotLife = ({ name, actors, limits, port, onSnapshot, onLost }: SlotLifeOptions): SlotLife => {
  const { clock } = actors;
  let ended = false;
  let stuckBecause: string | undefined;

  const begin = (failures: number): ActorRefFrom<typeof slotMachine> => {
    /** The first snapshot comes while the actor is being made. */
    let started = false;
    const made = actors.start(slotMachine, {
      id: `slot/${name}`,
      input: { port, limits, at: clock.now(), failures },
      onSnapshot: ({ value, context }) => {
        if (started) onSnapshot(value, context);
      },
      onError: (error) => {
        if (started) mend(error);
      },
    });
    started = true;
    return made;
  };
  const send = (event: SlotEvent): void => {
    if (ended) return;
    if (event.type === 'removal.failed') stuckBecause = event.detail;
    else if (event.type.startsWith('serve.')) stuckBecause = undefined;
    actor.send(event);
  };
  /** Nothing is known of the server but that it may be there, so that it is removed. */
  const mend = (error: unknown): void => {
    if (ended) return;
    const { failures } = actor.getSnapshot().context;
    port.cancelLoad();
    actor = begin(failures);
    onLost();
    send({ type: 'slot.lost', at: clock.now(), detail: `internal error: ${messageOf(error)}` });
    port.beginRemoval();
  };
  let actor = begin(0);

  return {
    get state() {
      return actor.getSnapshot().value;
    },
    get context() {
      return actor.getSnapshot().context;
    },
    get stuckBecause() {
      return stuckBecause;
    },
    send,
    stop() {
      ended = true;
      actor.stop();
    },
  };
};
