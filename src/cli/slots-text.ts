/** How is the state of a multiplexer shown to a person: a row per model, who waits, and what was swapped why? */
import { printable, type Style, table } from '#cli/output';
import type { SlotStatus, SlotsStatus } from '#core/slots-status';

const HEADS = ['MODEL', 'STATE', 'GPUS', 'LEASES', 'WAITING', 'READY-IN', 'LOAD', 'LAST'];
const STATE_COLUMN = 1;
const QUEUE_HEADS = ['REQUEST', 'MODEL', 'POSITION', 'WAITED', 'BOUND-IN'];
const QUEUED_SHOWN = 10;
const LAST_CHARS_SHOWN = 60;

/** `450 ms`, `12 s`, `3 min 20 s`. */
const duration = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min${seconds % 60 === 0 ? '' : ` ${seconds % 60} s`}`;
};

const readyIn = ({ state, needs, ready_in_ms: ms, retry_in_ms: retryMs }: SlotStatus): string => {
  if (needs === 'nothing') return 'now';
  const waits = duration(state === 'failed' && retryMs !== undefined ? Math.max(ms, retryMs) : ms);
  return `${waits} (${needs})`;
};

/** What happened to a model last, in a few words. */
const lastOf = (slot: SlotStatus, { at, swaps }: SlotsStatus): string => {
  if (slot.state === 'failed') return slot.last_failure ?? 'failed';
  if (slot.state === 'loading') return slot.lines?.at(-1) ?? `loading for ${duration(slot.state_ms)}`;
  if (slot.vacated_for !== undefined) return `makes room for ${slot.vacated_for}`;
  const note = swaps.last.find((swap) => swap.in === slot.model || swap.out === slot.model);
  if (note === undefined) return slot.last_failure ?? '-';
  const cut = note.out === slot.model && note.cut > 0 ? `, ${note.cut} cut` : '';
  return `${note.in === slot.model ? 'in' : 'out'} ${duration(Math.max(0, at - note.at))} ago (${note.why}${cut})`;
};

const rowOf = (slot: SlotStatus, status: SlotsStatus): readonly string[] => [
  slot.pinned ? `${slot.model} (pinned)` : slot.model,
  slot.state,
  slot.gpus.length === 0 ? '-' : slot.gpus.join(','),
  String(slot.leases),
  slot.waiting === 0 ? '0' : `${slot.waiting} (${duration(slot.oldest_wait_ms)})`,
  readyIn(slot),
  duration(slot.load_ms),
  lastOf(slot, status).slice(0, LAST_CHARS_SHOWN),
];

const painter =
  (style: Style) =>
  (text: string, column: number, row: number): string => {
    if (row < 0) return style.bold(text);
    if (column !== STATE_COLUMN) return text;
    if (text === 'ready') return style.good(text);
    if (text === 'failed') return style.bad(text);
    return text === 'empty' || text === 'asleep' ? style.dim(text) : style.warn(text);
  };

const queueText = ({ queue, waiting }: SlotsStatus, style: Style): string => {
  if (waiting === 0) return '';
  const rows = queue
    .slice(0, QUEUED_SHOWN)
    .map((entry) => [
      entry.request,
      entry.model,
      String(entry.position + 1),
      duration(entry.waited_ms),
      duration(entry.bound_in_ms),
    ]);
  const more = waiting > rows.length ? `${waiting - rows.length} more wait\n` : '';
  return `\n${table(QUEUE_HEADS, rows, (text, _column, row) => (row < 0 ? style.bold(text) : text))}${more}`;
};

const swapsText = ({ swaps }: SlotsStatus): string => {
  const reasons = Object.entries(swaps.by_reason)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ');
  return `\nswaps: ${swaps.total}${reasons === '' ? '' : ` (${reasons})`}; answers cut: ${swaps.cut}\n`;
};

/** Text for a terminal; what servers printed is made harmless. */
export const slotsText = (status: SlotsStatus, style: Style): string => {
  const rows = status.slots.map((slot) => rowOf(slot, status));
  const gpus = status.gpus.map(({ id, taken_mib: taken, vram_mib: vram }) => {
    const room = vram === null ? 'one model at a time' : `${taken} of ${vram} MiB taken`;
    return `gpu ${printable(id)}: ${room}\n`;
  });
  const state = status.state === 'serving' ? '' : `${style.warn(status.state)}\n`;
  return `${state}${table(HEADS, rows, painter(style))}${queueText(status, style)}${swapsText(status)}${gpus.join('')}`;
};
