/** How are Claude Code, Codex, pi, opencode and OpenClaw configured? Recipes that were run against the real programs. */
import type { HarnessFacts, PresetFacts } from '#ops/harness-env/facts';
import type { HarnessPlan } from '#ops/harness-env/plan';
import type { Edit, PlainValue } from '#platform/document-edit';

const set = (path: readonly string[], value: PlainValue): Edit => ({ kind: 'set', path, value });
const otherwise = (path: readonly string[], value: PlainValue): Edit => ({ kind: 'default', path, value });

const modalities = ({ readsImages }: PresetFacts): readonly string[] => (readsImages ? ['text', 'image'] : ['text']);

export const claudeCode = ({ url, keyEnv, main, small, review }: HarnessFacts): HarnessPlan => {
  const env: Readonly<Record<string, string>> = {
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_MODEL: main.name,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: small.name,
    CLAUDE_CODE_SUBAGENT_MODEL: review.name,
    CLAUDE_CODE_MAX_CONTEXT_TOKENS: `${main.contextTokens}`,
    CLAUDE_CODE_GATEWAY_HINT_HEADERS: '1',
    CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: '1',
  };
  return {
    title: 'Claude Code',
    files: [
      {
        path: '.claude/settings.json',
        moved: { env: 'CLAUDE_CONFIG_DIR', folder: '.claude' },
        format: 'json',
        edits: [
          set(['apiKeyHelper'], `printenv ${keyEnv}`),
          ...Object.entries(env).map(([name, value]) => set(['env', name], value)),
        ],
      },
    ],
    shell: [
      ...Object.entries(env).map(([name, value]) => `export ${name}=${value}`),
      `export ANTHROPIC_AUTH_TOKEN="$${keyEnv}"`,
    ],
    run: 'claude',
    notes: [
      'Either the file or the shell lines; both together are not needed.',
      `Without CLAUDE_CODE_MAX_CONTEXT_TOKENS it takes an unknown model to have 1,000,000 tokens; ${main.name} has ${main.contextTokens}.`,
      'Its model picker shows only names with "claude" or "anthropic" in them: claude-anvil-… and anthropic/… are offered.',
      "When no tier can serve it stops after one request and shows the router's sentence.",
    ],
  };
};

export const codex = ({ url, keyEnv, main }: HarnessFacts): HarnessPlan => ({
  title: 'Codex',
  files: [
    {
      path: '.codex/config.toml',
      moved: { env: 'CODEX_HOME', folder: '.codex' },
      format: 'toml',
      edits: [
        // A model of the owner's goes with the owner's provider and window.
        { kind: 'default', path: ['model'], value: main.name, unless: ['model_provider'] },
        { kind: 'default', path: ['model_provider'], value: 'anvil', unless: ['model'] },
        { kind: 'default', path: ['model_context_window'], value: main.contextTokens, unless: ['model'] },
        set(['model_providers', 'anvil'], {
          name: 'anvil',
          base_url: `${url}/v1`,
          env_key: keyEnv,
          wire_api: 'responses',
        }),
      ],
    },
  ],
  shell: [],
  run: `codex -c model_provider=anvil -m ${main.name}`,
  notes: [
    'It speaks Responses only; wire_api = "chat" is refused when the file is read.',
    `An unknown model name is only warned about; model_context_window tells it the real ${main.contextTokens} tokens.`,
    'A bare 503 makes it send 30 requests; the router answers so that it stops after one.',
  ],
});

const piModel = (preset: PresetFacts): PlainValue => ({
  id: preset.name,
  name: `anvil ${preset.name}`,
  contextWindow: preset.contextTokens,
  maxTokens: preset.outputTokens,
  input: modalities(preset),
  compat: { sendSessionAffinityHeaders: true },
});

export const pi = ({ url, keyEnv, presets, main }: HarnessFacts): HarnessPlan => ({
  title: 'pi',
  files: [
    {
      path: '.pi/agent/models.json',
      moved: { env: 'PI_CODING_AGENT_DIR', folder: '.pi/agent' },
      format: 'json',
      edits: [
        set(['providers', 'anvil'], {
          baseUrl: `${url}/v1`,
          api: 'openai-completions',
          apiKey: `$${keyEnv}`,
          models: presets.map(piModel),
        }),
      ],
    },
  ],
  shell: [],
  run: `pi --provider anvil --model ${main.name}`,
  notes: [
    `Version 0.73 and older (@mariozechner/pi-coding-agent) want "apiKey": "${keyEnv}", without the $.`,
    'When no tier can serve it tries four times in 15 seconds; it does not wait for Retry-After.',
    'Session affinity headers are off unless compat.sendSessionAffinityHeaders is set, as here.',
  ],
});

const opencodeModel = (preset: PresetFacts): PlainValue => ({
  name: preset.name,
  attachment: preset.readsImages,
  modalities: { input: modalities(preset), output: ['text'] },
  limit: { context: preset.contextTokens, output: preset.outputTokens },
});

export const opencode = ({ url, keyEnv, presets, main, small }: HarnessFacts): HarnessPlan => ({
  title: 'opencode',
  files: [
    {
      path: '.config/opencode/opencode.json',
      moved: { env: 'XDG_CONFIG_HOME', folder: '.config' },
      format: 'json',
      edits: [
        set(['provider', 'anvil'], {
          npm: '@ai-sdk/openai-compatible',
          name: 'anvil',
          options: { baseURL: `${url}/v1`, apiKey: `{env:${keyEnv}}` },
          models: Object.fromEntries(presets.map((preset) => [preset.name, opencodeModel(preset)])),
        }),
        otherwise(['model'], `anvil/${main.name}`),
        otherwise(['small_model'], `anvil/${small.name}`),
      ],
    },
  ],
  shell: [],
  run: `opencode -m anvil/${main.name}`,
  notes: [
    'limit.context decides when it compacts; without it, it does not know.',
    'Titles are asked for beside the first turn; small_model sends them to a cheap preset.',
    'It waits as long as Retry-After says, again and again: an exhausted router looks like a long pause.',
  ],
});

const openclawModel = (preset: PresetFacts): PlainValue => ({
  id: preset.name,
  name: preset.name,
  reasoning: false,
  input: modalities(preset),
  contextWindow: preset.contextTokens,
  maxTokens: preset.outputTokens,
  cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  compat: { supportsPromptCacheKey: true },
});

export const openclaw = ({ url, keyEnv, presets, main }: HarnessFacts): HarnessPlan => ({
  title: 'OpenClaw',
  files: [
    {
      path: '.openclaw/openclaw.json',
      moved: { env: 'OPENCLAW_STATE_DIR', folder: '.openclaw' },
      format: 'json',
      edits: [
        otherwise(['models', 'mode'], 'merge'),
        set(['models', 'providers', 'anvil'], {
          baseUrl: `${url}/v1`,
          apiKey: `\${${keyEnv}}`,
          api: 'openai-completions',
          timeoutSeconds: 300,
          models: presets.map(openclawModel),
        }),
        otherwise(['agents', 'defaults', 'model', 'primary'], `anvil/${main.name}`),
      ],
    },
  ],
  shell: [],
  run: `openclaw agent exec --model anvil/${main.name} "…"`,
  notes: [
    'It needs Node 24.16 or newer.',
    'timeoutSeconds covers a whole call; keep-alive comments do not extend it.',
    'It moves to the next of agents.defaults.model.fallbacks at once on a 503 with Retry-After above 90 seconds, which is what the router sends when nothing is left.',
    'A file written in JSON5 (bare keys, single quotes) is not edited; add the provider by hand.',
  ],
});
