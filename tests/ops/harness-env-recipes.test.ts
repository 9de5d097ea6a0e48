/** Every recipe says what its harness needs, in a form that the harness's own reader takes, and never holds a key. */
import { describe, expect, test } from 'bun:test';
import { parse as parseTomlText } from 'smol-toml';
import { parse as parseYamlText } from 'yaml';
import { factsOfModels } from '#ops/harness-env/facts';
import { HARNESS_NAMES, HARNESSES, type HarnessName } from '#ops/harness-env/harnesses';
import { freshText } from '#ops/harness-env/merge';
import type { FileFormat } from '#ops/harness-env/plan';

const MODELS = [
  { id: 'planning', display_name: 'Planning', context_window: 131_072, max_output_tokens: 16_384 },
  { id: 'quick-edit', display_name: 'Quick Edit', context_window: 32_768 },
];
const FACTS = factsOfModels(MODELS, { url: 'http://10.0.0.2:9000', keyEnv: 'MY_KEY', keyChecked: true });
const READERS: Readonly<Record<FileFormat, (text: string) => unknown>> = {
  json: JSON.parse,
  toml: parseTomlText,
  yaml: parseYamlText,
};

/** The files of a recipe as their harness reads them, by path. */
const filesOf = (harness: HarnessName): Readonly<Record<string, unknown>> =>
  Object.fromEntries(HARNESSES[harness](FACTS).files.map((file) => [file.path, READERS[file.format](freshText(file))]));

/** What must be there, per harness; more may be. The forms are those of the harnesses' own manuals. */
const NEEDED: Readonly<Record<HarnessName, Readonly<Record<string, object>>>> = {
  'claude-code': {
    '.claude/settings.json': {
      apiKeyHelper: 'printenv MY_KEY',
      env: {
        ANTHROPIC_BASE_URL: 'http://10.0.0.2:9000',
        ANTHROPIC_MODEL: 'planning',
        ANTHROPIC_DEFAULT_HAIKU_MODEL: 'quick-edit',
        CLAUDE_CODE_SUBAGENT_MODEL: 'planning',
        CLAUDE_CODE_MAX_CONTEXT_TOKENS: '131072',
      },
    },
  },
  codex: {
    '.codex/config.toml': {
      model: 'planning',
      model_provider: 'anvil',
      model_context_window: 131_072,
      model_providers: {
        anvil: { base_url: 'http://10.0.0.2:9000/v1', env_key: 'MY_KEY', wire_api: 'responses' },
      },
    },
  },
  pi: {
    '.pi/agent/models.json': {
      providers: {
        anvil: {
          baseUrl: 'http://10.0.0.2:9000/v1',
          api: 'openai-completions',
          apiKey: '$MY_KEY',
          models: [
            { id: 'planning', contextWindow: 131_072, maxTokens: 16_384 },
            { id: 'quick-edit', contextWindow: 32_768, maxTokens: 8192 },
          ],
        },
      },
    },
  },
  opencode: {
    '.config/opencode/opencode.json': {
      model: 'anvil/planning',
      small_model: 'anvil/quick-edit',
      provider: {
        anvil: {
          npm: '@ai-sdk/openai-compatible',
          options: { baseURL: 'http://10.0.0.2:9000/v1', apiKey: '{env:MY_KEY}' },
          models: { planning: { limit: { context: 131_072, output: 16_384 } } },
        },
      },
    },
  },
  openclaw: {
    '.openclaw/openclaw.json': {
      models: {
        mode: 'merge',
        providers: {
          anvil: {
            baseUrl: 'http://10.0.0.2:9000/v1',
            // biome-ignore lint/suspicious/noTemplateCurlyInString: OpenClaw's own form of a variable
            apiKey: '${MY_KEY}',
            models: [{ id: 'planning', contextWindow: 131_072 }, { id: 'quick-edit' }],
          },
        },
      },
    },
  },
  cline: {},
  continue: {
    '.continue/config.yaml': {
      schema: 'v1',
      models: [
        {
          name: 'planning',
          provider: 'openai',
          apiBase: 'http://10.0.0.2:9000/v1',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: Continue's own form of a secret
          apiKey: '${{ secrets.MY_KEY }}',
          defaultCompletionOptions: { contextLength: 131_072, maxTokens: 16_384 },
        },
        { name: 'quick-edit' },
      ],
    },
  },
  qwen: {
    '.qwen/settings.json': {
      security: { auth: { selectedType: 'openai' } },
      model: { name: 'planning' },
      modelProviders: {
        openai: [
          {
            id: 'planning',
            baseUrl: 'http://10.0.0.2:9000/v1',
            envKey: 'MY_KEY',
            generationConfig: { contextWindowSize: 131_072, modalities: { image: true } },
          },
          { id: 'quick-edit' },
        ],
      },
    },
  },
  aider: {
    '.aider.conf.yml': {
      'openai-api-base': 'http://10.0.0.2:9000/v1',
      model: 'openai/planning',
      'weak-model': 'openai/quick-edit',
    },
    '.aider.model.metadata.json': { 'openai/planning': { max_input_tokens: 131_072, max_output_tokens: 16_384 } },
  },
};

describe('a new file', () => {
  for (const harness of HARNESS_NAMES) {
    test(`of ${harness} holds the address, the models with their windows, and the key by name`, () => {
      const files = filesOf(harness);
      expect(Object.keys(files)).toEqual(Object.keys(NEEDED[harness]));
      expect(files).toMatchObject(NEEDED[harness]);
    });
  }
});

test('a harness that keeps the key in its file is not written to, but says what to run', () => {
  expect(HARNESSES.cline(FACTS).notWritten).toContain('cline auth -p openai-compatible -k "$MY_KEY" -m planning');
});

test('shell lines name the key, as a reference to its variable', () => {
  for (const harness of HARNESS_NAMES) {
    for (const line of HARNESSES[harness](FACTS).shell) {
      if (/KEY|TOKEN=/.test(line)) expect(line).toContain('"$MY_KEY"');
    }
  }
});
