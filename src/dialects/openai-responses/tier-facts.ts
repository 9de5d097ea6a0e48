/** What does this Responses tier take beyond the common core? Facts about servers that refuse or lose a field. */
import type { Tier } from '#core/tier';

export interface ResponsesTierFacts {
  /** `reasoning` may be sent. */
  readonly reasoning: boolean;
  /** The model reasons even unasked, so that its reasoning has to be asked for as a payload to send back. */
  readonly alwaysReasons: boolean;
  /** temperature and top_p may be set. */
  readonly sampling: boolean;
  readonly topK: boolean;
  /** Reasoning items are taken with the service's own payload only; any other one is looked up by id, and not found. */
  readonly checksProofs: boolean;
  /** Runs tools of its own (web search and the like), and knows the dialect's own forms of tools; local servers know neither. */
  readonly ownTools: boolean;
  /** A system or developer message may follow the first user message. */
  readonly midSystem: boolean;
  /** Smallest output cap that is accepted, in tokens. */
  readonly capTokensMin: number;
}

const HOST = /^https?:\/\/([^/:?#]+)/i;

/** Models of OpenAI's own service that reason; they refuse temperature and top_p, and the others refuse `reasoning`. */
const OPENAI_REASONING = /^(?:o[1-9]|gpt-[5-9]|codex)/;

/** OpenAI answers 400 to anything below. */
const OPENAI_CAP_TOKENS_MIN = 16;

/**
 * - OpenAI's own service (and Azure's) checks everything it gets: fields, ids and reasoning payloads.
 * - Other clouds differ too much to guess: they get `reasoning` and `top_k` when the tier's `forward` names them.
 * - Local servers ignore fields they do not know, but their chat templates may refuse a later system message.
 */
export const responsesTierFacts = (tier: Tier, model: string): ResponsesTierFacts => {
  const [, host = ''] = HOST.exec(tier.baseUrl) ?? [];
  const local = tier.privacy === 'local';
  const openai = host === 'api.openai.com' || host.endsWith('.openai.azure.com');
  const reasons = openai && OPENAI_REASONING.test(model);
  return {
    reasoning: (openai ? reasons : local) || tier.forward.includes('reasoning'),
    alwaysReasons: reasons,
    sampling: !reasons || tier.forward.includes('temperature'),
    topK: (local && !openai) || tier.forward.includes('top_k'),
    checksProofs: openai,
    ownTools: !local,
    midSystem: !local,
    capTokensMin: openai ? OPENAI_CAP_TOKENS_MIN : 1,
  };
};
