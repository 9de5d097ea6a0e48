/** When is the scheduler asked, and how are its commands performed? The one loop through which every change goes. */
import type { Schedule, SwapCommand, SwapReason } from '#core/swap';
import { schedule } from '#core/swap-policy';
import { followMove } from '#multiplexer/consequences';
import { createEngineGuard } from '#multiplexer/engine-guard';
import { type Floor, refuseAll, viewOf } from '#multiplexer/floor';
import { createMemoryGuard } from '#multiplexer/guard';
import { loadFailed, noMemory, undecided, waitLimit } from '#multiplexer/refusals';
import { createRooms } from '#multiplexer/rooms';
import type { Slot, SlotMove } from '#multiplexer/slot';
import type { TimerHandle } from '#platform/effects';

export interface Swapper {
  /** Something has happened: decide at the end of what is running now. */
  wake(): void;
  /** Decides at once. */
  turn(): void;
  noteMove(move: SlotMove): void;
  /** Until then moves are followed, but nothing is commanded. */
  begin(): void;
  /** Commands nothing any more. */
  halt(): void;
  /**
   * Resolves with true as soon as the check holds at the end of a turn, with false when the signal is aborted or the time
   * has passed first.
   */
  until(check: () => boolean, signal: AbortSignal | undefined, limitMs?: number): Promise<boolean>;
  /** Nothing changes any more: whoever still waits for it gives up. */
  close(): void;
}

/** A timer is late rather than early, but never spins. */
const TIMER_MS_MIN = 1;
/** Until a decision that failed is tried again. */
const AFTER_BUG_MS = 1_000;
/** Longest delay that a timer can hold. */
const TIMER_MS_MAX = 2 ** 31 - 1;

type Command<Do extends SwapCommand['do']> = Extract<SwapCommand, { do: Do }>;

/** What is asked before a load, or before room is made for one: host memory, and engines that answer. */
const createGuards = (floor: Floor, wake: () => void) => {
  const { slots, queue, world, wanted, registry } = floor;
  const guard = createMemoryGuard(registry, [...slots.values()], world.availableGb, (slot, shortage) => {
    if (shortage !== undefined) {
      // With nobody waiting the operator should still hear that a wanted model does not come.
      if (queue.countOf(slot.name) === 0) {
        world.onEvent({ kind: 'refused', model: slot.name, refused: 'no-memory' });
      }
      refuseAll(floor, slot.name, noMemory(shortage.message));
      wanted.remove(slot.name);
    }
    wake();
  });
  const engines = createEngineGuard([...slots.values()], world.drivers, (next, away) => {
    const { retryMs } = registry.settings;
    if (away !== undefined) refuseAll(floor, next.name, loadFailed(next.name, away, [], retryMs));
    wake();
  });

  const forget = (model: string): void => {
    guard.forget(model);
    engines.forget(model);
  };
  return { mayLoad: guard.mayLoad, mayMakeRoom: engines.mayMakeRoom, forget };
};

/** Performs commands; those that the state of a slot has overtaken, or that wait for a guard, are left out. */
const createHands = (floor: Floor, wake: () => void) => {
  const { slots, queue, world, wanted } = floor;
  const { clock } = world.actors;
  const guards = createGuards(floor, wake);

  const grant = ({ waiter }: Command<'grant'>): void => {
    const request = queue.get(waiter);
    const slot = request === undefined ? undefined : slots.get(request.model);
    if (request === undefined || slot?.state !== 'ready') return;
    const waitedMs = Math.round(clock.now() - request.since);
    const lease = slot.grant(request.id, { waitedMs, needed: request.needed });
    queue.answer(request.id, lease);
    // Behind this turn, which takes the grant for what it has seen.
    if (request.byOperator) queueMicrotask(lease.release);
    else world.onEvent({ kind: 'granted', model: slot.name, waitedMs });
  };
  const refuse = ({ waiter, retryAfterMs }: Command<'refuse'>): void => {
    const request = queue.get(waiter);
    if (request === undefined) return;
    const { model } = request;
    const { waitBoundMs } = floor.registry.settings;
    const slot = slots.get(model);
    const failure = slot?.state === 'failed' ? slot.context.lastFailure : undefined;
    const refusal =
      failure === undefined || slot === undefined
        ? waitLimit(model, waitBoundMs, queue.positionOf(request), retryAfterMs)
        : loadFailed(model, failure, slot.keeper.lines(), retryAfterMs);
    queue.answer(waiter, refusal);
    world.onEvent({ kind: 'refused', model, refused: refusal.refused });
  };
  const reasonOf = (slot: Slot, why: SwapReason): SwapReason => {
    const waiting = queue.of(slot.name);
    return waiting.length > 0 && waiting.every(({ byOperator }) => byOperator) ? 'operator' : why;
  };
  const load = ({ model, why }: Command<'load'>, all: readonly SwapCommand[]): void => {
    const slot = slots.get(model);
    if (slot === undefined || (slot.state !== 'empty' && slot.state !== 'asleep')) return;
    if (!guards.mayLoad(slot, all)) return;
    guards.forget(model);
    slot.load(reasonOf(slot, why));
  };
  const drain = (command: Command<'drain'>, all: readonly SwapCommand[]): void => {
    const slot = slots.get(command.model);
    if (slot === undefined || (slot.state !== 'ready' && slot.state !== 'asleep')) return;
    const next = command.for === undefined ? undefined : slots.get(command.for);
    if (next !== undefined && !(guards.mayMakeRoom(next, all) && guards.mayLoad(next, all))) return;
    slot.drain(command.to, command.why, command.for);
  };

  return {
    perform(command: SwapCommand, all: readonly SwapCommand[]): void {
      switch (command.do) {
        case 'grant':
          grant(command);
          break;
        case 'refuse':
          refuse(command);
          break;
        case 'load':
          load(command, all);
          break;
        case 'drain':
          drain(command, all);
          break;
      }
    },
    /** Nobody asks for them: what was found out for their loads is old when somebody does. */
    forgetUnasked(): void {
      for (const name of slots.keys()) {
        if (!wanted.has(name) && queue.countOf(name) === 0) guards.forget(name);
      }
    },
  };
};

const createWatchers = (floor: Floor) => {
  const { clock } = floor.world.actors;
  const watchers = new Map<() => void, () => void>();
  return {
    look(): void {
      for (const watcher of [...watchers.keys()]) watcher();
    },
    close(): void {
      for (const giveUp of [...watchers.values()]) giveUp();
    },
    until: (check: () => boolean, signal: AbortSignal | undefined, limitMs?: number): Promise<boolean> =>
      new Promise((resolve) => {
        const end = (holds: boolean): void => {
          watchers.delete(watcher);
          signal?.removeEventListener('abort', giveUp);
          if (timer !== undefined) clock.clearTimeout(timer);
          resolve(holds);
        };
        const giveUp = (): void => end(false);
        const watcher = (): void => {
          if (check()) end(true);
        };
        const timer = limitMs === undefined ? undefined : clock.setTimeout(giveUp, limitMs);
        watchers.set(watcher, giveUp);
        signal?.addEventListener('abort', giveUp, { once: true });
        if (signal?.aborted === true) giveUp();
        else watcher();
      }),
  };
};

/** A decision that fails of a bug ends the waits, which may be what it fails of, and is tried again a little later. */
const decide = (floor: Floor): Schedule => {
  const view = viewOf(floor);
  try {
    return schedule(view);
  } catch (error) {
    floor.world.onBug?.('the scheduler', error);
    for (const name of floor.slots.keys()) refuseAll(floor, name, undecided(AFTER_BUG_MS));
    return { commands: [], lookAgainAt: view.now + AFTER_BUG_MS };
  }
};

/** @param onTurn called at the end of every turn; must not throw */
export const createSwapper = (floor: Floor, onTurn: () => void): Swapper => {
  const { clock } = floor.world.actors;
  const moves: SlotMove[] = [];
  const watchers = createWatchers(floor);
  let commanding = false;
  let turning = false;
  let woken = false;
  /** A turn that only grants changes nothing that the same moment would decide otherwise: it needs no second look. */
  let granting = false;
  let timer: TimerHandle | undefined;

  const wake = (): void => {
    if (woken || granting) return;
    woken = true;
    queueMicrotask(() => {
      woken = false;
      turn();
    });
  };
  const hands = createHands(floor, wake);
  const rooms = createRooms(floor, wake);

  const lookAgain = (at: number | undefined): void => {
    if (timer !== undefined) clock.clearTimeout(timer);
    timer = undefined;
    if (at === undefined) return;
    timer = clock.setTimeout(turn, Math.min(TIMER_MS_MAX, Math.max(TIMER_MS_MIN, at - clock.now())));
  };
  const followMoves = (): void => {
    for (let move = moves.shift(); move !== undefined; move = moves.shift()) followMove(floor, move);
  };
  const turn = (): void => {
    if (turning) {
      wake();
      return;
    }
    turning = true;
    try {
      followMoves();
      rooms.settle();
      hands.forgetUnasked();
      // Before the next command may change again what somebody waits to see.
      watchers.look();
      if (commanding) {
        const { commands, lookAgainAt } = decide(floor);
        granting = commands.every((command) => command.do === 'grant');
        for (const command of commands) hands.perform(command, commands);
        granting = false;
        followMoves();
        lookAgain(lookAgainAt);
      }
    } finally {
      turning = false;
      granting = false;
    }
    watchers.look();
    onTurn();
  };

  return {
    wake,
    turn,
    noteMove: (move) => moves.push(move),
    begin() {
      commanding = true;
      turn();
    },
    halt() {
      commanding = false;
      lookAgain(undefined);
    },
    until: watchers.until,
    close() {
      watchers.close();
      rooms.close();
    },
  };
};
