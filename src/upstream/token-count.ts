/** How many tokens does an engine itself count for a prompt? Asked of local engines that can tell, within a moment. */
import { joinBytes } from '#core/bytes';
import type { JsonObject } from '#core/message';
import type { Tier } from '#core/tier';
import type { Clock, FetchSession } from '#platform/effects';

export interface CountAsk {
  readonly tier: Tier;
  readonly session: FetchSession;
  /** Auth headers of the tier. */
  readonly headers: Readonly<Record<string, string>>;
  /** Characters of the prompt: text, tools and all. */
  readonly chars: number;
  /** The prompt as a Chat Completions body for this tier; built only if the tier is asked. */
  readonly chat: () => JsonObject;
}

export interface TokenCounter {
  /**
   * Tokens of the prompt by the engine's own template and tokenizer; undefined when it has no way to tell, is busy with
   * other counts, does not answer at once, or answers nonsense, and for prompts too long to be counted in a moment.
   * Rejects only where `chat` throws.
   */
  count(ask: CountAsk): Promise<number | undefined>;
}

/** A count is only worth a moment: an estimate is at hand. */
const DEADLINE_MS = 250;
/** Tokenizers take about four million characters a second, and go on when nobody waits any more. */
const PROMPT_CHARS_MAX = 1_000_000;
/** No tokenizer makes more of a character, its bytes at worst, and no template adds more: a larger count is nonsense. */
const TOKENS_PER_CHAR_MAX = 8;
const TEMPLATE_TOKENS_MAX = 65_536;
/** Harnesses ask for dozens of counts at once; the engine has answers to generate. */
const IN_FLIGHT_MAX = 4;
/** Token lists are long: about eight characters per token, a million tokens at most. */
const REPLY_BYTES_MAX = 8 * 1024 * 1024;
/** An engine that cannot count is asked again after this long; one that could before, or failed to answer, sooner. */
const UNABLE_MS = 10 * 60_000;
const FAILED_MS = 30_000;

/**
 * `chat`: `POST /tokenize` takes messages and applies the template (vLLM). `template`: `POST /apply-template` makes one
 * text of them, and `/tokenize` counts it (llama.cpp).
 */
type Way = 'chat' | 'template';
const BOTH_WAYS: readonly Way[] = ['chat', 'template'];

interface Known {
  readonly fingerprint: string;
  way: Way | undefined;
  quietUntil: number;
  inFlight: number;
}

const rootOf = (baseUrl: string): string => baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '');

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const readCapped = async (response: Response): Promise<Uint8Array> => {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  for (let size = 0; reader !== undefined; ) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > REPLY_BYTES_MAX) {
      await reader.cancel();
      break;
    }
    chunks.push(value);
  }
  return joinBytes(chunks);
};

type Post = (path: string, body: JsonObject) => Promise<JsonObject>;

/** Loading, overloaded or broken: says nothing about what the engine can do. 501 does. */
const isPassing = (status: number): boolean => status === 429 || (status >= 500 && status !== 501);

/**
 * A reply that is no JSON object, or a refusal, reads as an empty one: the engine does not have this way. Rejects where
 * the engine is not there, or not in a state to tell.
 */
const poster =
  ({ tier, session, headers }: CountAsk, signal: AbortSignal): Post =>
  async (path, body) => {
    const response = await session.fetch(rootOf(tier.baseUrl) + path, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal,
    });
    const bytes = await readCapped(response);
    if (isPassing(response.status)) throw new Error(`status ${response.status}`);
    if (!response.ok) return {};
    try {
      const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
      return isObject(value) ? value : {};
    } catch {
      return {};
    }
  };

const positive = (count: unknown): number | undefined =>
  typeof count === 'number' && Number.isInteger(count) && count > 0 ? count : undefined;

const WAYS: Readonly<Record<Way, (post: Post, chat: JsonObject) => Promise<number | undefined>>> = {
  chat: async (post, { model, messages, tools }) => {
    const reply = await post('/tokenize', {
      model,
      messages,
      ...(tools === undefined ? {} : { tools }),
      add_generation_prompt: true,
    });
    return positive(reply.count);
  },
  template: async (post, { messages, tools }) => {
    const { prompt } = await post('/apply-template', { messages, ...(tools === undefined ? {} : { tools }) });
    if (typeof prompt !== 'string') return undefined;
    const { tokens } = await post('/tokenize', { content: prompt, add_special: true, parse_special: true });
    return Array.isArray(tokens) ? positive(tokens.length) : undefined;
  },
};

interface Answer {
  readonly way: Way;
  readonly count: number;
}

const firstAnswer = async (
  ways: readonly Way[],
  post: Post,
  chat: JsonObject,
  tokensMax: number,
): Promise<Answer | undefined> => {
  for (const way of ways) {
    const count = await WAYS[way](post, chat);
    if (count !== undefined && count <= tokensMax) return { way, count };
  }
  return undefined;
};

/** Remembers per tier whether and how it counts; bounded by the configuration. A changed fingerprint starts over. */
export const createTokenCounter = (clock: Clock): TokenCounter => {
  const tiers = new Map<string, Known>();

  const knownOf = ({ id, fingerprint }: Tier): Known => {
    const found = tiers.get(id);
    if (found?.fingerprint === fingerprint) return found;
    const fresh: Known = { fingerprint, way: undefined, quietUntil: 0, inFlight: 0 };
    tiers.set(id, fresh);
    return fresh;
  };

  const quiet = (known: Known, ms: number): void => {
    known.quietUntil = clock.now() + ms;
  };

  const ask = async (known: Known, wanted: CountAsk): Promise<number | undefined> => {
    const chat = wanted.chat();
    const aborting = new AbortController();
    const timer = clock.setTimeout(() => aborting.abort(), DEADLINE_MS);
    try {
      const ways = known.way === undefined ? BOTH_WAYS : [known.way];
      const tokensMax = TOKENS_PER_CHAR_MAX * wanted.chars + TEMPLATE_TOKENS_MAX;
      const answer = await firstAnswer(ways, poster(wanted, aborting.signal), chat, tokensMax);
      // One that counted before may have refused no more than this prompt, or be another engine by now.
      if (answer === undefined) quiet(known, known.way === undefined ? UNABLE_MS : FAILED_MS);
      known.way = answer?.way;
      return answer?.count;
    } catch {
      quiet(known, FAILED_MS);
      return undefined;
    } finally {
      clock.clearTimeout(timer);
    }
  };

  return {
    async count(wanted) {
      const { tier, chars } = wanted;
      // A cloud provider charges or limits such calls, and asking for a model that is swapped out would load it.
      if (tier.privacy !== 'local' || tier.swapGroup !== undefined || chars > PROMPT_CHARS_MAX) return undefined;
      const known = knownOf(tier);
      if (known.inFlight >= IN_FLIGHT_MAX || clock.now() < known.quietUntil) return undefined;
      known.inFlight += 1;
      try {
        return await ask(known, wanted);
      } finally {
        known.inFlight -= 1;
      }
    },
  };
};
