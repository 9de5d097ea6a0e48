/** How do others decide what is loaded? First-come-first-served, and llama-swap's documented rule, on our view of a moment. */
import type { Schedule, SlotView, SwapCommand, SwapView } from '#core/swap';
import { areRivals, type Board, boardOf } from '#core/swap-board';
import { schedule } from '#core/swap-policy';

type Rule = (view: SwapView) => Schedule;

const holdsRoom = ({ state }: SlotView): boolean => state !== 'empty' && state !== 'failed';

const inTheWayOf = (board: Board, wanted: SlotView): readonly SlotView[] =>
  board.view.slots.filter((slot) => holdsRoom(slot) && areRivals(board, wanted.model, slot.model));

const isUnused = ({ state, leases }: SlotView): boolean => state === 'asleep' || (state === 'ready' && leases === 0);

/** Drains what is in the way when all of it is unused, loads when nothing is; otherwise waits. */
const swapIn = (wanted: SlotView, obstacles: readonly SlotView[]): readonly SwapCommand[] => {
  const { name } = wanted.model;
  if (wanted.state !== 'empty') return [];
  if (obstacles.length === 0) return [{ do: 'load', model: name, why: 'demand' }];
  if (!obstacles.every(isUnused)) return [];
  return obstacles.map(({ model }) => ({
    do: 'drain',
    model: model.name,
    to: 'empty',
    why: 'resident-idle',
    for: name,
  }));
};

/** Strictly in order of arrival: nobody is served before everybody who came earlier has been. */
const firstCome: Rule = (view) => {
  const board = boardOf(view);
  const commands: SwapCommand[] = [];
  const granted = new Set<string>();
  for (const { id, model } of view.waiting) {
    const slot = board.slots.get(model);
    if (slot === undefined) continue;
    if (slot.state === 'ready') {
      commands.push({ do: 'grant', waiter: id });
      granted.add(model);
      continue;
    }
    const obstacles = inTheWayOf(board, slot);
    if (!obstacles.some((other) => granted.has(other.model.name))) commands.push(...swapIn(slot, obstacles));
    break;
  }
  return { commands };
};

/**
 * llama-swap's `fifo` scheduler with one swapping group, as its own description has it (github.com/mostlygeek/llama-swap,
 * internal/router/design.md and the comments of internal/router/scheduler/fifo.go; docs/kb/guides/routing): a request for
 * a running model that nothing evicts is served at once, whoever else waits; one for a model being loaded joins that
 * load; one whose swap would collide with another swap, or evict a model with requests in flight, is queued; else the
 * swap begins. The queue is walked in order whenever a swap ends or a model runs out of requests. A drain has no limit,
 * a wait neither. Left out: its limit of 10 requests per model, beyond which it answers 429, and ready-made priorities.
 */
const llamaSwap: Rule = (view) => {
  const board = boardOf(view);
  const commands: SwapCommand[] = [];
  const granted = new Set<string>();
  const leaving = new Set<string>();
  const swapping = new Set(view.slots.flatMap(({ vacatedFor }) => (vacatedFor === undefined ? [] : [vacatedFor])));
  const begun = new Set<string>();
  for (const { id, model } of view.waiting) {
    const slot = board.slots.get(model);
    if (slot === undefined || begun.has(model)) continue;
    if (slot.state === 'ready' && !leaving.has(model)) {
      commands.push({ do: 'grant', waiter: id });
      granted.add(model);
    }
    if (slot.state !== 'empty') continue;
    const collides = [...swapping].some((name) => {
      const other = board.slots.get(name);
      return other !== undefined && areRivals(board, slot.model, other.model);
    });
    const obstacles = inTheWayOf(board, slot);
    if (collides || obstacles.some((other) => granted.has(other.model.name))) continue;
    const swap = swapIn(slot, obstacles);
    if (swap.length === 0) continue;
    commands.push(...swap);
    begun.add(model);
    swapping.add(model);
    for (const other of obstacles) leaving.add(other.model.name);
  }
  return { commands };
};

export const RULES = { ours: schedule, 'first-come': firstCome, 'llama-swap': llamaSwap } as const satisfies Record<
  string,
  Rule
>;

export type RuleName = keyof typeof RULES;
export const RULE_NAMES = Object.keys(RULES) as readonly RuleName[];
