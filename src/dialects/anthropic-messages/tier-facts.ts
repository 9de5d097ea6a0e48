/** What does this Messages tier take? Facts about Claude generations and about local servers of the same dialect. */
import type { Tier } from '#core/tier';

export interface MessagesTierFacts {
  /** Thinking is asked for as `adaptive` with an effort; otherwise as a token budget. */
  readonly adaptiveThinking: boolean;
  /** temperature, top_p and top_k may be set. */
  readonly sampling: boolean;
  /** Anthropic checks thinking signatures and takes only its own. */
  readonly checksSignatures: boolean;
  /** Runs server tools, defers tools, and knows the blocks that tell of both. */
  readonly serverTools: boolean;
  /** Output cap when neither the caller nor the tier has any: Messages requires one. */
  readonly unaskedOutputTokens: number;
  /** `role: "system"` may occur among the messages. */
  readonly midSystem: boolean;
}

const CLAUDE_VERSION = /claude-[a-z]+-(\d{1,2})(?:-(\d{1,2}))?(?![\d])/;

/** 4.6 as 406; 0 for names before Claude 4 and for models that are no Claude. */
const generationOf = (model: string): number => {
  const [, major, minor = '0'] = CLAUDE_VERSION.exec(model) ?? [];
  return major === undefined ? 0 : 100 * Number(major) + Number(minor);
};

/** From 4.6 on budgets give way to adaptive thinking. */
const ADAPTIVE_SINCE = 406;
/** From 4.7 on sampling fields and budgets are answered with 400. */
const NO_SAMPLING_SINCE = 407;

/** Room for a turn of an agent that writes whole files; what Claude Code asks for, and every Claude from 4 on can give. */
export const UNASKED_OUTPUT_TOKENS = 32_000;

/** Models before Claude 4 answer 400 to more than this. */
const OLD_CLAUDE = /claude-(?:2|3|instant)/;
const OLD_OUTPUT_TOKENS = 4_096;

export const messagesTierFacts = (tier: Tier, model: string): MessagesTierFacts => {
  const generation = generationOf(model);
  const local = tier.privacy === 'local';
  return {
    adaptiveThinking: generation >= ADAPTIVE_SINCE,
    sampling: generation < NO_SAMPLING_SINCE,
    checksSignatures: !local,
    unaskedOutputTokens: OLD_CLAUDE.test(model) ? OLD_OUTPUT_TOKENS : UNASKED_OUTPUT_TOKENS,
    serverTools: !local,
    midSystem: !local,
  };
};
