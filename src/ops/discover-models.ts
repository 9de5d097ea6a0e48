/** What is known of a discovered model, how large is it, can it hold a conversation, and which ones become tiers? */

export type EngineName = 'ollama' | 'lm-studio' | 'llama.cpp' | 'vllm' | 'sglang' | 'openai-compatible';

export interface FoundModel {
  /** As the engine wants to be asked for it. */
  readonly id: string;
  /** Billions of parameters, the inactive ones of a mixture included; absent when nothing tells. */
  readonly billions?: number;
  /** Tokens the engine really serves now. */
  readonly contextServed?: number;
  /** Tokens the model was made for; the engine may serve fewer. */
  readonly contextTrained?: number;
  /** In memory now; absent when the engine does not say. */
  readonly loaded?: boolean;
  /** Absent: the engine does not say. */
  readonly tools?: boolean;
  readonly vision?: boolean;
  readonly quantization?: string;
}

export interface SkippedModel {
  readonly id: string;
  readonly reason: string;
}

/** What a port turned out to be. Ports where nothing answers are not reported. */
export type Found =
  | {
      readonly outcome: 'engine';
      /** `http://127.0.0.1:<port>` */
      readonly origin: string;
      readonly engine: EngineName;
      /** What gave the engine away. */
      readonly evidence: string;
      /** Models that can hold a conversation, as listed. */
      readonly models: readonly FoundModel[];
      readonly skipped: readonly SkippedModel[];
    }
  | {
      /**
       * `anvil`: another router of this kind. `gateway`: lists several models of unknown origin. `locked`: wants a key.
       * `silent`: accepts connections but does not answer in time. `not-ready`: says that it is loading.
       * `other`: some other server.
       */
      readonly outcome: 'anvil' | 'gateway' | 'locked' | 'silent' | 'not-ready' | 'other';
      readonly origin: string;
      readonly detail: string;
    };

export type FoundEngine = Extract<Found, { outcome: 'engine' }>;

/** What a size is taken for when nothing tells: a common middle. */
export const BILLIONS_ASSUMED = 8;

/**
 * Billions of parameters as names tell them: `8b`, `0.5b`, `270m`, `8x7b`. Active parameters (`a3b`) and quantisation
 * (`4bit`, `q8_0`) are not sizes.
 */
export const billionsInName = (name: string): number | undefined => {
  const mixture = /(?:^|[^a-z0-9.])(\d{1,3})x(\d{1,4}(?:\.\d+)?)b(?![a-z0-9])/i.exec(name);
  if (mixture !== null) return Number(mixture[1]) * Number(mixture[2]);
  const plain = /(?:^|[^a-z0-9.])(\d{1,4}(?:\.\d+)?)([bm])(?![a-z0-9])/i.exec(name);
  if (plain === null) return undefined;
  return plain[2]?.toLowerCase() === 'm' ? Number(plain[1]) / 1000 : Number(plain[1]);
};

const NOT_FOR_CHAT: readonly (readonly [RegExp, string])[] = [
  [/embed|minilm|(^|[-_/:])(bge|gte|e5)[-_]/i, 'embeddings'],
  [/rerank/i, 'reranker'],
  [/whisper|(^|[-_/:])(tts|asr)([-_/:]|$)/i, 'speech'],
  [/guard|moderation/i, 'moderation'],
];

/** Why a model cannot answer a chat, judged by its name; undefined when nothing speaks against it. */
export const unfitByName = (id: string): string | undefined => NOT_FOR_CHAT.find(([pattern]) => pattern.test(id))?.[1];

export const sizeOf = (model: FoundModel): number => model.billions ?? BILLIONS_ASSUMED;

/** Smallest size that is trusted with a coding harness when there is a choice. */
const FAST_BILLIONS_MIN = 3;
/** A fast model that is nearly as large as the heavy one would only take its memory. */
const FAST_SHARE_MAX = 0.67;

/** Smaller first; of two equal ones the loaded one first; else as listed. */
export const bySize = (a: FoundModel, b: FoundModel): number =>
  sizeOf(a) - sizeOf(b) || Number(b.loaded === true) - Number(a.loaded === true);

/**
 * At most two models of one endpoint, small before large. The heavy one is the largest. The fast one is the smallest of
 * at least 3 billion parameters that is no larger than two thirds of the heavy one; failing that, the largest below 3.
 */
export const pickModels = (models: readonly FoundModel[]): readonly FoundModel[] => {
  const sorted = models.toSorted(bySize);
  const largest = sorted.at(-1);
  if (largest === undefined) return [];
  const heavy = sorted.find((model) => sizeOf(model) === sizeOf(largest)) ?? largest;
  const lighter = sorted.filter((model) => sizeOf(model) <= sizeOf(heavy) * FAST_SHARE_MAX);
  const fast = lighter.find((model) => sizeOf(model) >= FAST_BILLIONS_MIN) ?? lighter.at(-1);
  return fast === undefined ? [heavy] : [fast, heavy];
};
