/** How a tier's answer becomes the caller's bytes: kept as received, re-encoded, or collected into one document. */
import { joinBytes } from '#core/bytes';
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

/** Characters per token in an estimate of what a tier did not count. */
const CHARS_PER_TOKEN = 4;

/**
 * Counts an answer for a caller that asked for usage, in case its tier tells none.
 * Events passed on unread count as one token each, which is what engines put into one.
 */
const createCounter = (caller: Dialect, context: EncodeContext) => {
  let told = !context.includeUsage || caller.usageFrame === undefined;
  let chars = 0;
  let unread = 0;
  return {
    note(parts: readonly StreamPart[]): void {
      if (parts.length === 0) unread++;
      for (const part of parts) {
        if (part.type === 'usage') told = true;
        else if ('text' in part) chars += part.text.length;
        else if (part.type === 'tool-delta') chars += part.json.length;
      }
    },
    /** The event that is still owed, once. */
    owed(): Uint8Array {
      if (told) return NO_BYTES;
      told = true;
      const output = Math.ceil(chars / CHARS_PER_TOKEN) + unread;
      const usage = { input: context.promptTokens, output, estimated: true };
      return encoder.encode(caller.usageFrame?.(usage, context) ?? '');
    },
  };
};

const isEnd = (parts: readonly StreamPart[]): boolean => parts.some((part) => part.type === 'end');

/**
 * Same dialect, both stream: bytes as received, but for the model's name, an empty id, usage nobody asked for, and usage
 * that was asked for and not told.
 */
const keepFrames = (input: SpeakerInput): Speaker => {
  const { caller, context } = input;
  const counter = createCounter(caller, context);
  let fillsId: boolean | undefined;
  const kept = (raw: Uint8Array): Uint8Array => (input.echoModel ? caller.echoModel(raw, context.model) : raw);
  return {
    say(raw, parts) {
      if (!raw || (!context.includeUsage && isUsageOnly(parts))) return NO_BYTES;
      counter.note(parts);
      let bytes = raw;
      if (fillsId !== false) {
        bytes = caller.fillId(raw, context.responseId);
        if (parts.length > 0) fillsId = bytes !== raw;
      }
      if (!isEnd(parts)) return kept(bytes);
      const owed = counter.owed();
      return owed.length === 0 ? kept(bytes) : joinBytes([owed, kept(bytes)]);
    },
    conclude: () => counter.owed(),
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

/** One document of all parts; in the same dialect also of what the frames say beside them. */
const collect = (input: SpeakerInput): Speaker => {
  const all: StreamPart[] = [];
  const keeper = input.sameDialect ? input.caller.keeper?.() : undefined;
  return {
    say(raw, parts) {
      for (const part of parts) all.push(part);
      if (raw) keeper?.frame(raw);
      return NO_BYTES;
    },
    conclude() {
      const reply = input.caller.encodeWhole(all, input.context);
      return spokenWhole(reply.ok && keeper ? { ok: true, body: keeper.complete(reply.body) } : reply);
    },
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
