/** How real engines introduce themselves: the discovery routes of each, on a fake tier. */
import type { FakeTier } from '#tests/support/fake-tier';
import { json } from '#tests/support/fake-tier-steps';

/** Answers `GET path` with a JSON document, whatever the query. */
export const get = (tier: FakeTier, path: string, body: unknown, status = 200): FakeTier =>
  tier.always(json(status, body), (request) => request.method === 'GET' && request.path === path);

const notFound = (tier: FakeTier): FakeTier => tier.always(json(404, { error: 'not found' }));
const list = (data: unknown): unknown => ({ object: 'list', data });

export interface OllamaModel {
  readonly name: string;
  readonly parameterSize?: string;
  readonly bytes?: number;
  readonly capabilities?: readonly string[];
  readonly parameters?: string;
  readonly contextTrained?: number;
  /** Window it is loaded with; absent: not loaded. */
  readonly loadedWith?: number;
  readonly remoteHost?: string;
}

/** Ollama 0.9: `/v1/models`, `/api/version`, `/api/tags`, `/api/ps`, `/api/show`. */
export const ollama = (tier: FakeTier, models: readonly OllamaModel[]): FakeTier => {
  notFound(tier);
  const details = (model: OllamaModel) => ({
    format: 'gguf',
    family: 'llama',
    parameter_size: model.parameterSize ?? '',
    quantization_level: 'Q4_K_M',
  });
  const listed = models.map(({ name }) => ({ id: name, object: 'model', created: 1, owned_by: 'library' }));
  get(tier, '/v1/models', list(models.length === 0 ? null : listed));
  get(tier, '/api/version', { version: '0.9.1' });
  get(tier, '/api/tags', {
    models: models.map((model) => ({
      name: model.name,
      model: model.name,
      size: model.bytes ?? 1,
      details: details(model),
      ...(model.remoteHost === undefined ? {} : { remote_host: model.remoteHost }),
    })),
  });
  const running = models.filter((model) => model.loadedWith !== undefined);
  get(tier, '/api/ps', {
    models: running.map((model) => ({ name: model.name, model: model.name, context_length: model.loadedWith })),
  });
  return tier.always(
    (request) => {
      const asked = models.find((model) => model.name === (request.json as { model?: string }).model);
      if (asked === undefined) return json(404, { error: 'model not found' });
      return json(200, {
        parameters: asked.parameters ?? '',
        details: details(asked),
        model_info: {
          'general.architecture': 'llama',
          ...(asked.contextTrained === undefined ? {} : { 'llama.context_length': asked.contextTrained }),
        },
        ...(asked.capabilities === undefined ? {} : { capabilities: asked.capabilities }),
      });
    },
    (request) => request.method === 'POST' && request.path === '/api/show',
  );
};

export interface StudioModel {
  readonly id: string;
  readonly type?: string;
  readonly state?: 'loaded' | 'not-loaded';
  readonly maximum?: number;
  readonly loadedWith?: number;
}

/** LM Studio 0.3: the listing names an owner only; `/api/v0/models` knows more. Unknown paths are a 200 with an error. */
export const lmStudio = (tier: FakeTier, models: readonly StudioModel[]): FakeTier => {
  tier.always(json(200, { error: 'Unexpected endpoint or method. (GET /api/version)' }));
  get(tier, '/v1/models', list(models.map(({ id }) => ({ id, object: 'model', owned_by: 'organization_owner' }))));
  return get(
    tier,
    '/api/v0/models',
    list(
      models.map((model) => ({
        id: model.id,
        object: 'model',
        type: model.type ?? 'llm',
        arch: 'qwen2',
        quantization: '4bit',
        state: model.state ?? 'not-loaded',
        max_context_length: model.maximum ?? 131_072,
        ...(model.loadedWith === undefined ? {} : { loaded_context_length: model.loadedWith }),
      })),
    ),
  );
};

/** llama.cpp's server with one model. */
export const llamaCpp = (
  tier: FakeTier,
  model: { readonly id: string; readonly trained: number; readonly parameters: number; readonly served?: number },
): FakeTier => {
  notFound(tier);
  const meta = { n_vocab: 32_000, n_ctx_train: model.trained, n_params: model.parameters, size: 1 };
  get(tier, '/v1/models', {
    models: [{ name: model.id, model: model.id }],
    ...(list([{ id: model.id, object: 'model', created: 1, owned_by: 'llamacpp', meta }]) as object),
  });
  if (model.served === undefined) return tier;
  return get(tier, '/props', {
    default_generation_settings: { id: 0, n_ctx: model.served, params: {} },
    total_slots: 4,
    model_path: `/models/${model.id}`,
    modalities: { vision: false, audio: false },
    build_info: 'b6000-1234567',
  });
};

/** vLLM and SGLang: everything is in the listing. */
export const cards = (
  tier: FakeTier,
  engine: 'vllm' | 'sglang',
  models: readonly { readonly id: string; readonly window?: number; readonly parent?: string }[],
): FakeTier => {
  notFound(tier);
  return get(
    tier,
    '/v1/models',
    list(
      models.map(({ id, window, parent }) => ({
        id,
        object: 'model',
        created: 1,
        owned_by: engine,
        root: id,
        parent: parent ?? null,
        max_model_len: window ?? null,
      })),
    ),
  );
};
