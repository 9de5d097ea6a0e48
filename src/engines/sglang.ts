/** How is SGLang launched? Today's names of its flags, each with where that is said. */
import type { Engine, EngineWish } from '#core/engine';
import { listenOn, severalGpus, switched, templateWords, unlessGiven, valued } from '#engines/arguments';
import { parsersFor } from '#engines/families';

/** Requests at once where nobody says: v0.9's number, small enough for one card. */
const REQUESTS_MAX = 16;

/**
 * Facts, from SGLang's own repository as of autumn 2026 (python/sglang/srt/server_args.py and
 * docs_new/docs/advanced_features/server_arguments.mdx):
 * - `--default-chat-template-kwargs` takes a JSON object and a request's own words win; merged in July 2026 (pull request
 *   29579). Older servers have no such flag and stop at it: there, leave `thinking` out and say it per request.
 * - `--enable-cache-report` puts cached tokens into `usage.prompt_tokens_details`; `--enable-metrics` opens `/metrics`.
 * - `--weight-loader-disable-mmap` reads weights whole. v0.9 always gave it; on a local volume it made a load seven times
 *   longer, so it is given only where the weights lie on a slow disk.
 * - `--enable-memory-saver` arms `/release_memory_occupation`, which frees nothing without it; `--enable-weights-cpu-backup`
 *   keeps the weights in host memory meanwhile, so that `/resume_memory_occupation` brings the same model back.
 * - Its processes talk through shared memory: the container needs more than Docker's 64 MB.
 */
const ownArguments = (wish: EngineWish): readonly string[] => {
  const { parsers, args } = wish;
  return unlessGiven(args, [
    switched(['--weight-loader-disable-mmap'], wish.weights === 'read'),
    valued(['--context-length'], wish.contextTokens),
    valued(['--mem-fraction-static'], wish.gpuMemoryShare),
    valued(['--tensor-parallel-size', '--tp-size', '--tp', '--pipeline-parallel-size', '--pp-size'], severalGpus(wish)),
    switched(['--enable-memory-saver'], wish.sleeps),
    switched(['--enable-weights-cpu-backup'], wish.sleeps),
    valued(['--reasoning-parser'], parsers.reasoning),
    valued(['--tool-call-parser'], parsers.tools),
    valued(['--default-chat-template-kwargs'], templateWords(wish)),
    { flags: ['--enable-metrics'] },
    { flags: ['--enable-cache-report'] },
    valued(['--max-running-requests'], wish.requestsMax ?? REQUESTS_MAX),
  ]);
};

export const sglang: Engine = {
  image: 'lmsysorg/sglang:latest',
  shmSize: '16g',
  ipcHost: false,
  health: '/health',
  sleepLevels: [1],
  ignores: [],
  cachePath: '/root/.cache',
  parsersFor: (name, modelType) => parsersFor('sglang', name, modelType),
  command: (wish) => ({
    program: 'python3',
    args: [
      ...['-m', 'sglang.launch_server', '--model-path', wish.model],
      ...ownArguments(wish),
      ...wish.args,
      ...['--served-model-name', wish.servedName, '--host', listenOn(wish.place), '--port', String(wish.port)],
    ],
    env: {},
  }),
};
