/** How do the two scripted tiers take turns on one GPU, the heavy one's model being there and the fast one's not? */
const DOOR = Bun.fileURLToPath(new URL('door-program.ts', import.meta.url));

export interface Gpu {
  /** Text of the registry. */
  readonly registry: string;
  /** Tables of the router's configuration. */
  readonly tables: string;
  /** Where the tiers' models are served once they are loaded. */
  readonly fastUrl: string;
  readonly heavyUrl: string;
}

export const GPU_GROUP = 'gpu0';
export const REGISTRY_FILE = 'multiplexer.toml';

/** Told by the router's log when the model that is in the way is there. */
export const RESIDENT = /"model":"scripted-heavy"[^\n]*"model loaded"/;

/** A port that nobody had a moment ago. */
const freePort = async (): Promise<number> => {
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response(null) });
  const { port } = server;
  await server.stop(true);
  if (port === undefined) throw new Error('the system gives no port');
  return port;
};

const modelToml = (model: string, port: number, behind: string, loadMs: number, extra = ''): string => `
[[models]]
name = "${model}"
driver = "process"
engine = "custom"
command = ${JSON.stringify([process.execPath, DOOR, '--port', '{port}', '--model', '{name}', '--behind', behind, '--load-ms', String(loadMs)])}
port = ${port}
gpu = 0
gpu_access = "none"
stop_seconds = 2
${extra}`;

export const planGpu = async (fastUrl: string, heavyUrl: string, loadMs: number): Promise<Gpu> => {
  const [fast, heavy] = [await freePort(), await freePort()];
  return {
    registry: `[multiplexer]
min_resident_seconds = 0
linger_seconds = 0

[[gpus]]
id = 0
${modelToml('scripted-fast', fast, fastUrl, loadMs)}${modelToml('scripted-heavy', heavy, heavyUrl, 0, 'preload = true\n')}`,
    tables: `
[[router.swap_groups]]
name = "${GPU_GROUP}"
registry = "${REGISTRY_FILE}"
keepalive_after_seconds = 2
`,
    fastUrl: `http://127.0.0.1:${fast}`,
    heavyUrl: `http://127.0.0.1:${heavy}`,
  };
};
