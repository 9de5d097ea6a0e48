/** What happens to the parts of one answer between its tier and its caller: mended, judged, spoken, held back. */
import { type CommitWindow, createCommitWindow } from '#core/commit-window';
import type { AttemptFailure } from '#core/failure';
import type { StreamPart, Usage } from '#core/message';
import type { Candidate } from '#core/plan';
import type { Mender, MendNote } from '#core/repair';
import { CUT_WORDS } from '#core/slot-lease';
import type { Tier } from '#core/tier';
import type { VerifierResult, VerifyContext } from '#core/verifier';
import type { Clock } from '#platform/effects';
import {
  continueSpeaking,
  ownVoice,
  type Speaker,
  type SpeakerInput,
  type Spoken,
  speakStream,
  speakWhole,
  voiceOf,
} from '#router/answer';
import { EVICTED } from '#router/attempt-outcome';
import { type Joint, jointOf, type Rescue, type Rescues, type Voice } from '#router/continuation';
import { rescueOf, Said } from '#router/said';
import { isFailure } from '#upstream/relay';
import { type Chain, type ChainFinding, createChain, partChars } from '#verifiers/chain';

const NO_PARTS: readonly StreamPart[] = [];
const NO_BYTES = new Uint8Array(0);
const NO_NOTES: readonly MendNote[] = [];

/** Longest wait for what a verifier needs before it can judge, in milliseconds; then it has no opinion. */
const PATIENCE_MS = 2000;

export interface PipeInput {
  readonly candidate: Candidate;
  readonly clock: Clock;
  readonly speaker: SpeakerInput;
  readonly verify: VerifyContext;
  /** Verifiers that do not run. */
  readonly verifiersOff: ReadonlySet<string>;
  /** Bytes that may be held back. */
  readonly bytesMax: number;
  /** For this attempt alone; absent where nothing may be mended. */
  readonly mender?: Mender | undefined;
  /** What may save the attempt if it fails after a part of its answer was good. */
  readonly rescues: Rescues;
  /** The failed attempt that this one saves. */
  readonly saves?: Rescue | undefined;
}

/** What the record wants to know of the answer itself; times are clock milliseconds. */
export interface AnswerProgress {
  firstPartAt?: number;
  usage?: Usage;
  /** The tier said why it ended, so its counts are final. */
  finished?: boolean;
  /** The tier has said everything, its terminal marker included. */
  saidAll?: boolean;
  /** Characters of model output understood so far; the fallback when a tier reports no usage. */
  outputChars: number;
}

/** Undefined: go on. A promise where a verifier must wait for something. */
export type Outcome = AttemptFailure | undefined | Promise<AttemptFailure | undefined>;

/** A word of a dialect, and no prose, which may quote the prompt. */
const ERROR_WORD = /^[\w.-]{1,64}$/;

const errorPartFailure = (
  { kind, message, failure }: Extract<StreamPart, { type: 'error' }>,
  { swapGroup }: Tier,
): AttemptFailure => {
  if (swapGroup !== undefined && message.includes(CUT_WORDS)) return EVICTED;
  if (failure) return failure;
  if (kind === 'malformed') return { kind: 'malformed', detail: 'the answer is not what its dialect allows' };
  return { kind: 'cut-off', detail: `the tier sent an error event${ERROR_WORD.test(kind) ? ` (${kind})` : ''}` };
};

const rejection = ({ verifier, code, detail }: ChainFinding): AttemptFailure => ({
  kind: 'rejected',
  verifier,
  code,
  detail: `${verifier}: ${detail}`,
});

/** One frame with its meaning, waiting for what a mender makes of it. */
interface Waiting {
  readonly raw: Uint8Array | undefined;
  readonly parts: readonly StreamPart[];
}

export class AnswerPipe {
  readonly #input: PipeInput;
  readonly #progress: AnswerProgress;
  readonly #chain: Chain;
  readonly #mender: Mender | undefined;
  readonly #said: Said | undefined;
  readonly #joint: Joint | undefined;
  #window: CommitWindow<Uint8Array>;
  #heldBytesBefore = 0;
  #speaker: Speaker;
  /** The tier's own bytes no longer leave: the caller is spoken to in parts. */
  #respoken: boolean;
  /** The names the caller knows the answer by, where they are not the router's. */
  #voice: Voice | undefined;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #waitingParts: StreamPart[] = [];
  /** What stood before the attempt has been taken over: it goes on from there. */
  #begun = false;

  constructor(input: PipeInput, progress: AnswerProgress) {
    const { candidate, clock, speaker, verify, mender, rescues, saves } = input;
    this.#input = input;
    this.#progress = progress;
    this.#chain = createChain({
      level: candidate.checks,
      context: verify,
      micros: () => clock.now() * 1000,
      off: input.verifiersOff,
    });
    this.#mender = mender;
    this.#said = mender || rescues.askAgain || rescues.resume ? new Said(input.bytesMax) : undefined;
    this.#window = this.#createWindow();
    this.#respoken = !speaker.sameDialect || saves !== undefined;
    this.#joint = saves && jointOf(saves);
    this.#voice = saves?.prior.voice;
    this.#speaker = speakStream(speaker);
  }

  /** True once the dialect's terminal marker was understood. */
  get sawEnd(): boolean {
    return this.#progress.saidAll === true;
  }

  get respoken(): boolean {
    return this.#respoken;
  }

  get heldBytesMax(): number {
    return Math.max(this.#heldBytesBefore, this.#window.heldBytesMax);
  }

  /** Whether every event must be understood because the answer may have to be mended or carried on. */
  get attentive(): boolean {
    return this.#said !== undefined;
  }

  verifierResults(): readonly VerifierResult[] {
    return this.#chain.results();
  }

  mends(): readonly MendNote[] {
    return this.#mender?.notes() ?? NO_NOTES;
  }

  /** What stands already when the attempt begins: judged and said once more, so that the rest joins on. */
  begin(leaving: Uint8Array[]): Outcome {
    const { saves } = this.#input;
    if (!saves) return undefined;
    this.#begun = true;
    const { parts, left } = saves.prior;
    for (const part of parts) {
      const finding = this.#chain.observe(part);
      // This tier may have to pass more checks than the one that said it.
      if (finding) return { ...rejection(finding), inherited: true };
      this.#said?.add(part);
    }
    this.#speaker = continueSpeaking(this.#input.speaker, parts.slice(0, left), this.#voice);
    this.#said?.noteLeft(left);
    return this.#say(undefined, parts.slice(left), leaving);
  }

  /** Takes one frame, or parts that no frame carried. What may leave is added to `leaving`. */
  take(raw: Uint8Array | undefined, parts: readonly StreamPart[], leaving: Uint8Array[]): Outcome {
    const joined = this.#joint ? this.#joint.join(parts) : parts;
    return this.#mender ? this.#takeMended(this.#mender, raw, joined, leaving) : this.#pass(raw, joined, leaving);
  }

  /** Passes on an event unread. */
  skim(raw: Uint8Array): Spoken {
    return this.#speaker.say(raw, undefined);
  }

  /** The pieces of `leaving` are on their way. */
  left(): void {
    this.#said?.noteReleased();
  }

  /** The answer is whole: the last verdict, then everything still held may leave. */
  conclude(
    leaving: Uint8Array[],
    speakLast: () => Spoken = () => this.#speaker.conclude(),
  ): AttemptFailure | undefined {
    const finding = this.#chain.finish({ usage: this.#progress.usage });
    const last = finding ? rejection(finding) : speakLast();
    if (isFailure(last)) return last;
    for (const piece of [...this.#window.release(), last]) if (piece.length > 0) leaving.push(piece);
    return undefined;
  }

  /** What a mender still looks at when the tier has nothing more to say. */
  flush(leaving: Uint8Array[]): Outcome {
    const rest = this.#mender?.flush() ?? NO_PARTS;
    if (rest.length === 0 && this.#waiting.length === 0) return undefined;
    return this.#leaveMender(rest, leaving);
  }

  /** An answer that came as one JSON document. */
  async whole(
    bytes: Uint8Array,
    parts: readonly StreamPart[],
    leaving: Uint8Array[],
  ): Promise<AttemptFailure | undefined> {
    const { speaker, saves } = this.#input;
    const joined = this.#joint ? this.#joint.join(parts) : parts;
    const mended = this.#mender
      ? [...joined.flatMap(this.#mender.mend, this.#mender), ...this.#mender.flush()]
      : joined;
    const failed = this.#judge(mended) ?? (await this.#waited());
    if (failed) return failed;
    const changed = this.#mender?.changed === true || saves !== undefined;
    if (changed) this.#respoken = true;
    const piece = changed
      ? saves && speaker.callerStreams
        ? this.#speaker.say(undefined, mended)
        : speakWhole({ ...speaker, sameDialect: false }, bytes, [...(saves?.prior.parts ?? NO_PARTS), ...mended])
      : speakWhole(speaker, bytes, mended);
    if (isFailure(piece)) return piece;
    this.#window.push(piece, piece.length, NO_PARTS);
    return this.conclude(leaving, () => NO_BYTES);
  }

  /** How the attempt can be saved, given why it failed; undefined where it cannot. */
  rescue(failure: AttemptFailure): Rescue | undefined {
    const { saves } = this.#input;
    // This call has added nothing: what it should have gone on from stands as it stood.
    if (saves && !this.#begun) return saves.kind === 'resume' ? saves : undefined;
    const said = this.#said;
    if (!said) return undefined;
    const { speaker, verify, rescues } = this.#input;
    const voice = this.#respoken ? (this.#voice ?? ownVoice(speaker)) : voiceOf(speaker, said.parts);
    return rescueOf(failure, said, { rescues, verify, voice: said.left > 0 ? voice : undefined });
  }

  #createWindow(): CommitWindow<Uint8Array> {
    const { candidate, speaker, bytesMax } = this.#input;
    // A caller that does not stream gets one document, so everything is held and counted until it is whole.
    return createCommitWindow(speaker.callerStreams ? candidate.hold : 'all', bytesMax);
  }

  /** Judges and speaks one frame. */
  #pass(raw: Uint8Array | undefined, parts: readonly StreamPart[], leaving: Uint8Array[]): Outcome {
    const failed = this.#judge(parts);
    if (failed) return failed;
    const wait = this.#chain.pending();
    return wait
      ? this.#waited().then((found) => found ?? this.#say(raw, parts, leaving))
      : this.#say(raw, parts, leaving);
  }

  /** Waits for what a verifier needs, within limits; returns what it then has to say. */
  async #waited(): Promise<AttemptFailure | undefined> {
    const wait = this.#chain.pending();
    if (!wait) return undefined;
    const { clock } = this.#input;
    const given = Promise.withResolvers<void>();
    const timer = clock.setTimeout(given.resolve, PATIENCE_MS);
    await Promise.race([wait, given.promise]);
    clock.clearTimeout(timer);
    const finding = this.#chain.settle();
    return finding && rejection(finding);
  }

  /** Learns from some parts and shows them to the verifiers; returns why to give up, if there is a reason. */
  #judge(parts: readonly StreamPart[]): AttemptFailure | undefined {
    const progress = this.#progress;
    for (const part of parts) {
      if (part.type === 'error') return errorPartFailure(part, this.#input.candidate.tier);
      if (part.type === 'usage') progress.usage = part.usage;
      else if (part.type === 'finish') progress.finished = true;
      else if (part.type === 'end') progress.saidAll = true;
      else progress.outputChars += partChars(part);
      if (progress.firstPartAt === undefined && part.type !== 'start') progress.firstPartAt = this.#input.clock.now();
      const finding = this.#chain.observe(part);
      if (finding) {
        // Some dialects end the last block and the answer in one event.
        if (parts.some(({ type }) => type === 'finish')) progress.saidAll = true;
        return rejection(finding);
      }
      this.#said?.add(part);
    }
    return undefined;
  }

  #say(raw: Uint8Array | undefined, parts: readonly StreamPart[], leaving: Uint8Array[]): AttemptFailure | undefined {
    const { speaker, bytesMax } = this.#input;
    const piece = this.#speaker.say(raw, parts);
    if (isFailure(piece)) return piece;
    const bytes = speaker.callerStreams ? piece.length : (raw?.length ?? 0);
    const step = this.#window.push(piece, bytes, parts);
    this.#said?.notePiece(step.released.length);
    for (const released of step.released) if (released.length > 0) leaving.push(released);
    return step.overflow ? { kind: 'overflow', detail: `more than ${bytesMax} bytes held back` } : undefined;
  }

  #takeMended(
    mender: Mender,
    raw: Uint8Array | undefined,
    parts: readonly StreamPart[],
    leaving: Uint8Array[],
  ): Outcome {
    const only = parts.length === 1 ? parts[0] : undefined;
    const handed = only ? mender.mend(only) : parts.flatMap(mender.mend, mender);
    if (this.#respoken) return this.#pass(raw, handed, leaving);
    if (mender.changed || (this.#waiting.length > 0 && !mender.holding)) {
      if (!mender.changed) this.#wait(raw, parts);
      return this.#leaveMender(handed, leaving);
    }
    if (!mender.holding) return this.#pass(raw, parts, leaving);
    this.#wait(raw, parts);
    for (const part of handed) this.#waitingParts.push(part);
    const { bytesMax } = this.#input;
    return this.#waitingBytes > bytesMax
      ? { kind: 'overflow', detail: `more than ${bytesMax} bytes held back` }
      : undefined;
  }

  #wait(raw: Uint8Array | undefined, parts: readonly StreamPart[]): void {
    this.#waiting.push({ raw, parts });
    this.#waitingBytes += raw?.length ?? 0;
  }

  /** What waited goes on: as it came if nothing was changed, else in the parts that the mender made of it. */
  #leaveMender(handed: readonly StreamPart[], leaving: Uint8Array[]): Outcome {
    const frames = this.#waiting.splice(0);
    const parts = [...this.#waitingParts, ...handed];
    this.#waitingParts = [];
    this.#waitingBytes = 0;
    if (this.#mender?.changed === true || this.#respoken) {
      const failed = this.#respeak(leaving);
      return failed ?? this.#pass(undefined, parts, leaving);
    }
    return this.#passAll(frames, leaving);
  }

  #passAll(frames: readonly Waiting[], leaving: Uint8Array[]): Outcome {
    for (const [index, { raw, parts }] of frames.entries()) {
      const outcome = this.#pass(raw, parts, leaving);
      if (outcome instanceof Promise)
        return outcome.then((failed) => failed ?? this.#passAll(frames.slice(index + 1), leaving));
      if (outcome) return outcome;
    }
    return undefined;
  }

  /**
   * From here on the caller is spoken to in parts. What has left stays; where nothing has, everything held is said anew,
   * so that one voice speaks the whole answer.
   */
  #respeak(leaving: Uint8Array[]): AttemptFailure | undefined {
    const said = this.#said;
    if (this.#respoken || !said) return undefined;
    if (!said.whole)
      return { kind: 'overflow', detail: 'more was said than is kept of an answer that is to be mended' };
    this.#respoken = true;
    const parts = said.parts;
    if (said.left > 0) {
      this.#voice = voiceOf(this.#input.speaker, parts);
      this.#speaker = continueSpeaking(this.#input.speaker, parts, this.#voice);
      return undefined;
    }
    said.noteLeft(0);
    leaving.length = 0;
    this.#heldBytesBefore = this.heldBytesMax;
    this.#window = this.#createWindow();
    this.#speaker = continueSpeaking(this.#input.speaker, NO_PARTS, undefined);
    return this.#say(undefined, parts, leaving);
  }
}
