/** How an answer gets onto the wire in any dialect, whole or streamed, and cut wherever a test wants it cut. */
import type { DialectName, JsonObject } from '#core/message';
import type { Answer } from '#tests/support/answer';
import { chatErrorEvent, chatEvents, chatWhole } from '#tests/support/answers-chat';
import { messagesErrorEvent, messagesEvents, messagesWhole } from '#tests/support/answers-messages';
import { responsesErrorEvent, responsesEvents, responsesWhole } from '#tests/support/answers-responses';
import { json, type Step, sse } from '#tests/support/fake-tier-steps';

interface Writer {
  readonly events: (answer: Answer) => string[];
  readonly whole: (answer: Answer) => JsonObject;
  readonly errorEvent: (message: string) => string;
  readonly errorBody: (type: string, message: string) => Record<string, unknown>;
  readonly path: string;
}

const openaiError = (type: string, message: string): Record<string, unknown> => ({
  error: { message, type, param: null, code: null },
});

const WRITERS: Record<DialectName, Writer> = {
  'openai-chat': {
    events: chatEvents,
    whole: chatWhole,
    errorEvent: chatErrorEvent,
    errorBody: openaiError,
    path: '/v1/chat/completions',
  },
  'anthropic-messages': {
    events: messagesEvents,
    whole: messagesWhole,
    errorEvent: messagesErrorEvent,
    errorBody: (type, message) => ({ type: 'error', error: { type, message } }),
    path: '/v1/messages',
  },
  'openai-responses': {
    events: responsesEvents,
    whole: responsesWhole,
    errorEvent: responsesErrorEvent,
    errorBody: openaiError,
    path: '/v1/responses',
  },
};

/** The SSE events of an answer, one string each. */
export const eventsFor = (dialect: DialectName, answer: Answer): string[] => WRITERS[dialect].events(answer);

/** The JSON reply of an answer. */
export const wholeFor = (dialect: DialectName, answer: Answer): JsonObject => WRITERS[dialect].whole(answer);

/** What a tier does to give this answer: one chunk per event, or one JSON reply. */
export const answerSteps = (dialect: DialectName, stream: boolean, answer: Answer): Step[] =>
  stream ? sse(eventsFor(dialect, answer)) : json(200, wholeFor(dialect, answer));

/** An error event in the middle of a stream. */
export const errorEventFor = (dialect: DialectName, message: string): string => WRITERS[dialect].errorEvent(message);

/** The body of an HTTP error reply. */
export const errorBodyFor = (dialect: DialectName, type: string, message: string): Record<string, unknown> =>
  WRITERS[dialect].errorBody(type, message);

/** Where a dialect's requests go. */
export const pathFor = (dialect: DialectName): string => WRITERS[dialect].path;

/** All bytes of a list of events. */
export const bytesOf = (events: readonly string[]): Uint8Array => Buffer.from(events.join(''));

/** Bytes in chunks of `size`, whatever they cut through. */
export const chunksOf = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));

/** Every way to cut bytes in two, empty halves left out. */
export const everySplit = (bytes: Uint8Array): (readonly [Uint8Array, Uint8Array])[] =>
  Array.from({ length: Math.max(0, bytes.length - 1) }, (_, at) => [bytes.subarray(0, at + 1), bytes.subarray(at + 1)]);
