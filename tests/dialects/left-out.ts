/** A stream of ours with one thing missing, for tests that name the client which would break without it. */
import type { JsonObject } from '#core/message';
import { payloadsOf } from '#tests/dialects/support';

/** The same stream, after a change to its events. The framing is written anew, so that only the change can be at fault. */
export const changedStream = (
  text: string,
  change: (events: readonly JsonObject[]) => readonly JsonObject[],
): string => {
  const named = text.startsWith('event: ');
  const payloads = payloadsOf(text);
  const events = payloads.filter((payload): payload is JsonObject => typeof payload === 'object' && payload !== null);
  const spoken = change(events).map(
    (event) => `${named ? `event: ${String(event.type)}\n` : ''}data: ${JSON.stringify(event)}\n\n`,
  );
  return spoken.join('') + (payloads.includes('[DONE]') ? 'data: [DONE]\n\n' : '');
};

/** A copy without the member at the path; `*` stands for every element of a list. */
const without = (value: unknown, [name = '', ...rest]: readonly string[]): unknown => {
  if (name === '*') return Array.isArray(value) ? value.map((element) => without(element, rest)) : value;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return value;
  const { [name]: member, ...others } = value as Record<string, unknown>;
  return rest.length === 0 ? others : { ...value, [name]: without(member, rest) };
};

/** Without the member at the path (`choices.*.index`), wherever an event has it. */
export const withoutMember = (text: string, path: string): string =>
  changedStream(text, (events) => events.map((event) => without(event, path.split('.')) as JsonObject));

export const withoutEvent = (text: string, type: string): string =>
  changedStream(text, (events) => events.filter((event) => event.type !== type));
