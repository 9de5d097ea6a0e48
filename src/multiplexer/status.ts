/** How does the multiplexer describe itself? Its slots, its queue and its swaps as the document that others read. */
import type { QueueEntry, SlotStatus, SlotsStatus } from '#core/slots-status';
import type { SlotView, SwapView } from '#core/swap';
import { type Board, boardOf } from '#core/swap-board';
import { estimateOn } from '#core/swap-estimate';
import { occupantOf } from '#core/swap-fit';
import { boundMsOf } from '#core/swap-worth';
import { TAIL_LINES_MAX } from '#drivers/driver';
import { type Floor, viewOf } from '#multiplexer/floor';
import type { Slot } from '#multiplexer/slot';

/** Waiting requests that are listed one by one. */
const QUEUE_SHOWN_MAX = 100;

const round = (ms: number): number => Math.max(0, Math.round(ms));

const troubleOf = (slot: Slot, view: SlotView, now: number): Partial<SlotStatus> => {
  const failure = slot.context.lastFailure;
  const lines = view.state === 'loading' || view.state === 'failed' ? slot.keeper.lines().slice(-TAIL_LINES_MAX) : [];
  return {
    ...(failure === undefined ? {} : { last_failure: failure }),
    ...(view.retryAt === undefined ? {} : { retry_in_ms: round(view.retryAt - now) }),
    ...(lines.length === 0 ? {} : { lines }),
  };
};

const slotStatus = (floor: Floor, board: Board, slot: Slot, view: SlotView): SlotStatus => {
  const { now } = board.view;
  const waiting = board.queues.get(slot.name) ?? [];
  const { readyInMs, needs } = estimateOn(board, view);
  const { serveId } = slot.keeper;
  return {
    model: slot.name,
    state: view.state,
    gpus: view.model.gpus,
    state_ms: round(now - view.since),
    leases: view.leases,
    waiting: waiting.length,
    oldest_wait_ms: round(now - (waiting[0]?.since ?? now)),
    ready_in_ms: Number.isFinite(readyInMs) ? round(readyInMs) : Number.MAX_SAFE_INTEGER,
    needs,
    load_ms: round(view.times.loadMs),
    wake_ms: round(view.times.wakeMs),
    vram_mib: view.model.vramMib ?? null,
    pinned: view.model.pinned,
    ...(view.leaving === undefined ? {} : { leaving: view.leaving }),
    ...(view.vacatedFor === undefined ? {} : { vacated_for: view.vacatedFor }),
    ...(serveId === undefined ? {} : { serve: serveId }),
    loads: floor.history.loadsOf(slot.name),
    crashes: floor.history.crashesOf(slot.name),
    ...troubleOf(slot, view, now),
  };
};

const queueOf = ({ queue }: Floor, board: Board): readonly QueueEntry[] => {
  const { now } = board.view;
  const positions = new Map<string, number>();
  return queue.waiting.slice(0, QUEUE_SHOWN_MAX).map((request) => {
    const position = positions.get(request.model) ?? 0;
    positions.set(request.model, position + 1);
    const slot = board.slots.get(request.model);
    const boundMs = slot === undefined ? board.view.policy.waitBoundMs : boundMsOf(board, slot);
    return {
      request: request.requestId,
      model: request.model,
      position,
      waited_ms: round(now - request.since),
      bound_in_ms: round(request.since + boundMs - now),
    };
  });
};

/** What the models on one GPU take of it, MiB; one of unknown size takes all of it. */
const takenOn = (gpu: SwapView['gpus'][number], view: SwapView): number =>
  view.slots.reduce((sum, slot) => {
    const occupant = slot.model.gpus.includes(gpu.id) ? occupantOf(slot) : undefined;
    if (occupant === undefined) return sum;
    return sum + (occupant.loaded ? (slot.model.vramMib ?? gpu.vramMib ?? 0) : (slot.model.asleepMib ?? 0));
  }, 0);

export const statusOf = (floor: Floor, state: SlotsStatus['state']): SlotsStatus => {
  const view = viewOf(floor);
  const board = boardOf(view);
  return {
    object: 'slots',
    at: floor.world.actors.clock.wall(),
    state,
    registry: floor.registry.digest,
    gpus: view.gpus.map((gpu) => ({ id: gpu.id, vram_mib: gpu.vramMib ?? null, taken_mib: takenOn(gpu, view) })),
    slots: view.slots.flatMap((each) => {
      const slot = floor.slots.get(each.model.name);
      return slot === undefined ? [] : [slotStatus(floor, board, slot, each)];
    }),
    queue: queueOf(floor, board),
    waiting: floor.queue.size,
    swaps: floor.history.status(),
  };
};
