/** How a tier's answer becomes the caller's bytes: kept as received, re-encoded, or collected into one document. */
import type { AnswerEncoder, Dialect, EncodeContext, WholeReply } from '#core/dialect';
import type { AttemptFailure } from '#core/failure';
import type { StreamPart } from '#core/message';

const encoder = new TextEncoder();
const NO_BYTES = new Uint8Array(0);

/** Bytes for the caller, possibly none, or why the answer cannot be spoken any further. */
export type Spoken = Uint8Array | AttemptFailure;

/** Turns the pieces of a streamed answer into bytes for the caller. */
export interface Speaker {
  /** @param raw the frame's bytes as received; undefined for parts that no frame carried */
  say(raw: Uint8Array | undefined, parts: readonly StreamPart[]): Spoken;
  /** What is still to be said once the answer is whole and has passed. */
  conclude(): Spoken;
}

export interface SpeakerInput {
  readonly caller: Dialect;
  readonly sameDialect: boolean;
  readonly callerStreams: boolean;
  readonly context: EncodeContext;
  /** Replace the upstream's `model` by `context.model` in bytes that are otherwise kept. */
  readonly echoModel: boolean;
}

const isUsageOnly = (parts: readonly StreamPart[]): boolean =>
  parts.length > 0 && parts.every((part) => part.type === 'usage');

/** Same dialect, both stream: bytes as received, but for the model's name, an empty id, and usage nobody asked for. */
const keepFrames = (input: SpeakerInput): Speaker => {
  const { caller, context } = input;
  let fillsId: boolean | undefined;
  return {
    say(raw, parts) {
      if (!raw || (!context.includeUsage && isUsageOnly(parts))) return NO_BYTES;
      let bytes = raw;
      if (fillsId !== false) {
        bytes = caller.fillId(raw, context.responseId);
        if (parts.length > 0) fillsId = bytes !== raw;
      }
      return input.echoModel ? caller.echoModel(bytes, context.model) : bytes;
    },
    conclude: () => NO_BYTES,
  };
};

const reencode = (voice: AnswerEncoder): Speaker => ({
  say(_raw, parts) {
    let text = '';
    for (const part of parts) text += voice.part(part);
    return voice.failure() ?? (text === '' ? NO_BYTES : encoder.encode(text));
  },
  conclude: () => voice.failure() ?? NO_BYTES,
});

const spokenWhole = (reply: WholeReply): Spoken =>
  reply.ok ? encoder.encode(JSON.stringify(reply.body)) : reply.failure;

const collect = (input: SpeakerInput): Speaker => {
  const all: StreamPart[] = [];
  return {
    say(_raw, parts) {
      for (const part of parts) all.push(part);
      return NO_BYTES;
    },
    conclude: () => spokenWhole(input.caller.encodeWhole(all, input.context)),
  };
};

/** Speaker for a streamed upstream answer. */
export const speakStream = (input: SpeakerInput): Speaker => {
  if (!input.callerStreams) return collect(input);
  return input.sameDialect ? keepFrames(input) : reencode(input.caller.encoder(input.context));
};

/** The caller's bytes for an upstream answer that came as one JSON document. */
export const speakWhole = (input: SpeakerInput, raw: Uint8Array, parts: readonly StreamPart[]): Spoken => {
  const { caller, context } = input;
  if (input.callerStreams) return reencode(caller.encoder(context)).say(undefined, parts);
  if (!input.sameDialect) return spokenWhole(caller.encodeWhole(parts, context));
  const bytes = caller.fillId(raw, context.responseId);
  return input.echoModel ? caller.echoModel(bytes, context.model) : bytes;
};
