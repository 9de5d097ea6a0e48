/** In which words is a request refused a model? Safe to show to the caller: no addresses, no keys. */
import type { SlotRefusal, SlotRefusalKind } from '#core/slot-lease';

const seconds = (ms: number): string => `${Math.max(1, Math.ceil(ms / 1000))} s`;

const refusal = (refused: SlotRefusalKind, message: string, rest: Omit<SlotRefusal, 'refused' | 'message'> = {}) =>
  ({ refused, message, ...rest }) satisfies SlotRefusal;

/** Names listed in a message. */
const NAMES_MAX = 20;

export const unknownModel = (model: string, known: readonly string[]): SlotRefusal => {
  const more = known.length > NAMES_MAX ? ` and ${known.length - NAMES_MAX} more` : '';
  const names = `${known.slice(0, NAMES_MAX).join(', ')}${more}`;
  return refusal('unknown-model', `model ${model.slice(0, 200)} is not in the registry, which names ${names}`);
};

export const queueFull = (model: string, queueMax: number, position: number, retryAfterMs: number): SlotRefusal =>
  refusal('queue-full', `${queueMax} requests wait already, ${position} of them for ${model}`, {
    position,
    retryAfterMs,
  });

export const waitLimit = (model: string, boundMs: number, position: number, retryAfterMs: number): SlotRefusal =>
  refusal(
    'wait-limit',
    `${model} cannot be had within the wait bound of ${seconds(boundMs)}; ${position} requests wait before this one`,
    { position, retryAfterMs },
  );

export const loadFailed = (
  model: string,
  detail: string,
  lines: readonly string[],
  retryAfterMs: number,
): SlotRefusal => refusal('load-failed', `${model} could not be loaded: ${detail}`, { retryAfterMs, lines });

export const inTheWay = (model: string, other: string, detail: string, retryAfterMs: number): SlotRefusal =>
  refusal(
    'load-failed',
    model === other
      ? `the server of ${model} could not be removed, and nothing is loaded on top of it: ${detail}`
      : `the server of ${other} could not be removed to make room, and ${model} is not loaded on top of it: ${detail}`,
    { retryAfterMs },
  );

export const noMemory = (message: string): SlotRefusal => refusal('no-memory', message);

export const leaving = (): SlotRefusal =>
  refusal('unavailable', 'the multiplexer is stopping; ask again when it is back');

export const undecided = (retryAfterMs: number): SlotRefusal =>
  refusal('unavailable', 'the multiplexer could not decide because of an internal error; its log says more', {
    retryAfterMs,
  });

export const notStarted = (): SlotRefusal => refusal('unavailable', 'the multiplexer has not been started');

export const aborted = (model: string): SlotRefusal =>
  refusal('aborted', `the caller went away while waiting for ${model}`);
