/** The decision record: everything about one request except its content. Metadata only; never text, never keys. */
import type { AttemptFailureKind, FailureKind } from '#core/failure';
import type { Harness } from '#core/harness-table';
import type { DialectName, Usage } from '#core/message';
import type { Exclusion, Hint, IntentSource } from '#core/plan';
import type { MendNote } from '#core/repair';
import type { RequestClass } from '#core/request-class';
import type { SlotLease, SlotRefusalKind } from '#core/slot-lease';
import type { HoldMode, Privacy, Verdict } from '#core/tier';
import type { VerifierResult } from '#core/verifier';
import type { WorkClass } from '#core/work-class';

export type AttemptOutcome =
  | 'served'
  | 'rejected'
  | 'error'
  | 'overflow'
  | 'skipped-breaker'
  | 'skipped-busy'
  | 'skipped-window'
  | 'skipped-unavailable'
  | 'skipped-budget'
  /** Its dialect cannot carry a field without which the answer would be another one. */
  | 'skipped-translation'
  /** It cannot go on with the answer that stands. */
  | 'skipped-rescue'
  | 'broken'
  | 'cancelled';

/** How an attempt came by its model, where models share a GPU. */
export interface SlotRecord {
  /** As the registry calls it. */
  readonly model: string;
  /** What had to happen first; absent when it was refused the model. */
  readonly needed?: SlotLease['needed'];
  readonly waitedMs: number;
  /** Its multiplexer is elsewhere: the wait lies within the attempt's time instead of before it. */
  readonly elsewhere?: true;
  /**
   * Set when it was refused the model: such an attempt is `skipped-busy`, with the refusal's message as its detail; one
   * that a multiplexer elsewhere refuses has been made, and failed as busy.
   */
  readonly refused?: SlotRefusalKind;
  /** Its answer was ended because another model had waited too long for the room. */
  readonly cut?: true;
}

export interface AttemptRecord {
  readonly tier: string;
  readonly model: string;
  readonly privacy: Privacy;
  readonly verdict: Verdict;
  readonly hold: HoldMode;
  readonly outcome: AttemptOutcome;
  readonly failure?: AttemptFailureKind;
  /** Content-free. */
  readonly detail?: string;
  readonly upstreamStatus?: number;
  readonly verifiers: readonly VerifierResult[];
  /** Milliseconds since the request arrived. */
  readonly startedMs: number;
  readonly headersMs?: number;
  readonly firstPartMs?: number;
  readonly endedMs: number;
  readonly usage?: Usage;
  readonly costUsd: number;
  /** Request fields this tier's dialect could not carry, and as `answer.…` what the caller's could not of its answer. */
  readonly losses?: readonly string[];
  /** What was changed in the prompt's beginning for the sake of the engine's prefix cache. */
  readonly prefix?: PrefixRecord;
  readonly bytesHeldMax: number;
  /** What was repaired in its answer without asking anybody. */
  readonly mends?: readonly MendNote[];
  /** It was a question for one failed block of the attempt before it, or the continuation of a text that broke off. */
  readonly role?: 'ask-again' | 'resume';
  /** With a role: characters of the answer before it that it goes on behind. */
  readonly keptChars?: number;
  /** Its wait for the model, over before `startedMs`; absent on tiers that share no GPU, or lease from elsewhere. */
  readonly slot?: SlotRecord;
  /** Set when proof stopped the answer before its end. */
  readonly stopped?: StoppedRecord;
}

/** What an early stop cost and spared. */
export interface StoppedRecord {
  /** Characters of model output when the proof came. */
  readonly atChars: number;
  /** Output tokens generated until then: counted by the tier, else estimated. */
  readonly spentTokens: number;
  /**
   * Output tokens that finished answers of the tier and the class have on average beyond that; absent before there are
   * any. A mean: an answer that was about to end is credited like one that was to go on and on.
   */
  readonly savedTokensEstimated?: number;
}

/** Rule names and counts, never text. */
export interface PrefixRecord {
  readonly spans: readonly { readonly rule: string; readonly count: number }[];
  /** Notes in the conversation that restate what was moved; earlier ones included. */
  readonly notes: number;
}

/** How the request ended, as the request machine's final state. */
export type RequestOutcome = 'finished' | 'refused' | 'exhausted' | 'broken' | 'cancelled';

export interface DecisionRecord {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly route: string;
  readonly dialect: DialectName;
  readonly modelAsked: string;
  readonly stream: boolean;
  /** Name of the access token, never its value. */
  readonly token?: string;
  /** Salted or caller-given session id. */
  readonly session?: string;
  /** The program that asked, as far as its marks tell. */
  readonly harness?: Harness;
  /** What the harness says the request is for. */
  readonly requestClass?: RequestClass;
  /** Wishes beside the model name, taken or not. */
  readonly hints?: readonly Hint[];
  readonly intent?: {
    readonly source: IntentSource;
    readonly preset?: string;
    readonly workClass?: WorkClass;
    readonly gateClass?: WorkClass;
    readonly inferredClass: WorkClass;
    readonly confidence: number;
    readonly ambiguous: boolean;
    readonly evidence: readonly string[];
    readonly note?: string;
  };
  readonly promptTokensEstimated?: number;
  readonly candidates: readonly {
    readonly tier: string;
    readonly verdict: Verdict;
    readonly hold: HoldMode;
    readonly why: readonly string[];
  }[];
  readonly exclusions: readonly Exclusion[];
  readonly unproven: boolean;
  readonly attempts: readonly AttemptRecord[];
  readonly outcome: RequestOutcome;
  readonly status: number;
  readonly failure?: FailureKind;
  /** Operator's view of the failure; content-free. */
  readonly detail?: string;
  readonly servedTier?: string;
  readonly servedModel?: string;
  readonly usage?: Usage;
  /** All attempts, each at its own tier's prices. */
  readonly costUsd: number;
  /** Milliseconds since arrival. */
  readonly stages: {
    readonly decidedMs?: number;
    readonly firstByteMs?: number;
    readonly endedMs: number;
  };
  readonly mapping: string;
  readonly config: string;
  readonly mode?: string;
}
