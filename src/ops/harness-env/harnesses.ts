/** Which harnesses can be configured, and by which recipe? */
import { claudeCode, codex, openclaw, opencode, pi } from '#ops/harness-env/agents';
import type { HarnessFacts } from '#ops/harness-env/facts';
import type { HarnessPlan } from '#ops/harness-env/plan';
import { aider, cline, continueCli, qwenCode } from '#ops/harness-env/tools';

export const HARNESSES = {
  'claude-code': claudeCode,
  codex,
  pi,
  opencode,
  openclaw,
  cline,
  continue: continueCli,
  qwen: qwenCode,
  aider,
} as const satisfies Readonly<Record<string, (facts: HarnessFacts) => HarnessPlan>>;

export type HarnessName = keyof typeof HARNESSES;
export const HARNESS_NAMES = Object.keys(HARNESSES) as HarnessName[];
