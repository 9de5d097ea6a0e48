/** Which failures are shown to real clients, and how is the router configured so that each is the one that happens? */

/** Each is one row of the error table, told in the head of the reply or, for the last two, after bytes have left. */
export const FAILURES = ['overflow', 'budget', 'caller-error', 'in-stream', 'broken'] as const;
export type FailureName = (typeof FAILURES)[number];

/** How long a client is watched from its first request on. */
export const FAILURE_MS_MAX = 15_000;

/** The router's configuration where it is not the common one. */
export interface Circumstances {
  /** Window of both tiers, in tokens; clients still believe in the common one. */
  readonly contextTokens?: number;
  /** Of both tiers; local ones where absent. */
  readonly privacy?: 'local' | 'cloud';
  /** Lines of both tiers. */
  readonly tier?: string;
  /** Lines of `[router]`. */
  readonly router?: string;
  /** Whole tables. */
  readonly tables?: string;
  /** Both tiers take turns on one GPU, and only the fast one is asked; its model takes so long to load. */
  readonly gpu?: { readonly loadMs: number };
}

export const CIRCUMSTANCES: Readonly<Record<FailureName, Circumstances>> = {
  overflow: { contextTokens: 1_024 },
  budget: {
    privacy: 'cloud',
    router: 'metered_cloud = ["chat", "quick-edit", "multi-file-refactor", "planning", "review", "long-context"]\n',
    tables: '\n[router.budgets]\nday_tokens = 1\n',
  },
  'caller-error': {},
  'in-stream': { tables: '\n[router.hold]\nkeepalive_after_seconds = 1\nkeepalive_every_seconds = 1\n' },
  broken: { tables: '\n[router.hold]\nallow = "none"\nallow-with-verify = "none"\n' },
};

/** Far above the small window in any tokenizer; the programs of the SDKs add next to nothing to it. */
const LONG_PROMPT = `Say hello to the harness, in one sentence. ${'The anvil stands in the yard behind the forge. '.repeat(300)}`;

export const promptOfFailure = (name: FailureName): string =>
  name === 'overflow' ? LONG_PROMPT : 'Say hello to the harness, in one sentence.';

export const isFailureName = (name: string): name is FailureName => FAILURES.some((failure) => failure === name);
