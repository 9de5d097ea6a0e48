/** One attempt on one tier: read its answer, judge it as it comes, and hand on what may leave. */
import { createCommitWindow } from '#core/commit-window';
import type { Dialect } from '#core/dialect';
import type { AttemptFailure } from '#core/failure';
import type { StreamPart, Usage } from '#core/message';
import type { Candidate } from '#core/plan';
import type { Finding, VerifierResult, VerifyContext } from '#core/verifier';
import type { Clock, FetchSession } from '#platform/effects';
import { type SpeakerInput, speakStream, speakWhole } from '#router/answer';
import { isFailure, openUpstream, type Upstream, type UpstreamCall, type UpstreamReply } from '#upstream/relay';
import { type SseFrame, SseSplitter } from '#upstream/sse';
import { createChain } from '#verifiers/chain';

const NO_PARTS: readonly StreamPart[] = [];

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
  /** Characters of model output understood so far; the fallback when a tier reports no usage. */
  outputChars: number;
  /** Events passed on unread; engines send about one token in each. */
  skimmedEvents: number;
}

export interface Attempt {
  readonly progress: AttemptProgress;
  /** Reads on until something was released or the attempt ended. One call at a time. Never rejects. */
  pump(): Promise<void>;
  /** Ends the upstream call; nothing is reported afterwards. Idempotent. */
  cancel(): void;
  verifierResults(): readonly VerifierResult[];
  heldBytesMax(): number;
}

const errorPartFailure = (kind: string): AttemptFailure =>
  kind === 'malformed'
    ? { kind: 'malformed', detail: 'the answer is not what its dialect allows' }
    : { kind: 'cut-off', detail: `the tier sent an error event (${kind})` };

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

/** Creates an attempt; nothing happens upstream before the first `pump`. */
export const createAttempt = (input: AttemptInput, sink: AttemptSink): Attempt => {
  const { candidate, dialect, clock } = input;
  const progress: AttemptProgress = { outputChars: 0, skimmedEvents: 0 };
  const chain = createChain({ level: candidate.checks, context: input.verify, micros: () => clock.now() * 1000 });
  const decoder = dialect.decoder();
  const window = createCommitWindow<Uint8Array>(candidate.hold, input.bytesMax);
  const splitter = new SseSplitter(input.bytesMax);
  const speaker = speakStream(input.speaker);
  /** An unheld stream kept in its dialect need not be understood event by event once it flows. */
  const maySkim = candidate.hold === 'none' && input.speaker.sameDialect && input.speaker.callerStreams;
  let upstream: Upstream | undefined;
  let reply: UpstreamReply | undefined;
  let releases = 0;
  let sawEnd = false;
  let ended = false;

  const fail = (failure: AttemptFailure): void => {
    if (ended) return;
    ended = true;
    upstream?.cancel();
    sink.failed(failure);
  };

  const release = (pieces: readonly Uint8Array[]): void => {
    if (pieces.length === 0) return;
    releases++;
    sink.release(pieces);
  };

  /** Learns from some parts and shows them to the verifiers; returns why to give up, if there is a reason. */
  const judge = (parts: readonly StreamPart[]): AttemptFailure | undefined => {
    for (const part of parts) {
      if (part.type === 'error') return errorPartFailure(part.kind);
      if (part.type === 'usage') progress.usage = part.usage;
      else if (part.type === 'end') sawEnd = true;
      else progress.outputChars += outputCharsOf(part);
      if (progress.firstPartAt === undefined && part.type !== 'start') progress.firstPartAt = clock.now();
      const finding = chain.observe(part);
      if (finding) return rejection(finding);
    }
    return undefined;
  };

  /** The answer is whole: the last verdict, then everything still held leaves. */
  const conclude = (): void => {
    const finding = chain.finish({ usage: progress.usage });
    const last = finding ? rejection(finding) : speaker.conclude();
    if (isFailure(last)) {
      fail(last);
      return;
    }
    ended = true;
    release([...window.release(), last].filter((piece) => piece.length > 0));
    sink.completed();
  };

  /** Judges and speaks some parts; what may leave is added to `leaving`. Fails the attempt if it must. */
  const takeParts = (raw: Uint8Array | undefined, parts: readonly StreamPart[], leaving: Uint8Array[]): void => {
    const piece = judge(parts) ?? speaker.say(raw, parts);
    if (isFailure(piece)) {
      fail(piece);
      return;
    }
    const step = window.push(piece, piece.length, parts);
    for (const released of step.released) if (released.length > 0) leaving.push(released);
    if (step.overflow) fail({ kind: 'overflow', detail: `more than ${input.bytesMax} bytes held back` });
  };

  /** Passes on an event unread. */
  const skim = (raw: Uint8Array, leaving: Uint8Array[]): void => {
    progress.skimmedEvents++;
    const piece = speaker.say(raw, NO_PARTS);
    if (isFailure(piece)) fail(piece);
    else if (piece.length > 0) leaving.push(piece);
  };

  const takeFrames = (frames: readonly SseFrame[]): void => {
    const leaving: Uint8Array[] = [];
    for (const frame of frames) {
      if (maySkim && releases > 0 && !dialect.quickScan(frame.raw)) skim(frame.raw, leaving);
      else takeParts(frame.raw, decoder.event(frame), leaving);
      if (ended) break;
    }
    if (!ended || releases > 0) release(leaving);
  };

  const takeChunk = (chunk: Uint8Array): void => {
    takeFrames(splitter.push(chunk));
    if (ended) return;
    if (splitter.overflow) fail({ kind: 'overflow', detail: `one event larger than ${input.bytesMax} bytes` });
    else if (sawEnd) {
      conclude();
      void reply?.drain();
    }
  };

  const takeEndOfStream = (): void => {
    takeFrames(splitter.flush());
    const leaving: Uint8Array[] = [];
    if (!ended) takeParts(undefined, decoder.close(), leaving);
    if (ended) return;
    release(leaving);
    if (decoder.ended()) conclude();
    else fail({ kind: 'cut-off', detail: 'the stream stopped without its terminal marker' });
  };

  const takeWhole = async (from: UpstreamReply): Promise<void> => {
    const bytes = await from.readAll(input.bytesMax);
    if (ended) return;
    if (isFailure(bytes)) {
      fail(bytes);
      return;
    }
    const parts = decoder.whole(parseJson(bytes));
    const piece = judge(parts) ?? speakWhole(input.speaker, bytes, parts);
    if (isFailure(piece)) fail(piece);
    else {
      window.push(piece, piece.length, NO_PARTS);
      conclude();
    }
  };

  const open = async (): Promise<void> => {
    upstream = openUpstream(input.call, input.session, clock);
    const opened = await upstream.opened;
    if (ended) return;
    if (isFailure(opened)) {
      fail(opened);
      return;
    }
    progress.headersAt = clock.now();
    progress.status = opened.status;
    reply = opened;
    if (opened.status < 200 || opened.status > 299) {
      const failure = dialect.classifyError(opened.status, await opened.readError());
      fail({ ...failure, upstreamStatus: opened.status, ...retryAfter(opened.headers, clock.wall()) });
    } else if (!opened.contentType.includes('text/event-stream')) await takeWhole(opened);
  };

  return {
    progress,
    async pump() {
      if (!upstream) await open();
      const before = releases;
      while (!ended && releases === before && reply) {
        const chunk = await reply.read();
        if (ended) return;
        if (chunk === undefined) takeEndOfStream();
        else if (isFailure(chunk)) fail(chunk);
        else takeChunk(chunk);
      }
    },
    cancel() {
      ended = true;
      upstream?.cancel();
    },
    verifierResults: () => chain.results(),
    heldBytesMax: () => window.heldBytesMax,
  };
};

/** `Retry-After` of an upstream, seconds or HTTP date (RFC 9110 10.2.3), as milliseconds from `wallMs`. */
export const retryAfter = (headers: Headers, wallMs: number): { readonly retryAfterMs?: number } => {
  const value = headers.get('retry-after');
  if (value === null) return {};
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - wallMs;
  return Number.isFinite(ms) && ms >= 0 ? { retryAfterMs: ms } : {};
};
