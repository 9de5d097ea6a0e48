/** In what does a running container differ from what is declared: the model, the compose service, the image? */

import { type DeclaredServe, isCompose, type Words } from '#config/serves';
import { splitWords } from '#config/serves-words';
import { messageOf } from '#core/thrown';
import type { ServesWorld } from '#ops/serves/world';
import type { ContainerFacts } from '#platform/docker-engine';

export interface Drift {
  /** In words; empty when nothing differs as far as it could be compared. */
  readonly found: readonly string[];
  /** What could not be compared, and why. */
  readonly unknown: readonly string[];
}

/** Labels that docker compose puts on its containers. */
const SERVICE_LABEL = 'com.docker.compose.service';
const HASH_LABEL = 'com.docker.compose.config-hash';

/** Resolving a compose file reads it and those it names. */
const HASH_MS = 30_000;

/** Flags that name what is served, the strongest first: an alias hides the path. */
const NAME_FLAGS = ['--served-model-name', '--alias', '-a', '--model', '--model-path', '-m'] as const;

/** Flags before `up` that take the next word, which may be `up` itself. */
const TAKES_VALUE: ReadonlySet<string> = new Set([
  '-f',
  '--file',
  '-p',
  '--project-name',
  '--project-directory',
  '--profile',
  '--env-file',
  '--ansi',
  '--progress',
  '--parallel',
]);

/** Never rejects. */
export const driftOf = async (serve: DeclaredServe, container: ContainerFacts, world: ServesWorld): Promise<Drift> => {
  const unknown: string[] = [];
  const attempt = async (what: string, compare: () => Promise<string | undefined>): Promise<readonly string[]> => {
    try {
      const drift = await compare();
      return drift === undefined ? [] : [drift];
    } catch (error) {
      unknown.push(`${what}: ${messageOf(error)}`);
      return [];
    }
  };
  const found = [
    modelDrift(serve, container),
    ...(await attempt('image', () => imageDrift(container, world))),
    ...(await attempt('compose service', () => composeDrift(serve, container, world))),
  ].filter((drift) => drift !== undefined);
  return { found, unknown };
};

/** What the arguments of a server say it serves; undefined when they do not say. A path counts only without a name. */
export const modelInArguments = (words: readonly string[]): string | undefined => {
  const all = words.flatMap(innerWords);
  for (const flag of NAME_FLAGS) {
    const index = all.findLastIndex((word) => word === flag || word.startsWith(`${flag}=`));
    if (index === -1) continue;
    const word = all[index] ?? '';
    const value = word === flag ? all[index + 1] : word.slice(flag.length + 1);
    if (value !== undefined && value !== '' && !value.startsWith('-')) return value;
  }
  const serve = all.indexOf('serve');
  const model = serve === -1 ? undefined : all[serve + 1];
  return model === undefined || model.startsWith('-') ? undefined : model;
};

/** `sh -c "vllm serve …"` keeps its words in one. */
const innerWords = (word: string): readonly string[] => {
  if (!/\s/.test(word)) return [word];
  const split = splitWords(word);
  return split.ok ? split.words : [word];
};

const modelDrift = ({ model, driver }: DeclaredServe, { entrypoint, args }: ContainerFacts): string | undefined => {
  if (model === undefined || driver === 'process') return undefined;
  const running = modelInArguments([...entrypoint, ...args]);
  return running === undefined || running === model ? undefined : `was made to serve ${running}, declared is ${model}`;
};

/** A tag that was pulled or built anew since. */
const imageDrift = async ({ image, imageId }: ContainerFacts, world: ServesWorld): Promise<string | undefined> => {
  const docker = await world.docker();
  const now = await docker.imageId(image, world.signal);
  return now === undefined || now === imageId ? undefined : `image ${image} is another one by now`;
};

const composeDrift = async (
  { driver, up, cwd, container: name }: DeclaredServe,
  { labels }: ContainerFacts,
  { commands, signal }: ServesWorld,
): Promise<string | undefined> => {
  if (driver !== 'compose' || up === undefined || !isCompose(up)) return undefined;
  const service = labels[SERVICE_LABEL];
  const running = labels[HASH_LABEL];
  if (service === undefined || running === undefined) return `container ${name} was not made by docker compose`;
  const argv: Words = [...composeWords(up), 'config', '--hash', service];
  const result = await commands.run(argv, { timeoutMs: HASH_MS, signal, ...(cwd === undefined ? {} : { cwd }) });
  if (result.code !== 0) {
    const reason = result.timedOut ? 'took too long' : (result.err.trim().split('\n').at(-1) ?? '');
    throw new Error(`docker compose config --hash ${service}: ${reason}`);
  }
  const [, declared] = result.out.trim().split(/\s+/);
  if (declared === undefined) throw new Error(`docker compose config --hash ${service} printed no hash`);
  return declared === running ? undefined : `its service ${service} is declared otherwise by now`;
};

/** What stands before `up`: the program, and the flags that choose files and project. */
export const composeWords = (up: Words): Words => {
  const end = up.findIndex((word, index) => word === 'up' && !TAKES_VALUE.has(up[index - 1] ?? ''));
  const [program, ...rest] = end === -1 ? up : up.slice(0, end);
  return program === undefined ? up : [program, ...rest];
};
