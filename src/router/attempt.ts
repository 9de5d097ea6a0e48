/** One attempt on one tier: read its answer, judge it as it comes, and hand on what may leave. */
import { joinBytes } from '#core/bytes';
import { type CommitWindow, createCommitWindow } from '#core/commit-window';
import type { AnswerDecoder, Dialect } from '#core/dialect';
import type { AttemptFailure } from '#core/failure';
import { notedLosses } from '#core/loss';
import type { StreamPart, Usage } from '#core/message';
import type { Candidate } from '#core/plan';
import type { Finding, VerifierResult, VerifyContext } from '#core/verifier';
import type { Clock, FetchSession } from '#platform/effects';
import { type Speaker, type SpeakerInput, type Spoken, speakStream, speakWhole } from '#router/answer';
import { passedHeaders } from '#router/upstream-headers';
import { isFailure, openUpstream, type Upstream, type UpstreamCall, type UpstreamReply } from '#upstream/relay';
import { type SseFrame, SseSplitter } from '#upstream/sse';
import { type Chain, createChain } from '#verifiers/chain';

const NO_PARTS: readonly StreamPart[] = [];
const NO_BYTES = new Uint8Array(0);
const NO_LOSSES: readonly string[] = [];
const LF = 10;
const CR = 13;

export interface AttemptInput {
  readonly candidate: Candidate;
  /** The tier's dialect. */
  readonly dialect: Dialect;
  readonly call: UpstreamCall;
  readonly session: FetchSession;
  readonly clock: Clock;
  readonly speaker: SpeakerInput;
  readonly verify: VerifyContext;
  /** Bytes that may be held back, and the largest event or whole reply. */
  readonly bytesMax: number;
}

/** Where an attempt reports. `failed` and `completed` exclude each other; one of them comes once. */
export interface AttemptSink {
  /** These bytes may leave now, in order. */
  release(pieces: readonly Uint8Array[]): void;
  completed(): void;
  failed(failure: AttemptFailure): void;
}

/** What the record wants to know, filled as the attempt goes; times are clock milliseconds. */
export interface AttemptProgress {
  status?: number;
  headersAt?: number;
  firstPartAt?: number;
  usage?: Usage;
  /** The tier said why it ended, so its counts are final. */
  finished?: boolean;
  /** Characters of model output understood so far; the fallback when a tier reports no usage. */
  outputChars: number;
  /** Events passed on unread; engines send about one token in each. */
  skimmedEvents: number;
  /** Headers of the tier's reply that the caller gets as well. */
  passedHeaders?: Readonly<Record<string, string>> | undefined;
}

/** A word of a dialect, and no prose, which may quote the prompt. */
const ERROR_WORD = /^[\w.-]{1,64}$/;

const errorPartFailure = ({ kind, failure }: Extract<StreamPart, { type: 'error' }>): AttemptFailure => {
  if (failure) return failure;
  if (kind === 'malformed') return { kind: 'malformed', detail: 'the answer is not what its dialect allows' };
  return { kind: 'cut-off', detail: `the tier sent an error event${ERROR_WORD.test(kind) ? ` (${kind})` : ''}` };
};

const rejection = (finding: Finding & { readonly verifier: string }): AttemptFailure => ({
  kind: 'rejected',
  verifier: finding.verifier,
  detail: `${finding.verifier}: ${finding.detail}`,
});

/** Undefined for anything that is not JSON, which every decoder reports as malformed. */
const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
};

const outputCharsOf = (part: StreamPart): number => {
  if (part.type === 'tool-delta') return part.json.length;
  return part.type === 'text-delta' || part.type === 'thinking-delta' || part.type === 'refusal-delta'
    ? part.text.length
    : 0;
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
  readonly #chain: Chain;
  readonly #decoder: AnswerDecoder;
  readonly #window: CommitWindow<Uint8Array>;
  readonly #splitter: SseSplitter;
  readonly #speaker: Speaker;
  /** An unheld stream kept in its dialect need not be understood event by event once it flows. */
  readonly #maySkim: boolean;
  #upstream: Upstream | undefined;
  #reply: UpstreamReply | undefined;
  #releases = 0;
  #sawEnd = false;
  /** The caller gets the parts in words of its own dialect, and nothing beside them. */
  readonly #respoken: boolean;
  #ended = false;

  constructor(input: AttemptInput, sink: AttemptSink) {
    const { candidate, dialect, clock, speaker, verify, bytesMax } = input;
    this.#input = input;
    this.#sink = sink;
    this.#chain = createChain({ level: candidate.checks, context: verify, micros: () => clock.now() * 1000 });
    this.#decoder = dialect.decoder(candidate.tier);
    // A caller that does not stream gets one document, so everything is held and counted until it is whole.
    this.#window = createCommitWindow(speaker.callerStreams ? candidate.hold : 'all', bytesMax);
    this.#splitter = new SseSplitter(bytesMax);
    this.#speaker = speakStream(speaker);
    this.#respoken = !speaker.sameDialect;
    this.#maySkim = candidate.hold === 'none' && speaker.sameDialect && speaker.callerStreams;
  }

  /** Reads on until something was released or the attempt ended. One call at a time. */
  async pump(): Promise<void> {
    if (!this.#upstream) await this.#open();
    const before = this.#releases;
    while (!this.#ended && this.#releases === before && this.#reply) {
      const chunk = await this.#reply.read();
      if (this.#ended) return;
      if (chunk === undefined) this.#takeEndOfStream();
      else if (isFailure(chunk)) this.#fail(chunk);
      else this.#takeChunk(chunk);
    }
  }

  /** Ends the upstream call. Idempotent. */
  cancel(): void {
    this.#ended = true;
    this.#upstream?.cancel();
  }

  verifierResults(): readonly VerifierResult[] {
    return this.#chain.results();
  }

  /** What of the answer the caller's bytes could not carry, by name. */
  answerLosses(): readonly string[] {
    return this.#respoken ? notedLosses(this.#decoder.losses()) : NO_LOSSES;
  }

  heldBytesMax(): number {
    return this.#window.heldBytesMax;
  }

  async #open(): Promise<void> {
    const { call, session, clock, dialect } = this.#input;
    this.#upstream = openUpstream(call, session, clock, (late) => this.#fail(late));
    const opened = await this.#upstream.opened;
    if (this.#ended) return;
    if (isFailure(opened)) {
      this.#fail(opened);
      return;
    }
    this.progress.headersAt = clock.now();
    this.progress.status = opened.status;
    this.progress.passedHeaders = passedHeaders(opened.headers);
    if (opened.status < 200 || opened.status > 299) {
      const failure = dialect.classifyError(opened.status, await opened.readError());
      this.#fail({ ...failure, upstreamStatus: opened.status, ...retryAfter(opened.headers, clock.wall()) });
    } else if (opened.contentType.includes('text/event-stream')) this.#reply = opened;
    else await this.#takeWhole(opened);
  }

  #fail(failure: AttemptFailure): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#upstream?.cancel();
    this.#sink.failed(failure);
  }

  #release(pieces: readonly Uint8Array[]): void {
    if (pieces.length === 0) return;
    this.#releases++;
    this.#sink.release(pieces);
  }

  /** Learns from some parts and shows them to the verifiers; returns why to give up, if there is a reason. */
  #judge(parts: readonly StreamPart[]): AttemptFailure | undefined {
    const { progress } = this;
    for (const part of parts) {
      if (part.type === 'error') return errorPartFailure(part);
      if (part.type === 'usage') progress.usage = part.usage;
      else if (part.type === 'finish') progress.finished = true;
      else if (part.type === 'end') this.#sawEnd = true;
      else progress.outputChars += outputCharsOf(part);
      if (progress.firstPartAt === undefined && part.type !== 'start') progress.firstPartAt = this.#input.clock.now();
      const finding = this.#chain.observe(part);
      if (finding) return rejection(finding);
    }
    return undefined;
  }

  /** The answer is whole: the last verdict, then everything still held leaves. */
  #conclude(speakLast: () => Spoken = () => this.#speaker.conclude()): void {
    const finding = this.#chain.finish({ usage: this.progress.usage });
    const last = finding ? rejection(finding) : speakLast();
    if (isFailure(last)) {
      this.#fail(last);
      return;
    }
    this.#ended = true;
    this.#release([...this.#window.release(), last].filter((piece) => piece.length > 0));
    this.#sink.completed();
  }

  /** Judges and speaks some parts; what may leave is added to `leaving`. Fails the attempt if it must. */
  #takeParts(raw: Uint8Array | undefined, parts: readonly StreamPart[], leaving: Uint8Array[]): void {
    const piece = this.#judge(parts) ?? this.#speaker.say(raw, parts);
    if (isFailure(piece)) {
      this.#fail(piece);
      return;
    }
    const bytes = this.#input.speaker.callerStreams ? piece.length : (raw?.length ?? 0);
    const step = this.#window.push(piece, bytes, parts);
    for (const released of step.released) if (released.length > 0) leaving.push(released);
    if (step.overflow) this.#fail({ kind: 'overflow', detail: `more than ${this.#input.bytesMax} bytes held back` });
  }

  /** Passes on an event unread. */
  #skim(raw: Uint8Array, leaving: Uint8Array[]): void {
    this.progress.skimmedEvents++;
    const piece = this.#speaker.say(raw, undefined);
    if (isFailure(piece)) this.#fail(piece);
    else if (piece.length > 0) leaving.push(piece);
  }

  #takeFrames(frames: readonly SseFrame[]): void {
    const { dialect } = this.#input;
    const leaving: Uint8Array[] = [];
    for (const frame of frames) {
      if (this.#maySkim && this.#releases > 0 && !dialect.quickScan(frame.raw)) this.#skim(frame.raw, leaving);
      else this.#takeParts(frame.raw, this.#decoder.event(frame), leaving);
      if (this.#ended) break;
    }
    // What a failing chunk would have released is dropped: unless something left before, the attempt can be forgotten.
    if (!this.#ended) this.#release(leaving);
  }

  #takeChunk(chunk: Uint8Array): void {
    this.#takeFrames(this.#splitter.push(chunk));
    if (this.#ended) return;
    if (this.#splitter.overflow)
      this.#fail({ kind: 'overflow', detail: `one event larger than ${this.#input.bytesMax} bytes` });
    else if (this.#sawEnd) {
      this.#conclude();
      void this.#reply?.drain();
    }
  }

  /**
   * The last event may lack its blank line. It is read even where others are skimmed, for it may be half an event; one
   * without a meaning stays here.
   */
  #takeEndOfStream(): void {
    const leaving: Uint8Array[] = [];
    for (const frame of this.#splitter.flush()) {
      const parts = this.#decoder.event(frame);
      this.#takeParts(parts.length > 0 ? withBlankLine(frame.raw) : undefined, parts, leaving);
    }
    if (!this.#ended) this.#takeParts(undefined, this.#decoder.close(), leaving);
    if (this.#ended) return;
    this.#release(leaving);
    if (this.#decoder.ended()) this.#conclude();
    else this.#fail({ kind: 'cut-off', detail: 'the stream stopped without its terminal marker' });
  }

  async #takeWhole(reply: UpstreamReply): Promise<void> {
    const bytes = await reply.readAll(this.#input.bytesMax);
    if (this.#ended) return;
    if (isFailure(bytes)) {
      this.#fail(bytes);
      return;
    }
    const parts = this.#decoder.whole(parseJson(bytes));
    const piece = this.#judge(parts) ?? speakWhole(this.#input.speaker, bytes, parts);
    if (isFailure(piece)) this.#fail(piece);
    else {
      this.#window.push(piece, piece.length, NO_PARTS);
      this.#conclude(() => NO_BYTES);
    }
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
