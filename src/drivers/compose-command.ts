/** How is `docker compose` asked about one service, and what do its answers mean? */
import { inOneLine } from '#core/plain-words';
import type { Scrubber } from '#core/redact';
import type { ComposeLaunch, ServeSpec } from '#core/serve-spec';
import { scrubberFor } from '#drivers/docker-spec';
import { DriverError, type DriverFault } from '#drivers/driver';
import { CommandMissing, type CommandResult, type Commands } from '#platform/commands';
import { type ContainerFacts, type DockerEngine, DockerError } from '#platform/docker-engine';
import type { Effects } from '#platform/effects';

export interface ComposeTools {
  readonly commands: Commands;
  readonly engine: DockerEngine;
  readonly env: Effects['env'];
}

export interface ComposeServe extends ServeSpec {
  readonly launch: ComposeLaunch;
}

/** Set by compose on every container it makes (docker/compose, pkg/api/labels.go). */
const HASH_LABEL = 'com.docker.compose.config-hash';

/** Questions are answered from the file and the engine, in well under a second. */
const ASK_MS = 30_000;
/** Lines of compose's own output in a message: the last ones say why. */
const REASON_LINES = 3;

/** @throws Error for a spec of another driver: the caller has mixed up its drivers */
export const composeServe = (spec: ServeSpec): ComposeServe => {
  const { launch } = spec;
  if (launch.driver !== 'compose')
    throw new Error(`serve ${spec.name}: the compose driver was given a ${launch.driver} serve`);
  return { ...spec, launch };
};

/** What compose and the engine say, and which of our words it is; the first that fits. */
const FAULTS: readonly (readonly [RegExp, DriverFault])[] = [
  [
    /cannot connect to the docker daemon|error during connect|permission denied while trying to connect/i,
    'unavailable',
  ],
  [/port is already allocated|address already in use|is already in use by container/i, 'stranger'],
  [
    /no such service|no such file or directory|no such image|manifest unknown|pull access denied|volume .* not found/i,
    'missing',
  ],
];

const REMEDIES: Readonly<Record<DriverFault, string>> = {
  unavailable: 'start the Docker Engine, or correct DOCKER_HOST',
  stranger: 'remove what has the name or the port, or change it in the compose file',
  missing: 'correct the compose file, or make what it names',
  failed: 'try the same command by hand',
};

const reasonOf = ({ code, endedBy, timedOut, out, err }: CommandResult, scrub: Scrubber): string => {
  const lines = `${out}\n${err}`.split('\n').filter((line) => line.trim() !== '');
  const said = inOneLine(scrub(lines.slice(-REASON_LINES).join(' | ')), 400);
  const how = timedOut ? 'did not end in time' : `ended with ${endedBy ?? code}`;
  return said === '' ? how : `${how}: ${said}`;
};

const composeError = ({ env }: ComposeTools, serve: ComposeServe, verb: string, result: CommandResult): DriverError => {
  const reason = reasonOf(result, scrubberFor(serve, env));
  const fault = FAULTS.find(([pattern]) => pattern.test(reason))?.[1] ?? 'failed';
  const { file, service } = serve.launch;
  return new DriverError(
    fault,
    `serve ${serve.name}: "docker compose ${verb}" of service ${service} in ${file} ${reason}; ${REMEDIES[fault]}`,
  );
};

export const engineError = (serve: ComposeServe, error: unknown): unknown =>
  error instanceof DockerError
    ? new DriverError(error.fault === 'unreachable' ? 'unavailable' : 'failed', `serve ${serve.name}: ${error.message}`)
    : error;

export interface Asked {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const askedWith = (signal: AbortSignal | undefined): Asked => ({
  timeoutMs: ASK_MS,
  ...(signal === undefined ? {} : { signal }),
});

/** One command on the serve's file, with its variables for what the file leaves open. Tells by its result what became of it. */
const run = (
  { commands }: ComposeTools,
  serve: ComposeServe,
  words: readonly string[],
  asked: Asked,
): Promise<CommandResult> => {
  const { file, project } = serve.launch;
  const head = ['docker', 'compose', ...(project === undefined ? [] : ['-p', project]), '-f', file] as const;
  return commands.run([...head, ...words], { ...asked, env: serve.env });
};

/** The same, which has to succeed. @throws DriverError */
export const compose = async (
  tools: ComposeTools,
  serve: ComposeServe,
  words: readonly string[],
  asked: Asked,
): Promise<string> => {
  const result = await run(tools, serve, words, asked);
  if (result.code === 0) return result.out;
  throw composeError(tools, serve, words[0] ?? '', result);
};

/** @throws DriverError `unavailable` without docker, or without its compose plugin, which Debian's docker.io lacks */
export const composeIsThere = async (
  { commands }: Pick<ComposeTools, 'commands'>,
  serve: ComposeServe,
  signal?: AbortSignal,
): Promise<void> => {
  try {
    const { code } = await commands.run(['docker', 'compose', 'version'], askedWith(signal));
    if (code === 0) return;
  } catch (error) {
    if (!(error instanceof CommandMissing)) throw error;
    throw new DriverError('unavailable', `serve ${serve.name}: ${error.message}`);
  }
  const remedy = 'install docker-compose-plugin, or make it a docker serve';
  throw new DriverError('unavailable', `serve ${serve.name}: docker has no compose plugin; ${remedy}`);
};

/** Ids of the service's containers, stopped ones included. @throws DriverError */
export const containerIds = async (
  tools: ComposeTools,
  serve: ComposeServe,
  signal?: AbortSignal,
): Promise<readonly string[]> => {
  const out = await compose(tools, serve, ['ps', '--all', '--quiet', serve.launch.service], askedWith(signal));
  return out.split(/\s+/).filter((id) => /^[0-9a-f]{12,64}$/.test(id));
};

/** The container of the service, a running one first; undefined when there is none. @throws DriverError */
export const containerOf = async (
  tools: ComposeTools,
  serve: ComposeServe,
  signal?: AbortSignal,
): Promise<ContainerFacts | undefined> => {
  const ids = await containerIds(tools, serve, signal);
  try {
    const found = await Promise.all(ids.map((id) => tools.engine.inspect(id, signal)));
    const facts = found.filter((each) => each !== undefined);
    return facts.find(({ status }) => status === 'running') ?? facts[0];
  } catch (error) {
    throw engineError(serve, error);
  }
};

/**
 * What differs between a container and the file. The hash of the file is that of the label unless the service has an
 * `env_file`, which `config --hash` leaves out and `up` does not (seen with compose 2.40.3); so where they differ, `up`
 * is asked what it would do.
 * @throws DriverError, DockerError
 */
export const composeDrift = async (
  tools: ComposeTools,
  serve: ComposeServe,
  facts: ContainerFacts,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const { service, file } = serve.launch;
  const asked = askedWith(signal);
  const imageId = await tools.engine.imageId(facts.image, signal);
  const isOther = imageId !== undefined && imageId !== facts.imageId;
  const image = isOther ? [`image ${facts.image} is another one now`] : [];
  const out = await compose(tools, serve, ['config', '--hash', service], asked);
  if (out.trim().split(/\s+/).at(-1) === facts.labels[HASH_LABEL]) return image;
  const trial = await run(tools, serve, ['--dry-run', 'up', '--detach', '--no-deps', service], asked);
  const wouldStay = trial.code === 0 && !/\bRecreate\b/.test(`${trial.out}\n${trial.err}`);
  return wouldStay ? image : [...image, `service ${service} differs from ${file}`];
};
