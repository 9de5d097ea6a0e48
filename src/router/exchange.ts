/** What one request carries through the router, and what the router lends it. */
import type { DecisionRecord } from '#core/decision';
import type { Dialect } from '#core/dialect';
import type { HarnessSignals } from '#core/harness-signals';
import type { DialectName, ModelRequest } from '#core/message';
import type { Hint } from '#core/plan';
import type { Profile } from '#core/profile';
import type { SlotSource } from '#core/residency';
import type { SessionMark } from '#core/session';
import type { Settings } from '#core/settings';
import type { Syntax } from '#core/syntax';
import type { SchemaCheck } from '#core/verifier';
import type { Actors } from '#platform/actors';
import type { Clock, FetchSession } from '#platform/effects';
import type { Admission } from '#router/admission';
import type { Breakers } from '#router/breakers';
import type { Memory } from '#router/memory';
import type { Presence } from '#upstream/presence';

/** One caller's request, read and accepted. */
export interface Exchange {
  /** Decision id, `dec_` and 24 letters. */
  readonly id: string;
  readonly route: string;
  readonly caller: Dialect;
  readonly request: ModelRequest;
  /** Fires when the caller hangs up. */
  readonly signal: AbortSignal;
  /** Clock milliseconds and epoch milliseconds of arrival. */
  readonly arrivedAt: number;
  readonly arrivedWall: number;
  /** Name of the access token used, if any. */
  readonly token: string | undefined;
  readonly session: SessionMark | undefined;
  /** Who asks, and what the request is for. */
  readonly signals?: HarnessSignals;
  /** What became of limits asked for in headers; those that speak of the intent are in the plan. */
  readonly hints?: readonly Hint[];
}

/** One configuration in force; requests keep the generation they started with. */
export interface Generation {
  readonly settings: Settings;
  readonly profile: Profile;
  /** Key per tier id; absent where the tier needs none. */
  readonly keys: ReadonlyMap<string, string>;
  readonly sessions: ReadonlyMap<string, FetchSession>;
}

/** What the router lends to every request. */
export interface Runtime {
  readonly clock: Clock;
  readonly actors: Actors;
  readonly breakers: Breakers;
  readonly admission: Admission;
  readonly dialects: Readonly<Record<DialectName, Dialect>>;
  readonly memory: Pick<Memory, 'answerTokens' | 'reserve' | 'capReached' | 'estimator' | 'prefix'>;
  readonly compileSchema: (schema: Readonly<Record<string, unknown>>) => SchemaCheck | undefined;
  readonly syntax?: Syntax | undefined;
  readonly presence: Presence;
  /** Lends models that share a GPU; absent: nothing is known of any. */
  readonly slots?: SlotSource | undefined;
  /** Hears of every attempt that a tier refused for want of a valid key. */
  readonly onUnauthorized: (tierId: string) => void;
  /** Hears of a bug: the request ended in an internal error. */
  readonly onBug: (decisionId: string, error: unknown) => void;
  /** Takes the finished record. Must not throw. */
  readonly onRecord: (record: DecisionRecord, exchange: Exchange, generation: Generation) => void;
}
