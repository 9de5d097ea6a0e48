/** How is vLLM launched? Today's names of its flags, each with where that is said. */
import type { Engine, EngineWish } from '#core/engine';
import { listenOn, severalGpus, switched, templateWords, unlessGiven, valued } from '#engines/arguments';
import { parsersFor } from '#engines/families';

/**
 * Facts, from vLLM's own repository as of autumn 2026:
 * - `--default-chat-template-kwargs` takes a JSON object and a request's own words win (pull request 31343).
 *   v0.9 wrote `--chat-template-kwargs`, which vLLM does not know (entrypoints/openai/cli_args.py).
 * - `--enable-prompt-tokens-details` puts cached tokens into `usage`; without it the field is null (same file).
 * - `--enable-auto-tool-choice` needs `--tool-call-parser` (docs/features/tool_calling.md).
 * - Sleep needs `--enable-sleep-mode`, and its endpoints exist with `VLLM_SERVER_DEV_MODE=1` only; they must not be
 *   exposed, which loopback sees to (docs/features/sleep_mode.md).
 * - `--safetensors-load-strategy eager` reads whole files; the default maps them (engine arguments, load configuration).
 * - `VLLM_USE_V2_MODEL_RUNNER=0`: the second model runner wants unified addressing, which WSL2 has not (vllm/envs.py).
 * - The image's entrypoint has been `vllm` and `vllm serve`, so the program is always named.
 */
const ownArguments = (wish: EngineWish): readonly string[] => {
  const { parsers, args } = wish;
  return unlessGiven(args, [
    { flags: ['--enable-prompt-tokens-details', '--no-enable-prompt-tokens-details'] },
    valued(['--gpu-memory-utilization'], wish.gpuMemoryShare),
    valued(['--max-model-len'], wish.contextTokens),
    valued(['--max-num-seqs'], wish.requestsMax),
    valued(['--tensor-parallel-size', '-tp', '--pipeline-parallel-size', '-pp'], severalGpus(wish)),
    valued(['--safetensors-load-strategy', '--load-format'], wish.weights === 'read' ? 'eager' : undefined),
    switched(['--enable-sleep-mode'], wish.sleeps),
    valued(['--reasoning-parser'], parsers.reasoning),
    switched(['--enable-auto-tool-choice'], parsers.tools !== undefined),
    valued(['--tool-call-parser'], parsers.tools),
    valued(['--default-chat-template-kwargs'], templateWords(wish)),
  ]);
};

export const vllm: Engine = {
  image: 'vllm/vllm-openai:latest',
  ipcHost: true,
  health: '/health',
  sleepLevels: [1, 2],
  ignores: [],
  cachePath: '/root/.cache',
  parsersFor: (name, modelType) => parsersFor('vllm', name, modelType),
  command: (wish) => ({
    program: 'vllm',
    args: [
      'serve',
      wish.model,
      ...ownArguments(wish),
      ...wish.args,
      ...['--served-model-name', wish.servedName, '--host', listenOn(wish.place), '--port', String(wish.port)],
    ],
    env: { VLLM_USE_V2_MODEL_RUNNER: '0', ...(wish.sleeps ? { VLLM_SERVER_DEV_MODE: '1' } : {}) },
  }),
};
