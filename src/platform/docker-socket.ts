/** The Docker Engine over its HTTP API: which path, which deadline and which answer each question has. */
import { type AddressSources, findDockerAddress } from '#platform/docker-address';
import { type DockerEngine, DockerError, type LogLine, type LogWish } from '#platform/docker-engine';
import { containerFacts, hasTty, holderOf, listedIds, numberField, textField } from '#platform/docker-facts';
import { createDockerHttp, type DockerAnswer, type DockerCall, type DockerHttp } from '#platform/docker-http';
import { createLogReader } from '#platform/docker-logs';
import type { Clock } from '#platform/effects';

/** Newest version of the API that this was written for (Docker Engine 25); older engines get theirs. */
const API_VERSION = '1.44';
/** Oldest with everything used here (Docker Engine 1.13). */
const API_VERSION_MIN = '1.25';

/** Deadlines in milliseconds. */
const ASK_MS = 10_000;
/** Making and removing may move layers on a slow disk. */
const CHANGE_MS = 60_000;
/** Beyond the grace that a container gets. */
const STOP_MS = 30_000;
export const WAIT_MS_MAX = 240_000;

/** Containers looked at for one `list`. */
const LISTED_MAX = 256;

export interface DockerEngineOptions {
  /** As DOCKER_HOST has it: `unix:///var/run/docker.sock`, `tcp://127.0.0.1:2375`. */
  readonly address: string;
  /** Whether DOCKER_TLS_VERIFY is set. */
  readonly tls?: boolean;
  readonly clock: Clock;
}

/** Compares versions such as 1.9 and 1.41 by their numbers. */
const compareVersions = (left: string, right: string): number => {
  const [leftMajor = 0, leftMinor = 0] = left.split('.').map(Number);
  const [rightMajor = 0, rightMinor = 0] = right.split('.').map(Number);
  return leftMajor - rightMajor || leftMinor - rightMinor;
};

/**
 * The version to speak: ours, unless the engine is older, or has given up on ours.
 * @throws DockerError for an engine too old
 */
export const negotiate = (newest: string, oldest: string, address: string): string => {
  if (compareVersions(newest, API_VERSION_MIN) < 0) {
    throw new DockerError(
      'refused',
      `the Docker Engine at ${address} speaks version ${newest || '(none)'} of its API, and ${API_VERSION_MIN} is needed: update it`,
    );
  }
  const common = compareVersions(newest, API_VERSION) < 0 ? newest : API_VERSION;
  return compareVersions(oldest, common) > 0 ? oldest : common;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** An answer without what has to be in it says nothing, least of all that something is not there. */
const noAnswer = (asked: string): DockerError =>
  new DockerError(
    'refused',
    `${asked}: the answer is none of a Docker Engine: see that DOCKER_HOST leads to one, and to nothing in between`,
  );

/** @throws DockerError */
const idIn = (asked: string, answer: unknown): string => {
  const id = textField(answer, 'Id');
  if (id === '') throw noAnswer(asked);
  return id;
};

/** The same, but no longer than the signal allows: others may still wait for it. @throws the reason of the signal */
const unlessAborted = async <Answer>(work: Promise<Answer>, signal: AbortSignal | undefined): Promise<Answer> => {
  if (signal === undefined) return work;
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

/** Calls with the version in front, which is asked for once and again after the engine was away. */
const versioned = (http: DockerHttp) => {
  let agreed: Promise<string> | undefined;
  // Without anybody's signal: whoever asks at the same time shares the answer.
  const ask = async (): Promise<string> => {
    const answer = await http.call({
      asked: 'ask for the version',
      method: 'GET',
      path: '/version',
      timeoutMs: ASK_MS,
    });
    const facts = parse(answer.text);
    return negotiate(textField(facts, 'ApiVersion'), textField(facts, 'MinAPIVersion') || '0', http.address);
  };
  const prefix = async (): Promise<string> => {
    const asking = agreed ?? ask();
    agreed = asking;
    try {
      return `/v${await asking}`;
    } catch (error) {
      if (agreed === asking) agreed = undefined;
      throw error;
    }
  };
  const guarded = async <Answer>(call: DockerCall, perform: (call: DockerCall) => Promise<Answer>): Promise<Answer> => {
    const path = `${await unlessAborted(prefix(), call.signal)}${call.path}`;
    try {
      return await perform({ ...call, path });
    } catch (error) {
      if (error instanceof DockerError && error.fault === 'unreachable') agreed = undefined;
      throw error;
    }
  };
  return {
    call: (call: DockerCall) => guarded(call, http.call),
    stream: (call: DockerCall) => guarded(call, http.stream),
  };
};

type Api = ReturnType<typeof versioned>;

/** Names of images keep their slashes. */
const imagePath = (image: string): string => image.split('/').map(encodeURIComponent).join('/');

const questions = (api: Api) => {
  const get = async (asked: string, path: string, signal: AbortSignal | undefined): Promise<DockerAnswer> => {
    const answer = await api.call({ asked, method: 'GET', path, accepts: [404], timeoutMs: ASK_MS, signal });
    // An engine says what it does not know; anything else on the way says 404, too.
    if (answer.status === 404 && textField(parse(answer.text), 'message') === '') throw noAnswer(asked);
    return answer;
  };
  const inspectRaw = async (name: string, signal: AbortSignal | undefined): Promise<unknown> => {
    const asked = `inspect container ${name}`;
    const answer = await get(asked, `/containers/${encodeURIComponent(name)}/json`, signal);
    if (answer.status === 404) return undefined;
    const raw = parse(answer.text);
    idIn(asked, raw);
    return raw;
  };
  const inspect: DockerEngine['inspect'] = async (name, signal) => {
    const raw = await inspectRaw(name, signal);
    return raw === undefined ? undefined : containerFacts(raw);
  };
  const listed = async (query: string, signal: AbortSignal | undefined): Promise<readonly unknown[]> => {
    const asked = 'list containers';
    const list = parse((await get(asked, `/containers/json${query}`, signal)).text);
    if (!Array.isArray(list)) throw noAnswer(asked);
    return list;
  };
  return {
    inspectRaw,
    inspect,
    list: async (label, signal) => {
      const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
      const ids = listedIds(await listed(`?all=true&filters=${filters}`, signal)).slice(0, LISTED_MAX);
      const found = await Promise.all(ids.map((id) => inspect(id, signal)));
      return found.filter((one) => one !== undefined);
    },
    portHolder: async (port, signal) => holderOf(await listed('', signal), port),
    hasVolume: async (name, signal) =>
      (await get(`look for volume ${name}`, `/volumes/${encodeURIComponent(name)}`, signal)).status !== 404,
    imageId: async (image, signal) => {
      const asked = `look for image ${image}`;
      const answer = await get(asked, `/images/${imagePath(image)}/json`, signal);
      return answer.status === 404 ? undefined : idIn(asked, parse(answer.text));
    },
  } satisfies Partial<DockerEngine> & Record<string, unknown>;
};

const changes = (api: Api): Pick<DockerEngine, 'create' | 'start' | 'stop' | 'unpause' | 'remove' | 'wait'> => {
  const post = (
    asked: string,
    path: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    extra: Pick<DockerCall, 'body' | 'accepts'> = {},
  ): Promise<DockerAnswer> => api.call({ asked, method: 'POST', path, timeoutMs, signal, ...extra });
  const at = (name: string): string => `/containers/${encodeURIComponent(name)}`;
  const wait: DockerEngine['wait'] = async (name, signal) => {
    const path = `${at(name)}/wait?condition=not-running`;
    const asked = `wait for container ${name}`;
    const { text } = await post(asked, path, WAIT_MS_MAX, signal);
    const code = numberField(parse(text), 'StatusCode');
    // An engine that leaves may end the answer before it has said anything: that is no exit with 0.
    if (code === undefined) throw new DockerError('unreachable', `${asked}: the Docker Engine went away meanwhile`);
    return code;
  };
  return {
    wait,
    create: async (name, body, signal) => {
      const path = `/containers/create?name=${encodeURIComponent(name)}`;
      const asked = `create container ${name}`;
      const { text } = await post(asked, path, CHANGE_MS, signal, { body });
      return idIn(asked, parse(text));
    },
    start: async (name, signal) => {
      await post(`start container ${name}`, `${at(name)}/start`, CHANGE_MS, signal, { accepts: [304] });
    },
    stop: async (name, graceMs, signal) => {
      // The API counts in whole seconds.
      const path = `${at(name)}/stop?t=${Math.max(0, Math.ceil(graceMs / 1000))}`;
      await post(`stop container ${name}`, path, graceMs + STOP_MS, signal, { accepts: [304] });
    },
    unpause: async (name, signal) => {
      await post(`unpause container ${name}`, `${at(name)}/unpause`, ASK_MS, signal);
    },
    remove: async (name, signal) => {
      const asked = `remove container ${name}`;
      // Its anonymous volumes go with it; named ones never do.
      const path = `${at(name)}?force=true&v=true`;
      const { status } = await api.call({
        asked,
        method: 'DELETE',
        path,
        accepts: [404, 409],
        timeoutMs: CHANGE_MS,
        signal,
      });
      if (status !== 409) return;
      // Somebody else is removing it: no need to ask again, only to see it gone.
      await post(asked, `${at(name)}/wait?condition=removed`, CHANGE_MS, signal, { accepts: [404] });
    },
  };
};

const logsOf = (api: Api, inspectRaw: (name: string, signal: AbortSignal | undefined) => Promise<unknown>) =>
  async function* logs(name: string, wish: LogWish, signal?: AbortSignal): AsyncIterable<LogLine> {
    const asked = `read the log of container ${name}`;
    const raw = await inspectRaw(name, signal);
    if (raw === undefined) throw new DockerError('missing', `${asked}: there is no such container`);
    const reader = createLogReader(hasTty(raw));
    const query = new URLSearchParams({ stdout: 'true', stderr: 'true', timestamps: 'true' });
    if (wish.follow) query.set('follow', 'true');
    if (wish.tail !== undefined) query.set('tail', String(wish.tail));
    if (wish.since !== undefined) query.set('since', wish.since.toFixed(3));
    const path = `/containers/${encodeURIComponent(name)}/logs?${query}`;
    const { body, close } = await api.stream({ asked, method: 'GET', path, timeoutMs: ASK_MS, signal });
    try {
      if (body !== undefined) for await (const chunk of body) yield* reader.push(chunk);
      yield* reader.end();
    } catch (error) {
      if (signal?.aborted === true) return;
      throw new DockerError(
        'unreachable',
        `${asked}: it broke off (${error instanceof Error ? error.message : error})`,
      );
    } finally {
      close();
    }
  };

/**
 * Nothing is opened before the first call, so that a machine without an engine notices nothing while nobody needs one.
 * @throws never; each method throws DockerError
 */
export const createDockerEngine = (options: DockerEngineOptions): DockerEngine => {
  const http = createDockerHttp(options);
  const api = versioned(http);
  const { inspectRaw, ...asking } = questions(api);
  return {
    address: options.address,
    version: async (signal) => {
      const asked = 'ask for the version';
      const { text } = await http.call({ asked, method: 'GET', path: '/version', timeoutMs: ASK_MS, signal });
      return textField(parse(text), 'Version');
    },
    ...asking,
    ...changes(api),
    logs: logsOf(api, inspectRaw),
  };
};

/** The engine of this machine, wherever it listens. Never rejects: an engine that is not there says so when asked. */
export const openDockerEngine = async (sources: AddressSources & { readonly clock: Clock }): Promise<DockerEngine> =>
  createDockerEngine({
    address: await findDockerAddress(sources),
    tls: sources.env('DOCKER_TLS_VERIFY') !== undefined,
    clock: sources.clock,
  });
