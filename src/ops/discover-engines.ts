/** Which engine answers at an address, by what it says of itself, and what does it tell about its models? */
import type { JsonObject } from '#core/message';
import type { Prober } from '#ops/discover-http';
import { nameOf, objectOf, objectsOf, positiveOf, tokensOf, wordsOf } from '#ops/discover-json';
import { billionsInName, type EngineName, type FoundModel, type SkippedModel, unfitByName } from '#ops/discover-models';

/** Models of one server that are asked for details one by one. */
const DETAILS_MAX = 12;
const NOT_ASKED = `not asked: more than ${DETAILS_MAX} models`;

export interface Identified {
  readonly engine: EngineName;
  readonly evidence: string;
  readonly models: readonly FoundModel[];
  readonly skipped: readonly SkippedModel[];
}

/** Fields that are known, the others left out. */
const known = <Fields extends object>(fields: Fields): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;

const answerOf = async (prober: Prober, url: string, body?: unknown): Promise<JsonObject> => {
  const reply = await prober.ask(url, body);
  return reply.kind === 'json' && reply.status === 200 ? objectOf(reply.value) : {};
};

/** Splits a listing into models for chat and skipped ones, with a reading of each entry. */
const sorted = (
  entries: readonly JsonObject[],
  idOf: (entry: JsonObject) => string | undefined,
  read: (entry: JsonObject, id: string) => FoundModel | string,
): { models: FoundModel[]; skipped: SkippedModel[] } => {
  const models: FoundModel[] = [];
  const skipped: SkippedModel[] = [];
  for (const entry of entries) {
    const id = idOf(entry);
    if (id === undefined) continue;
    const model = unfitByName(id) ?? read(entry, id);
    if (typeof model === 'string') skipped.push({ id, reason: model });
    else models.push(model);
  }
  return { models, skipped };
};

const idOf = (entry: JsonObject): string | undefined => nameOf(entry.id);

/**
 * vLLM and SGLang: `owned_by` is their own name and `max_model_len` the window they serve (`ModelCard` in
 * vllm/entrypoints/openai/protocol.py and sglang/srt/entrypoints/openai/protocol.py). `parent` marks a LoRA adapter.
 */
const cardsOf = (engine: 'vllm' | 'sglang', entries: readonly JsonObject[]): Identified => ({
  engine,
  evidence: `owned_by is "${engine}"`,
  ...sorted(entries, idOf, (entry, id) =>
    typeof entry.parent === 'string'
      ? 'an adapter of another model'
      : {
          id,
          loaded: true,
          ...known({
            contextServed: tokensOf(entry.max_model_len),
            billions: billionsInName(id) ?? billionsInName(nameOf(entry.root) ?? ''),
          }),
        },
  ),
});

/**
 * llama.cpp: `owned_by` is `llamacpp`, `meta.n_params` and `meta.n_ctx_train` come with the listing, and `/props` has
 * the window of one slot in `default_generation_settings.n_ctx` (tools/server/README.md). A server with several models
 * loads the one it is asked for; `autoload=false` keeps a question from doing that.
 */
const llamaCpp = async (prober: Prober, origin: string, entries: readonly JsonObject[]): Promise<Identified> => {
  const read = async (entry: JsonObject, alone: boolean): Promise<JsonObject> => {
    const query = alone ? '' : `?model=${encodeURIComponent(idOf(entry) ?? '')}&autoload=false`;
    return answerOf(prober, `${origin}/props${query}`);
  };
  const asked = spread(entries);
  const props = await Promise.all(asked.map((entry) => read(entry, entries.length === 1)));
  return {
    engine: 'llama.cpp',
    evidence: 'owned_by is "llamacpp"',
    ...sorted(entries, idOf, (entry, id) => {
      if (!asked.includes(entry)) return NOT_ASKED;
      const meta = objectOf(entry.meta);
      const own = props[asked.indexOf(entry)] ?? {};
      const parameters = positiveOf(meta.n_params);
      const vision = objectOf(own.modalities).vision;
      return {
        id,
        ...known({
          contextServed: tokensOf(objectOf(own.default_generation_settings).n_ctx),
          contextTrained: tokensOf(meta.n_ctx_train),
          billions: parameters === undefined ? billionsInName(id) : parameters / 1e9,
          vision: typeof vision === 'boolean' ? vision : undefined,
        }),
      };
    }),
  };
};

/** LM Studio: `GET /api/v0/models` (lmstudio.ai/docs, REST API v0) tells type, state, and both windows of each model. */
const lmStudio = async (prober: Prober, origin: string): Promise<Identified | undefined> => {
  const entries = objectsOf((await answerOf(prober, `${origin}/api/v0/models`)).data);
  if (!entries.some((entry) => typeof entry.type === 'string' && typeof entry.state === 'string')) return undefined;
  return {
    engine: 'lm-studio',
    evidence: '/api/v0/models tells type and state of each model',
    ...sorted(entries, idOf, (entry, id) => {
      if (entry.type !== 'llm' && entry.type !== 'vlm') return nameOf(entry.type) ?? 'of unknown type';
      return {
        id,
        loaded: entry.state === 'loaded',
        vision: entry.type === 'vlm',
        ...known({
          contextServed: tokensOf(entry.loaded_context_length),
          contextTrained: tokensOf(entry.max_context_length),
          billions: billionsInName(id),
          quantization: nameOf(entry.quantization),
        }),
      };
    }),
  };
};

/** The window set in a model's parameters (`num_ctx 8192`), which Ollama uses unless the server says otherwise. */
const numCtxOf = (parameters: unknown): number | undefined =>
  typeof parameters === 'string' ? tokensOf(/^num_ctx\s+(\d+)\s*$/m.exec(parameters)?.[1]) : undefined;

const trainedOf = (info: JsonObject): number | undefined =>
  tokensOf(Object.entries(info).find(([key]) => key.endsWith('.context_length'))?.[1]);

interface OllamaFacts {
  readonly tag: JsonObject;
  readonly show: JsonObject;
  readonly running: JsonObject;
}

const ollamaModel = (id: string, { tag, show, running }: OllamaFacts): FoundModel | string => {
  // A remote model would leave this machine, which nobody who runs a local engine has agreed to here.
  if (nameOf(tag.remote_host) ?? nameOf(show.remote_host) ?? /[:-]cloud$/.exec(id)) return 'runs in a cloud';
  const capabilities = wordsOf(show.capabilities) ?? wordsOf(tag.capabilities);
  if (capabilities !== undefined && !capabilities.includes('completion')) return 'not for completion';
  const details = objectOf(tag.details);
  const count = positiveOf(objectOf(show.model_info)['general.parameter_count']);
  const loaded = nameOf(running.name) !== undefined;
  return {
    id,
    loaded,
    ...known({
      billions: count === undefined ? billionsInName(nameOf(details.parameter_size) ?? id) : count / 1e9,
      contextServed: tokensOf(running.context_length) ?? numCtxOf(show.parameters),
      contextTrained: trainedOf(objectOf(show.model_info)),
      tools: capabilities?.includes('tools'),
      vision: capabilities?.includes('vision'),
      quantization: nameOf(details.quantization_level),
    }),
  };
};

/**
 * Ollama: `/api/version` answers, `/api/tags` lists what is installed, `/api/ps` what is loaded and with which window,
 * `/api/show` the rest (ollama/docs/api.md). Its window is not the model's: it serves fewer tokens unless told.
 */
const ollama = async (prober: Prober, origin: string): Promise<Identified | undefined> => {
  const version = nameOf((await answerOf(prober, `${origin}/api/version`)).version);
  if (version === undefined) return undefined;
  const [tags, ps] = await Promise.all([answerOf(prober, `${origin}/api/tags`), answerOf(prober, `${origin}/api/ps`)]);
  if (!Array.isArray(tags.models)) return undefined;
  const name = (entry: JsonObject): string | undefined => nameOf(entry.model) ?? nameOf(entry.name);
  const running = objectsOf(ps.models);
  const listed = objectsOf(tags.models).filter((tag) => name(tag) !== undefined);
  const asked = spread(listed.toSorted((a, b) => (positiveOf(a.size) ?? 0) - (positiveOf(b.size) ?? 0)));
  const shows = await Promise.all(asked.map((tag) => answerOf(prober, `${origin}/api/show`, { model: name(tag) })));
  return {
    engine: 'ollama',
    evidence: `/api/version says ${version}`,
    ...sorted(listed, name, (tag, id) =>
      asked.includes(tag)
        ? ollamaModel(id, {
            tag,
            show: shows[asked.indexOf(tag)] ?? {},
            running: running.find((one) => name(one) === id) ?? {},
          })
        : NOT_ASKED,
    ),
  };
};

/** At most `DETAILS_MAX` of a list, its first and last ones among them. */
const spread = (list: readonly JsonObject[]): readonly JsonObject[] =>
  list.length <= DETAILS_MAX ? list : [...list.slice(0, DETAILS_MAX / 2), ...list.slice(-DETAILS_MAX / 2)];

/**
 * Names the engine behind a `/v1/models` listing; undefined when nothing gives one away. What an engine writes into
 * `owned_by` is its own word and asked no further; Ollama and LM Studio write the model's owner there and are asked
 * for what only they answer. The port counts for nothing.
 */
export const identify = async (
  prober: Prober,
  origin: string,
  entries: readonly JsonObject[],
): Promise<Identified | undefined> => {
  const owners = new Set(entries.map((entry) => entry.owned_by));
  if (owners.has('vllm')) return cardsOf('vllm', entries);
  if (owners.has('sglang')) return cardsOf('sglang', entries);
  if (owners.has('llamacpp')) return llamaCpp(prober, origin, entries);
  const [studio, local] = await Promise.all([lmStudio(prober, origin), ollama(prober, origin)]);
  return studio ?? local;
};
