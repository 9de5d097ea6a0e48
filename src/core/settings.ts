/** The resolved configuration as domain values: every default applied, every name checked. Built by `config`. */
import type { ErrorSettings } from '#core/error-table';
import type { RepairRung } from '#core/repair';
import type { HoldMode, Tier, Verdict } from '#core/tier';
import type { WorkClass } from '#core/work-class';

export interface Preset {
  /** The config's own spelling. */
  readonly name: string;
  /** Tier ids in cost order. */
  readonly tiers: readonly string[];
  /** Absent for a custom preset: no gate, no verification beyond the hold mode. */
  readonly workClass?: WorkClass;
}

export interface HoldSettings {
  /** Per verdict of the candidate (`deny` only when served unproven). */
  readonly byVerdict: Readonly<Record<Exclude<Verdict, 'deny'>, HoldMode>>;
  readonly cloud: HoldMode;
  /** Per work class; wins over the others for local tiers. */
  readonly byWorkClass: Readonly<Partial<Record<WorkClass, HoldMode>>>;
  /** Bytes held for one request before the attempt counts as `overflow`. */
  readonly bytesMax: number;
  /** Commit the 200 and start keepalives when nothing has left after this long; absent: never. */
  readonly keepaliveAfterMs?: number;
  /** Gap between keepalives. */
  readonly keepaliveEveryMs: number;
}

/** What is done about a broken answer before the next tier is asked, in order. */
export interface RepairSettings {
  readonly rungs: readonly RepairRung[];
  /** Per work class; wins over `rungs`. */
  readonly byWorkClass: Readonly<Partial<Record<WorkClass, readonly RepairRung[]>>>;
  /** Questions to the same tier per request. */
  readonly askAgainMax: number;
  /** Wall time of one such question, in milliseconds. */
  readonly askAgainMs: number;
}

export type ResumeMode = 'off' | 'text';

/** Whether another tier may carry on a text that broke off after it had begun to leave. */
export interface ResumeSettings {
  readonly mode: ResumeMode;
  /** Per work class; wins over `mode`. */
  readonly byWorkClass: Readonly<Partial<Record<WorkClass, ResumeMode>>>;
}

export interface VerifySettings {
  /** Names of verifiers that do not run. */
  readonly off: ReadonlySet<string>;
}

export interface BreakerSettings {
  /** Transport failures within the window that open a tier. */
  readonly availabilityFailures: number;
  /** Rejected answers within the window that open a (tier, work class). */
  readonly qualityFailures: number;
  readonly windowMs: number;
  /** Window of the rejected answers; absent: the same as `windowMs`. */
  readonly qualityWindowMs?: number;
  /** Open time before one probe is admitted; doubles per failed probe up to `cooldownMaxMs`. */
  readonly cooldownMs: number;
  readonly cooldownMaxMs: number;
  /** A probe that has not reported by then is given up. */
  readonly probeTimeoutMs: number;
}

export interface AttemptSettings {
  /** Upstream attempts per request. */
  readonly max: number;
  /** The last attempt goes to the last candidate of the plan. */
  readonly reserveLast: boolean;
  /** Wall time for all attempts of one request. */
  readonly totalMs: number;
}

export interface BudgetSettings {
  readonly sessionUsd?: number;
  readonly sessionTokens?: number;
  readonly dayUsd?: number;
  readonly dayTokens?: number;
  /** Caps of one request, set by its caller. */
  readonly requestUsd?: number;
  readonly requestTokens?: number;
}

export interface LimitSettings {
  readonly bodyBytesMax: number;
  readonly jsonDepthMax: number;
  readonly headerCountMax: number;
  /** Requests in flight, health exempt. */
  readonly concurrencyMax: number;
  /** Requests waiting for one tier. */
  readonly queueMax: number;
  readonly queueWaitMs: number;
  /** Sessions remembered for affinity and budgets. */
  readonly sessionsMax: number;
  readonly bodyReadMs: number;
  readonly drainMs: number;
}

export interface StoreSettings {
  /** SQLite file; absent: kept in memory only. */
  readonly path?: string;
  readonly ageMaxDays: number;
  readonly bytesMax: number;
}

export interface AccessToken {
  readonly name: string;
  /** NAME of the environment variable. */
  readonly env: string;
}

export interface ServerSettings {
  /** Empty: authentication off. */
  readonly tokens: readonly AccessToken[];
  readonly allowPublicWithoutAuth: boolean;
}

/** Who swaps the models of a group: a multiplexer in this process, or one elsewhere. */
export type SwapGroupSource =
  | {
      readonly kind: 'registry';
      /** The registry file; as seen from the working directory where the configuration was named so. */
      readonly path: string;
      /** Its servers run on when the router ends, and the next one takes them over; absent: they end with it. */
      readonly keepServes?: boolean;
    }
  | {
      readonly kind: 'url';
      /** Where the multiplexer listens, without a path and a slash at the end. */
      readonly url: string;
      /** NAME of the variable with its access token. */
      readonly authEnv?: string;
    };

/** Tiers whose models take turns on the same GPUs. */
export interface SwapGroup {
  /** As `swap_group` of its tiers has it. */
  readonly name: string;
  readonly source: SwapGroupSource;
  /** Streaming callers get the head and keepalives when a model has been waited for so long. */
  readonly keepaliveAfterMs: number;
}

export interface Settings {
  readonly mappingVersion: string;
  /** SHA-256 hex (first 16) of the file's bytes. */
  readonly digest: string;
  /** Absolute path of the file, for messages; absent for built-in configurations. */
  readonly path?: string;
  readonly mode?: 'agentic' | 'flexibility';
  readonly tiers: readonly Tier[];
  readonly tierById: ReadonlyMap<string, Tier>;
  /** Declared groups only: tiers may name others, of which nothing is known. */
  readonly swapGroups: readonly SwapGroup[];
  /** Keyed by lower-case name. */
  readonly presets: ReadonlyMap<string, Preset>;
  /** Exact aliases, lower-case name to tier id. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly meteredClasses: ReadonlySet<WorkClass>;
  /** What failures are told otherwise than the error table has it; `exhaustion_status` is one such rule. */
  readonly errors: ErrorSettings;
  /** As the file says; absent when it says nothing. */
  readonly verifyLocalMin?: boolean;
  readonly whenUnproven: 'refuse' | 'verify';
  readonly responseModel: 'echo' | 'served';
  /** Where unknown names go: a preset by its lower-case name, or `refuse` for a 404; absent: the request decides. */
  readonly unknownModel?: string;
  /** False: what a harness says a request is for is recorded, but does not route. Absent counts as true. */
  readonly requestClassHints?: boolean;
  readonly costSync: boolean;
  readonly profilePath?: string;
  readonly hold: HoldSettings;
  readonly verify: VerifySettings;
  readonly repair: RepairSettings;
  readonly resume: ResumeSettings;
  readonly breaker: BreakerSettings;
  readonly attempts: AttemptSettings;
  readonly budgets: BudgetSettings;
  readonly limits: LimitSettings;
  readonly store: StoreSettings;
  readonly server: ServerSettings;
}

/** Something worth telling the operator at load; never fatal. */
export interface SettingsWarning {
  readonly key: string;
  readonly line?: number;
  readonly message: string;
}
