/** How does a scripted tier fail on the wire: at once, late, by refusing the request, or in the middle of its answer? */
import type { DialectName } from '#core/message';
import type { Answer } from '#tests/support/answer';
import { errorBodyFor, eventsFor, wholeFor } from '#tests/support/answers';
import { json, type Step, type Steps, sseHead } from '#tests/support/fake-tier-steps';

/** Longer than the router waits before it keeps the line alive, shorter than any client's patience. */
const LATE_MS = 2_500;
/** Events of the answer that leave before the cut: the words have begun, the end has not come. */
const EVENTS_BEFORE_CUT = 6;
const WORDS_LEAVE_MS = 300;

/** `late`: fails like `fail`, but only after the caller has been answered 200 to keep its line alive. */
export type Mishap = 'fail' | 'late' | 'refuse' | { readonly cut: Answer };

export const isMishap = (value: Answer | Mishap): value is Mishap => typeof value === 'string' || 'cut' in value;

const fail = (wire: DialectName): readonly Step[] =>
  json(500, errorBodyFor(wire, 'api_error', 'the engine has no memory left'));

const late = async function* (wire: DialectName): AsyncGenerator<Step> {
  await Bun.sleep(LATE_MS);
  yield* fail(wire);
};

/** A loss that comes with the words would stop them from leaving. */
const cutStream = async function* (wire: DialectName, answer: Answer): AsyncGenerator<Step> {
  yield sseHead();
  for (const chunk of eventsFor(wire, answer).slice(0, EVENTS_BEFORE_CUT)) yield { chunk };
  await Bun.sleep(WORDS_LEAVE_MS);
  yield { close: true };
};

const cutWhole = (wire: DialectName, answer: Answer): readonly Step[] => {
  const whole = JSON.stringify(wholeFor(wire, answer));
  const headers = { 'content-type': 'application/json', 'content-length': `${whole.length}` };
  return [{ status: 200, headers }, { chunk: whole.slice(0, whole.length / 2) }, { close: true }];
};

export const mishapSteps = (wire: DialectName, stream: boolean, mishap: Mishap): Steps => {
  if (mishap === 'fail') return fail(wire);
  if (mishap === 'late') return late(wire);
  if (mishap === 'refuse') {
    return json(422, errorBodyFor(wire, 'invalid_request_error', 'the last message names a person who is not there'));
  }
  return stream ? cutStream(wire, mishap.cut) : cutWhole(wire, mishap.cut);
};
