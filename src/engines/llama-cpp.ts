/** How is llama.cpp's server launched? Today's names of its flags, each with where that is said. */
import type { Engine, EngineWish } from '#core/engine';
import { listenOn, switched, unlessGiven, valued } from '#engines/arguments';

/** `owner/repository`, with `:quantisation` behind it or not. Anything else is a path. */
const REPOSITORY = /^[\w.-]+\/[\w.-]+(?::[\w.-]+)?$/;

const isRepository = (model: string): boolean => REPOSITORY.test(model) && !/^\.|\.gguf$/i.test(model);

const onOrOff = (thinking: boolean | undefined): string | undefined => {
  if (thinking === undefined) return undefined;
  return thinking ? 'on' : 'off';
};

/**
 * Facts, from llama.cpp's own repository as of autumn 2026 (tools/server/README.md, common/arg.cpp):
 * - `--load-mode none` reads weights whole. It took the place of `--no-mmap`, which was deprecated in June 2026 (pull request
 *   20834) and which builds since September refuse as an invalid argument.
 * - `--reasoning on|off` took the place of `enable_thinking` in `--chat-template-kwargs`, which now warns at every start.
 * - Tool calls and thoughts are read by the chat template itself (`--jinja`, on by default): no parsers to be named.
 * - `--gpu-layers` is `auto` and `--fit` is on by default: the server fills the memory that is free, so there is no share.
 * - `--metrics` opens `/metrics`; cached tokens are in `usage` without asking.
 * - `/health` says 503 while the model loads. The image's entrypoint is `/app/llama-server`.
 */
const ownArguments = (wish: EngineWish): readonly string[] =>
  unlessGiven(wish.args, [
    valued(
      ['--load-mode', '-lm', '--no-mmap', '--mmap', '--mlock', '--direct-io', '-dio'],
      wish.weights === 'read' ? 'none' : undefined,
    ),
    valued(['--ctx-size', '-c'], wish.contextTokens),
    valued(['--parallel', '-np'], wish.requestsMax),
    valued(['--reasoning', '-rea', '--chat-template-kwargs'], onOrOff(wish.thinking)),
    switched(['--metrics'], true),
  ]);

export const llamaCpp: Engine = {
  image: 'ghcr.io/ggml-org/llama.cpp:server-cuda',
  ipcHost: false,
  health: '/health',
  sleepLevels: [],
  ignores: ['gpuMemoryShare', 'parsers'],
  cachePath: '/root/.cache',
  parsersFor: () => ({}),
  command: (wish) => ({
    program: wish.place === 'container' ? '/app/llama-server' : 'llama-server',
    args: [
      ...(isRepository(wish.model) ? ['--hf-repo', wish.model] : ['--model', wish.model]),
      ...ownArguments(wish),
      ...wish.args,
      ...['--alias', wish.servedName, '--host', listenOn(wish.place), '--port', String(wish.port)],
    ],
    env: {},
  }),
};
