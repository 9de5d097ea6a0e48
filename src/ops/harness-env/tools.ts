/** How are Cline, Continue, Qwen Code and aider configured? Recipes that were run against the real programs. */
import type { HarnessFacts, PresetFacts } from '#ops/harness-env/facts';
import type { HarnessPlan } from '#ops/harness-env/plan';
import type { Edit, PlainValue } from '#platform/document-edit';

const set = (path: readonly string[], value: PlainValue): Edit => ({ kind: 'set', path, value });
const otherwise = (path: readonly string[], value: PlainValue): Edit => ({ kind: 'default', path, value });

export const cline = ({ url, keyEnv, main }: HarnessFacts): HarnessPlan => {
  const login = `cline auth -p openai-compatible -k "$${keyEnv}" -m ${main.name} -b ${url}/v1`;
  return {
    title: 'Cline',
    files: [],
    shell: [login],
    run: `cline -P openai-compatible -m ${main.name}`,
    notes: [
      'It keeps the key itself in ~/.cline/data/settings/providers.json; protect that file.',
      'It takes no context window from a file: name a preset whose window is large enough.',
      'When no tier can serve it tries six times within about a minute; it ignores a Retry-After of 120 seconds.',
    ],
    notWritten: `cline keeps the key itself in its file, and keys are never written — run: ${login}`,
  };
};

const continueModel = (preset: PresetFacts, { url, keyEnv }: HarnessFacts) => ({
  name: preset.name,
  provider: 'openai',
  model: preset.name,
  apiBase: `${url}/v1`,
  apiKey: `\${{ secrets.${keyEnv} }}`,
  roles: ['chat', 'edit', 'apply'],
  capabilities: preset.readsImages ? ['tool_use', 'image_input'] : ['tool_use'],
  defaultCompletionOptions: { contextLength: preset.contextTokens, maxTokens: preset.outputTokens },
});

export const continueCli = (facts: HarnessFacts): HarnessPlan => ({
  title: 'Continue',
  files: [
    {
      path: '.continue/config.yaml',
      moved: { env: 'CONTINUE_GLOBAL_DIR', folder: '.continue' },
      format: 'yaml',
      edits: [
        otherwise(['name'], 'anvil'),
        otherwise(['version'], '1.0.0'),
        otherwise(['schema'], 'v1'),
        {
          kind: 'upsert',
          path: ['models'],
          by: ['name'],
          values: facts.presets.map((preset) => continueModel(preset, facts)),
        },
      ],
    },
  ],
  shell: [],
  run: 'cn --config ~/.continue/config.yaml',
  notes: [
    `The secret is read from the variable ${facts.keyEnv}.`,
    'Without maxTokens it sends no limit, and a local engine applies its own default.',
    'When no tier can serve it asks again about every five seconds; it ignores a Retry-After of 120 seconds.',
  ],
});

const qwenModel = (preset: PresetFacts, { url, keyEnv }: HarnessFacts) => ({
  id: preset.name,
  name: `anvil ${preset.name}`,
  baseUrl: `${url}/v1`,
  envKey: keyEnv,
  generationConfig: { contextWindowSize: preset.contextTokens, modalities: { image: preset.readsImages } },
});

export const qwenCode = (facts: HarnessFacts): HarnessPlan => ({
  title: 'Qwen Code',
  files: [
    {
      path: '.qwen/settings.json',
      moved: { env: 'QWEN_HOME', folder: '.qwen' },
      format: 'json',
      edits: [
        {
          kind: 'upsert',
          path: ['modelProviders', 'openai'],
          by: ['id', 'baseUrl'],
          values: facts.presets.map((preset) => qwenModel(preset, facts)),
        },
        otherwise(['security', 'auth', 'selectedType'], 'openai'),
        otherwise(['model', 'name'], facts.main.name),
      ],
    },
  ],
  shell: [],
  run: `qwen --auth-type openai -m ${facts.main.name}`,
  notes: [
    'Without modalities.image it tells the model that it cannot see, and sends no picture.',
    'After each answer it asks for a memory update beside the conversation, on the same model.',
    'It gives up when no header has come within 120 seconds.',
    'It honours Retry-After, so an exhausted router looks like a long pause.',
  ],
});

export const aider = ({ url, keyEnv, presets, main, small }: HarnessFacts): HarnessPlan => ({
  title: 'aider',
  files: [
    {
      path: '.aider.conf.yml',
      format: 'yaml',
      edits: [
        set(['openai-api-base'], `${url}/v1`),
        otherwise(['model'], `openai/${main.name}`),
        otherwise(['weak-model'], `openai/${small.name}`),
      ],
    },
    {
      path: '.aider.model.metadata.json',
      format: 'json',
      edits: presets.map((preset) =>
        set([`openai/${preset.name}`], {
          max_input_tokens: preset.contextTokens,
          max_output_tokens: preset.outputTokens,
          max_tokens: preset.outputTokens,
          input_cost_per_token: 0,
          output_cost_per_token: 0,
          litellm_provider: 'openai',
          mode: 'chat',
          supports_vision: preset.readsImages,
        }),
      ),
    },
  ],
  shell: [`export OPENAI_API_KEY="$${keyEnv}"`],
  run: `aider --model openai/${main.name}`,
  notes: [
    'It uses no tools; the prefix openai/ stays on its side.',
    'It takes the key from OPENAI_API_KEY only.',
    'When no tier can serve it asks again and again, 0.25 seconds later at first and 60 at last.',
  ],
});
