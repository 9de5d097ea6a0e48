/** How is the router started for a measurement, under which configuration, and when does it answer? */
import { endProcess, freePort, ROOT, type Running, watch, within } from './children';
import { MODEL } from './wire';

export type Mode = 'none' | 'block' | 'all';

/** From the sources, or the compiled binary. */
export type Build = 'source' | 'binary';

export const BINARY = 'dist/anvil-serving';
const COMMANDS: Readonly<Record<Build, readonly string[]>> = {
  source: [process.execPath, 'src/main.ts'],
  binary: [`${ROOT}${BINARY}`],
};

const HEALTHY_WITHIN_MS = 10_000;
/** Between two attempts to connect to a router that does not listen yet, in milliseconds. */
const RETRY_MS = 1;
const HEALTH_REQUEST = 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n';

/**
 * The verdict decides on hold and checks, so each mode is measured with the verdict whose default it is: `none` as an
 * operator sets it for allowed tiers (no checks), `block` for allowed tiers (two checks), `all` for tiers to be
 * verified (all checks), which is every local tier that the built-in profile does not know.
 */
const TIERS: Readonly<Record<Mode, readonly [string, string]>> = {
  none: ['fast-local', 'heavy-local'],
  block: ['fast-local', 'heavy-local'],
  all: ['bench-fast', 'bench-heavy'],
};

const tierToml = (id: string, upstreamPort: number): string => `
[[router.tiers]]
id = "${id}"
base_url = "http://127.0.0.1:${upstreamPort}/v1"
model = "${MODEL}"
dialect = "openai"
context_limit = 131072
privacy = "local"
tool_support = true
auth_env = "ANVIL_BENCH_KEY"
`;

/** The configuration of one router: everything at its default but the hold, the admission limit and the file names. */
export const routerToml = (mode: Mode, upstreamPort: number, storePath: string): string => {
  const [fast, heavy] = TIERS[mode];
  const hold = mode === 'all' ? 'allow-with-verify = "all"' : `allow = "${mode}"`;
  return `[router]
mapping_version = "bench.1"
${tierToml(fast, upstreamPort)}${tierToml(heavy, upstreamPort)}
[router.presets]
chat = ["${fast}", "${heavy}"]
quick-edit = ["${fast}", "${heavy}"]
review = ["${heavy}"]
planning = ["${heavy}"]
long-context = ["${heavy}"]

[router.hold]
${hold}
keepalive_after_seconds = 10

[router.limits]
concurrency_max = 4096

[router.store]
path = "${storePath}"
`;
};

/** One GET /healthz; true when it is a 200. Rejects while nobody listens. */
const askHealth = async (port: number): Promise<boolean> => {
  const answered = Promise.withResolvers<boolean>();
  await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      open: (socket) => void socket.write(HEALTH_REQUEST),
      data: (socket, bytes) => {
        answered.resolve(bytes.toString('latin1', 0, 12) === 'HTTP/1.1 200');
        socket.end();
      },
      close: () => answered.resolve(false),
      error: () => answered.resolve(false),
    },
  });
  return answered.promise;
};

const untilHealthy = async (port: number, hasEnded: () => boolean): Promise<void> => {
  for (;;) {
    if (hasEnded())
      throw new Error('the router ended before it answered; start it by hand with the same file to see why');
    if (await askHealth(port).catch(() => false)) return;
    await Bun.sleep(RETRY_MS);
  }
};

export interface RouterOptions {
  readonly build: Build;
  readonly configPath: string;
}

export interface RunningRouter extends Running {
  /** From just before the process is created to the first 200 of /healthz, in milliseconds. */
  readonly startMs: number;
}

/** Starts a router at default log level, its log thrown away, and waits until it answers. */
export const startRouter = async ({ build, configPath }: RouterOptions): Promise<RunningRouter> => {
  const port = freePort();
  const startedAt = performance.now();
  const child = Bun.spawn([...COMMANDS[build], 'serve', '--config', configPath, '--port', String(port)], {
    cwd: ROOT,
    env: { ...process.env, ANVIL_BENCH_KEY: 'bench' },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
  });
  watch(child);
  await within(
    untilHealthy(port, () => child.exitCode !== null),
    HEALTHY_WITHIN_MS,
    `router (${build})`,
  );
  return { pid: child.pid, port, startMs: performance.now() - startedAt, stop: () => endProcess(child) };
};
