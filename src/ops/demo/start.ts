/** How is the demo brought up? Two scripted tiers on loopback and the configuration that routes between them. */

import { goodAnswer, shortAnswer } from '#ops/demo/answers';
import { demoConfig, FAST_CONTEXT_TOKENS, HEAVY_CONTEXT_TOKENS } from '#ops/demo/config';
import { createFastBehaviour } from '#ops/demo/failures';
import { demoHandler, type Pace } from '#ops/demo/tier';
import type { Effects } from '#platform/effects';
import type { Listen, Listener } from '#platform/listen';

export interface DemoTiers {
  /** TOML of the router's configuration for these two tiers. */
  readonly config: string;
  readonly fastUrl: string;
  readonly heavyUrl: string;
  /** Closes both listeners and every connection. Safe to call twice. */
  stop(): Promise<void>;
}

export interface DemoOptions extends Pick<Effects, 'clock' | 'id'> {
  readonly listen: Listen;
  /** Absent: brisk for demo-fast, thoughtful for demo-heavy. */
  readonly pace?: { readonly fast: Pace; readonly heavy: Pace };
}

const PACE = {
  fast: { firstTokenMs: 20, tokenMs: 4 },
  heavy: { firstTokenMs: 120, tokenMs: 12 },
} as const;

/** Starts both tiers on ports of the system's choice. Throws when loopback cannot be listened on. */
export const startDemoTiers = (options: DemoOptions): DemoTiers => {
  const { clock, id, listen } = options;
  const pace = options.pace ?? PACE;
  const fast = listen(
    demoHandler({
      name: 'demo-fast',
      contextTokens: FAST_CONTEXT_TOKENS,
      pace: pace.fast,
      behave: createFastBehaviour(shortAnswer),
      clock,
      id,
    }),
  );
  let heavy: Listener;
  try {
    heavy = listen(
      demoHandler({
        name: 'demo-heavy',
        contextTokens: HEAVY_CONTEXT_TOKENS,
        pace: pace.heavy,
        behave: (request) => ({ kind: 'answer', answer: goodAnswer(request) }),
        clock,
        id,
      }),
    );
  } catch (error) {
    void fast.stop();
    throw error;
  }
  const addresses = { fastUrl: fast.url, heavyUrl: heavy.url };
  return {
    ...addresses,
    config: demoConfig(addresses),
    stop: async () => {
      await Promise.all([fast.stop(), heavy.stop()]);
    },
  };
};
