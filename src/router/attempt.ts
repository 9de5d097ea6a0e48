/** One attempt on one tier: read its answer, judge it as it comes, and hand on what may leave. */
import { joinBytes } from '#core/bytes';
import type { SlotRecord } from '#core/decision';
import type { AnswerDecoder, Dialect } from '#core/dialect';
import type { AttemptFailure } from '#core/failure';
import { notedLosses } from '#core/loss';
import type { StreamPart } from '#core/message';
import type { MendNote } from '#core/repair';
import type { VerifierResult } from '#core/verifier';
import type { FetchSession } from '#platform/effects';
import { AnswerPipe, type AnswerProgress, type PipeInput } from '#router/answer-pipe';
import type { Rescue } from '#router/continuation';
import { refusalInHeaders, slotInHeaders } from '#router/slot-headers';
import { passedHeaders } from '#router/upstream-headers';
import { isFailure, openUpstream, type Upstream, type UpstreamCall, type UpstreamReply } from '#upstream/relay';
import { type SseFrame, SseSplitter } from '#upstream/sse';

const NO_LOSSES: readonly string[] = [];
const LF = 10;
const CR = 13;

export interface AttemptInput extends PipeInput {
  /** The tier's dialect. */
  readonly dialect: Dialect;
  readonly call: UpstreamCall;
  readonly session: FetchSession;
}

/** Where an attempt reports. `failed` and `completed` exclude each other; one of them comes once. */
export interface AttemptSink {
  /** These bytes may leave now, in order. */
  release(pieces: readonly Uint8Array[]): void;
  completed(): void;
  /** @param rescue how the attempt can be saved, where it can */
  failed(failure: AttemptFailure, rescue: Rescue | undefined): void;
}

/** What the record wants to know, filled as the attempt goes; times are clock milliseconds. */
export interface AttemptProgress extends AnswerProgress {
  status?: number;
  headersAt?: number;
  /** Events passed on unread; engines send about one token in each. */
  skimmedEvents: number;
  /** Headers of the tier's reply that the caller gets as well. */
  passedHeaders?: Readonly<Record<string, string>> | undefined;
  /** How a tier behind a multiplexer elsewhere came by its model. */
  slot?: SlotRecord | undefined;
}

/** Undefined for anything that is not JSON, which every decoder reports as malformed. */
const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
};

/** An event that the end of the stream cut short of its blank line, with that line: more is said behind it. */
const withBlankLine = (raw: Uint8Array): Uint8Array => {
  const last = raw.at(-1);
  return joinBytes([raw, new Uint8Array(last === LF || last === CR ? [LF] : [LF, LF])]);
};

/** One attempt. Nothing happens upstream before the first `pump`; nothing is reported after `cancel`. */
export class Attempt {
  readonly progress: AttemptProgress = { outputChars: 0, skimmedEvents: 0 };
  readonly #input: AttemptInput;
  readonly #sink: AttemptSink;
  readonly #decoder: AnswerDecoder;
  readonly #pipe: AnswerPipe;
  readonly #splitter: SseSplitter;
  /** An unheld stream kept in its dialect need not be understood event by event once it flows. */
  readonly #maySkim: boolean;
  #upstream: Upstream | undefined;
  #reply: UpstreamReply | undefined;
  #releases = 0;
  /** The last call of `pump`. */
  #turn: Promise<void> | undefined;
  #ended = false;

  constructor(input: AttemptInput, sink: AttemptSink) {
    const { candidate, dialect, bytesMax, speaker } = input;
    this.#input = input;
    this.#sink = sink;
    this.#decoder = dialect.decoder(candidate.tier);
    this.#pipe = new AnswerPipe(input, this.progress);
    this.#splitter = new SseSplitter(bytesMax);
    this.#maySkim = candidate.hold === 'none' && speaker.sameDialect && speaker.callerStreams && !this.#pipe.attentive;
  }

  /**
   * Reads on until something was released or the attempt ended. A call that comes meanwhile has its turn afterwards: what
   * has been read may still wait for a verdict, and nothing may overtake it.
   */
  pump(): Promise<void> {
    const turn = this.#turn ? this.#turn.then(() => this.#readOn()) : this.#readOn();
    this.#turn = turn;
    return turn;
  }

  async #readOn(): Promise<void> {
    if (!this.#upstream) await this.#open();
    const before = this.#releases;
    while (!this.#ended && this.#releases === before && this.#reply) {
      const chunk = await this.#reply.read();
      if (this.#ended) return;
      if (chunk === undefined) await this.#takeEndOfStream();
      else if (isFailure(chunk)) this.#fail(chunk);
      else {
        const waiting = this.#takeChunk(chunk);
        if (waiting) await waiting;
      }
    }
  }

  /** Ends it as failed, from outside; nothing happens once it has ended. */
  breakOff(failure: AttemptFailure): void {
    this.#fail(failure);
  }

  /** Ends the upstream call. Idempotent. */
  cancel(): void {
    this.#ended = true;
    this.#upstream?.cancel();
  }

  verifierResults(): readonly VerifierResult[] {
    return this.#pipe.verifierResults();
  }

  /** What was repaired in the answer without asking anybody. */
  mends(): readonly MendNote[] {
    return this.#pipe.mends();
  }

  /** What of the answer the caller's bytes could not carry, by name. */
  answerLosses(): readonly string[] {
    return this.#pipe.respoken ? notedLosses(this.#decoder.losses()) : NO_LOSSES;
  }

  heldBytesMax(): number {
    return this.#pipe.heldBytesMax;
  }

  async #open(): Promise<void> {
    const { call, session, clock, dialect, candidate } = this.#input;
    const askedAt = clock.now();
    // A deadline that passes while nobody reads is the caller's rest: another tier would find it resting as well.
    this.#upstream = openUpstream(call, session, clock, (late) => this.#fail(late, false));
    const opened = await this.#upstream.opened;
    if (this.#ended) return;
    if (isFailure(opened)) {
      this.#fail(opened);
      return;
    }
    this.progress.headersAt = clock.now();
    this.progress.status = opened.status;
    this.progress.passedHeaders = passedHeaders(opened.headers);
    const refused = refusalInHeaders(candidate.tier, opened.headers, this.progress.headersAt - askedAt);
    this.progress.slot = refused?.slot ?? slotInHeaders(candidate.tier, opened.headers);
    if (opened.status < 200 || opened.status > 299) {
      const failure = refused?.failure ?? dialect.classifyError(opened.status, await opened.readError());
      this.#fail({ ...failure, upstreamStatus: opened.status, ...retryAfter(opened.headers, clock.wall()) });
      return;
    }
    await this.#begin();
    if (this.#ended) return;
    if (opened.contentType.includes('text/event-stream')) this.#reply = opened;
    else await this.#takeWhole(opened);
  }

  /** What stands of the answer already is said before the tier goes on. */
  async #begin(): Promise<void> {
    if (!this.#input.saves) return;
    const leaving: Uint8Array[] = [];
    const failed = await this.#pipe.begin(leaving);
    if (this.#ended) return;
    if (failed) this.#fail(failed);
    else this.#release(leaving);
  }

  #fail(failure: AttemptFailure, maySave = true): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#upstream?.cancel();
    this.#sink.failed(failure, maySave ? this.#pipe.rescue(failure) : undefined);
  }

  #release(pieces: readonly Uint8Array[]): void {
    if (pieces.length === 0) return;
    this.#releases++;
    this.#pipe.left();
    this.#sink.release(pieces);
  }

  /** The answer is whole: what is still held leaves, if the last verdict lets it. */
  #conclude(): void {
    this.progress.saidAll = true;
    const leaving: Uint8Array[] = [];
    const failed = this.#pipe.conclude(leaving);
    if (failed) this.#fail(failed);
    else this.#complete(leaving);
  }

  #complete(leaving: readonly Uint8Array[]): void {
    this.#ended = true;
    this.#release(leaving);
    this.#sink.completed();
  }

  /** Passes on an event unread. */
  #skim(raw: Uint8Array, leaving: Uint8Array[]): void {
    this.progress.skimmedEvents++;
    const piece = this.#pipe.skim(raw);
    if (isFailure(piece)) this.#fail(piece);
    else if (piece.length > 0) leaving.push(piece);
  }

  /** A promise only where a verifier must wait for something. */
  #takeFrames(frames: readonly SseFrame[], from: number, leaving: Uint8Array[]): Promise<void> | undefined {
    const { dialect } = this.#input;
    for (let next = from; next < frames.length && !this.#ended; next++) {
      const frame = frames[next];
      if (!frame) break;
      if (this.#maySkim && this.#releases > 0 && !dialect.quickScan(frame.raw)) {
        this.#skim(frame.raw, leaving);
        continue;
      }
      const outcome = this.#pipe.take(frame.raw, this.#decoder.event(frame), leaving);
      if (outcome instanceof Promise) {
        return outcome.then((failed) => {
          if (failed) this.#fail(failed);
          return this.#takeFrames(frames, next + 1, leaving);
        });
      }
      if (outcome) this.#fail(outcome);
    }
    this.#endChunk(leaving);
    return undefined;
  }

  #takeChunk(chunk: Uint8Array): Promise<void> | undefined {
    return this.#takeFrames(this.#splitter.push(chunk), 0, []);
  }

  #endChunk(leaving: readonly Uint8Array[]): void {
    // What a failing chunk would have released is dropped: unless something left before, the attempt can be forgotten.
    if (this.#ended) return;
    this.#release(leaving);
    if (this.#splitter.overflow)
      this.#fail({ kind: 'overflow', detail: `one event larger than ${this.#input.bytesMax} bytes` });
    else if (this.#pipe.sawEnd) {
      this.#conclude();
      void this.#reply?.drain();
    }
  }

  /**
   * The last event may lack its blank line. It is read even where others are skimmed, for it may be half an event; one
   * without a meaning stays here.
   */
  async #takeEndOfStream(): Promise<void> {
    this.progress.saidAll = true;
    const leaving: Uint8Array[] = [];
    for (const frame of this.#splitter.flush()) {
      const parts = this.#decoder.event(frame);
      await this.#takeLast(parts.length > 0 ? withBlankLine(frame.raw) : undefined, parts, leaving);
    }
    if (!this.#ended) await this.#takeLast(undefined, this.#decoder.close(), leaving);
    if (this.#ended) return;
    const failed = await this.#pipe.flush(leaving);
    if (this.#ended) return;
    if (failed) {
      this.#fail(failed);
      return;
    }
    this.#release(leaving);
    if (this.#decoder.ended()) this.#conclude();
    else this.#fail({ kind: 'cut-off', detail: 'the stream stopped without its terminal marker' });
  }

  async #takeLast(raw: Uint8Array | undefined, parts: readonly StreamPart[], leaving: Uint8Array[]): Promise<void> {
    const failed = await this.#pipe.take(raw, parts, leaving);
    if (failed) this.#fail(failed);
  }

  async #takeWhole(reply: UpstreamReply): Promise<void> {
    const bytes = await reply.readAll(this.#input.bytesMax);
    if (this.#ended) return;
    if (isFailure(bytes)) {
      this.#fail(bytes);
      return;
    }
    this.progress.saidAll = true;
    const leaving: Uint8Array[] = [];
    const failed = await this.#pipe.whole(bytes, this.#decoder.whole(parseJson(bytes)), leaving);
    if (this.#ended) return;
    if (failed) this.#fail(failed);
    else this.#complete(leaving);
  }
}

/** `Retry-After` of an upstream, seconds or HTTP date (RFC 9110 10.2.3), as milliseconds from `wallMs`. */
export const retryAfter = (headers: Headers, wallMs: number): { readonly retryAfterMs?: number } => {
  const value = headers.get('retry-after');
  if (value === null || value.trim() === '') return {};
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - wallMs;
  return Number.isFinite(ms) && ms >= 0 ? { retryAfterMs: ms } : {};
};
