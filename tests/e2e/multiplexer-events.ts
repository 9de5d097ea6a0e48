/** What a Docker Engine did to the containers of a world, in its own words and order. */
import type { DockerEngine } from '#platform/docker-engine';

/** Longest wait for one event, in milliseconds. */
const EVENT_MS = 20_000;

export interface DockerEvents extends Disposable {
  /** `create a`, `start a`, `die a`: the verb and the model's name, oldest first. */
  readonly seen: readonly string[];
  /** Waits until that has happened so often. */
  until(event: string, times?: number): Promise<void>;
}

/** Verbs that say what becomes of a container; the others are steps on the way. */
const TOLD = new Set(['create', 'start', 'die', 'destroy']);

/** From now on. @param names models by the names of their containers */
export const watchEvents = (engine: DockerEngine, names: ReadonlyMap<string, string>): DockerEvents => {
  const filters = [...names.keys()].flatMap((name) => ['--filter', `container=${name}`]);
  const since = ['--since', (Date.now() / 1_000).toFixed(3)];
  const child = Bun.spawn(
    ['docker', 'events', ...since, ...filters, '--format', '{{.Action}} {{.Actor.Attributes.name}}'],
    { stdin: 'ignore', stdout: 'pipe', stderr: 'ignore', env: { ...process.env, DOCKER_HOST: engine.address } },
  );
  const seen: string[] = [];
  let news = Promise.withResolvers<void>();
  const listen = async (): Promise<void> => {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const [verb = '', name = ''] = line.split(' ');
        if (TOLD.has(verb)) seen.push(`${verb} ${names.get(name) ?? name}`);
      }
      news.resolve();
      news = Promise.withResolvers();
    }
  };
  void listen();
  return {
    seen,
    async until(event, times = 1) {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(
        () => late.reject(new Error(`Docker has not told "${event}" ${times} times, but: ${seen.join(', ')}`)),
        EVENT_MS,
      );
      try {
        while (seen.filter((one) => one === event).length < times) await Promise.race([news.promise, late.promise]);
      } finally {
        clearTimeout(timer);
      }
    },
    [Symbol.dispose]: () => child.kill(),
  };
};
