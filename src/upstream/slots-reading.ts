/** What does a multiplexer elsewhere say of itself, as far as it can be believed? Unknown is ignored, nonsense dropped. */
import { NEEDS } from '#core/slot-lease';
import type { QueueEntry, SlotStatus, SlotsStatus, SwapNote } from '#core/slots-status';
import type { SlotState, SwapReason, VacatedState } from '#core/swap';

/** Entries of one list that are looked at; a registry has a handful of models. */
const ENTRIES_MAX = 256;
const NAME_CHARS_MAX = 200;
const LINES_MAX = 50;
const LINE_CHARS_MAX = 400;
/** Beyond any true number. */
const NUMBER_MAX = 1e15;

type Fields = Readonly<Record<string, unknown>>;

/** Runtime lists of closed unions; the compiler keeps them complete. */
const STATES: Readonly<Record<SlotState, true>> = {
  empty: true,
  loading: true,
  ready: true,
  draining: true,
  unloading: true,
  asleep: true,
  failed: true,
};
const REASONS: Readonly<Record<SwapReason, true>> = {
  demand: true,
  worth: true,
  'resident-idle': true,
  bound: true,
  idle: true,
  wanted: true,
  operator: true,
  leaving: true,
};
const LIVES: Readonly<Record<SlotsStatus['state'], true>> = { starting: true, serving: true, leaving: true };
const VACATED: Readonly<Record<VacatedState, true>> = { empty: true, asleep: true };

const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value.slice(0, ENTRIES_MAX) : []);

const count = (value: unknown): number => (typeof value === 'number' && value > 0 ? Math.min(value, NUMBER_MAX) : 0);

const countOrNull = (value: unknown): number | null => (typeof value === 'number' ? count(value) : null);

const nameOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= NAME_CHARS_MAX ? value : undefined;

const line = (value: unknown): string[] => (typeof value === 'string' ? [value.slice(0, LINE_CHARS_MAX)] : []);

const oneOf = <Word extends string>(words: Readonly<Record<Word, true>>, value: unknown): Word | undefined =>
  typeof value === 'string' && Object.hasOwn(words, value) ? (value as Word) : undefined;

/** The members that are there. */
const optional = <Key extends string, Value>(key: Key, value: Value | undefined): { readonly [key in Key]?: Value } =>
  value === undefined ? {} : ({ [key]: value } as { readonly [key in Key]: Value });

const linesOf = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) ? value.slice(-LINES_MAX).flatMap(line) : undefined;

/** A model without a name or in a state that nobody knows says nothing. */
const readSlot = (value: unknown): SlotStatus[] => {
  const fields = fieldsOf(value);
  const model = nameOf(fields?.model);
  const state = oneOf(STATES, fields?.state);
  if (fields === undefined || model === undefined || state === undefined) return [];
  return [
    {
      model,
      state,
      gpus: listOf(fields.gpus).flatMap((gpu) => nameOf(gpu) ?? []),
      state_ms: count(fields.state_ms),
      leases: count(fields.leases),
      waiting: count(fields.waiting),
      oldest_wait_ms: count(fields.oldest_wait_ms),
      ready_in_ms: count(fields.ready_in_ms),
      // A word of a newer multiplexer: a ready model can only be waited for, any other has to be brought in.
      needs: oneOf(NEEDS, fields.needs) ?? (state === 'ready' ? 'turn' : 'load'),
      load_ms: count(fields.load_ms),
      wake_ms: count(fields.wake_ms),
      vram_mib: countOrNull(fields.vram_mib),
      pinned: fields.pinned === true,
      ...optional('leaving', oneOf(VACATED, fields.leaving)),
      ...optional('vacated_for', nameOf(fields.vacated_for)),
      ...optional('serve', nameOf(fields.serve)),
      loads: count(fields.loads),
      crashes: count(fields.crashes),
      ...optional('last_failure', line(fields.last_failure)[0]),
      ...optional('retry_in_ms', typeof fields.retry_in_ms === 'number' ? count(fields.retry_in_ms) : undefined),
      ...optional('lines', linesOf(fields.lines)),
    },
  ];
};

const readGpu = (value: unknown): SlotsStatus['gpus'][number][] => {
  const fields = fieldsOf(value);
  const id = nameOf(fields?.id);
  if (fields === undefined || id === undefined) return [];
  return [{ id, vram_mib: countOrNull(fields.vram_mib), taken_mib: count(fields.taken_mib) }];
};

const readQueued = (value: unknown): QueueEntry[] => {
  const fields = fieldsOf(value);
  const request = nameOf(fields?.request);
  const model = nameOf(fields?.model);
  if (fields === undefined || request === undefined || model === undefined) return [];
  return [
    {
      request,
      model,
      position: count(fields.position),
      waited_ms: count(fields.waited_ms),
      bound_in_ms: count(fields.bound_in_ms),
    },
  ];
};

const readNote = (value: unknown): SwapNote[] => {
  const fields = fieldsOf(value);
  const why = oneOf(REASONS, fields?.why);
  if (fields === undefined || why === undefined) return [];
  return [
    {
      at: count(fields.at),
      out: nameOf(fields.out) ?? null,
      in: nameOf(fields.in) ?? null,
      why,
      drained_ms: count(fields.drained_ms),
      cut: count(fields.cut),
    },
  ];
};

const readSwaps = (value: unknown): SlotsStatus['swaps'] => {
  const fields = fieldsOf(value) ?? {};
  const byReason = Object.entries(fieldsOf(fields.by_reason) ?? {}).slice(0, ENTRIES_MAX);
  return {
    total: count(fields.total),
    by_reason: Object.fromEntries(
      byReason.flatMap(([reason, number]) => (oneOf(REASONS, reason) === undefined ? [] : [[reason, count(number)]])),
    ),
    cut: count(fields.cut),
    last: listOf(fields.last).flatMap(readNote),
  };
};

/** A clean copy of bounded size; undefined for what is no status at all. */
export const readSlotsStatus = (value: unknown): SlotsStatus | undefined => {
  const fields = fieldsOf(value);
  if (fields?.object !== 'slots' || !Array.isArray(fields.slots)) return undefined;
  return {
    object: 'slots',
    at: count(fields.at),
    state: oneOf(LIVES, fields.state) ?? 'serving',
    ...optional('registry', nameOf(fields.registry)),
    gpus: listOf(fields.gpus).flatMap(readGpu),
    slots: listOf(fields.slots).flatMap(readSlot),
    queue: listOf(fields.queue).flatMap(readQueued),
    waiting: count(fields.waiting),
    swaps: readSwaps(fields.swaps),
  };
};

/** The same for text; undefined for what is no JSON either. */
export const parseSlotsStatus = (text: string): SlotsStatus | undefined => {
  try {
    return readSlotsStatus(JSON.parse(text));
  } catch {
    return undefined;
  }
};
