/** How an answer gets onto the wire in either dialect, whole or streamed, and cut wherever a test wants it cut. */
import type { DialectName } from '#core/message';
import type { Answer } from '#tests/support/answer';
import { chatErrorEvent, chatEvents, chatWhole } from '#tests/support/answers-chat';
import { messagesErrorEvent, messagesEvents, messagesWhole } from '#tests/support/answers-messages';
import { json, type Step, sse } from '#tests/support/fake-tier-steps';

/** The SSE events of an answer, one string each. */
export const eventsFor = (dialect: DialectName, answer: Answer): string[] =>
  dialect === 'openai-chat' ? chatEvents(answer) : messagesEvents(answer);

/** The JSON reply of an answer. */
export const wholeFor = (dialect: DialectName, answer: Answer) =>
  dialect === 'openai-chat' ? chatWhole(answer) : messagesWhole(answer);

/** What a tier does to give this answer: one chunk per event, or one JSON reply. */
export const answerSteps = (dialect: DialectName, stream: boolean, answer: Answer): Step[] =>
  stream ? sse(eventsFor(dialect, answer)) : json(200, wholeFor(dialect, answer));

/** An error event in the middle of a stream. */
export const errorEventFor = (dialect: DialectName, message: string): string =>
  dialect === 'openai-chat' ? chatErrorEvent(message) : messagesErrorEvent(message);

/** The body of an HTTP error reply. */
export const errorBodyFor = (dialect: DialectName, type: string, message: string): Record<string, unknown> =>
  dialect === 'openai-chat'
    ? { error: { message, type, param: null, code: null } }
    : { type: 'error', error: { type, message } };

/** Where a dialect's requests go. */
export const pathFor = (dialect: DialectName): string =>
  dialect === 'openai-chat' ? '/v1/chat/completions' : '/v1/messages';

/** All bytes of a list of events. */
export const bytesOf = (events: readonly string[]): Uint8Array => Buffer.from(events.join(''));

/** Bytes in chunks of `size`, whatever they cut through. */
export const chunksOf = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));

/** Every way to cut bytes in two, empty halves left out. */
export const everySplit = (bytes: Uint8Array): (readonly [Uint8Array, Uint8Array])[] =>
  Array.from({ length: Math.max(0, bytes.length - 1) }, (_, at) => [bytes.subarray(0, at + 1), bytes.subarray(at + 1)]);
