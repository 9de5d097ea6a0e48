/** Where does this machine's Docker Engine listen? In the order in which Docker's own command line looks. */
import type { Commands } from '#platform/commands';
import { DockerError } from '#platform/docker-engine';
import type { Files } from '#platform/effects';

/** Asking the command line for its context may take so long, in milliseconds. */
const CONTEXT_MS = 5_000;

/** Docker's own for `tcp://HOST`. */
const TCP_PORT = 2375;

const DEFAULT_ADDRESS = 'unix:///var/run/docker.sock';

export type DockerAddress =
  | { readonly kind: 'unix'; readonly path: string }
  /** Origin without a path, such as `http://192.168.1.5:2375`. */
  | { readonly kind: 'tcp'; readonly origin: string };

export interface AddressSources {
  readonly env: (name: string) => string | undefined;
  readonly files: Pick<Files, 'exists'>;
  /** For the contexts of the command line; absent: they are not asked. */
  readonly commands?: Pick<Commands, 'run' | 'which'>;
}

const isSocketPath = (address: string): boolean => address.startsWith('/');

/**
 * What DOCKER_HOST or a context says, as something to connect to.
 * @param tls whether DOCKER_TLS_VERIFY is set
 * @throws DockerError `refused` for what cannot be spoken to from here, with the remedy
 */
export const parseDockerAddress = (address: string, tls: boolean): DockerAddress => {
  if (isSocketPath(address)) return { kind: 'unix', path: address };
  const [scheme = '', rest = ''] = address.split('://', 2);
  if (scheme === 'unix' && isSocketPath(rest)) return { kind: 'unix', path: rest };
  if (scheme === 'https' || (scheme === 'tcp' && tls)) {
    throw new DockerError(
      'refused',
      `the Docker Engine at ${address} wants TLS, which is not supported here: forward its socket instead, for example ssh -L /tmp/docker.sock:/var/run/docker.sock HOST and DOCKER_HOST=unix:///tmp/docker.sock, and the port of every model with it`,
    );
  }
  if ((scheme === 'tcp' || scheme === 'http') && URL.canParse(`http://${rest}`)) {
    const { hostname, host } = new URL(`http://${rest}`);
    const named = scheme === 'http' || /:\d+\/*$/.test(rest);
    return { kind: 'tcp', origin: `http://${named ? host : `${hostname}:${TCP_PORT}`}` };
  }
  if (scheme === 'ssh') {
    throw new DockerError(
      'refused',
      `the Docker Engine at ${address} is reached through ssh, which is not supported here: forward its socket, ssh -L /tmp/docker.sock:/var/run/docker.sock HOST, set DOCKER_HOST=unix:///tmp/docker.sock, and forward the port of every model with it`,
    );
  }
  if (scheme === 'npipe') {
    throw new DockerError(
      'refused',
      `the Docker Engine at ${address} listens on a named pipe, which is not supported: run this inside WSL, or let Docker Desktop expose tcp://localhost:2375 and set DOCKER_HOST to that`,
    );
  }
  throw new DockerError('refused', `DOCKER_HOST is "${address}": write unix:///PATH or tcp://HOST:PORT`);
};

/** Sockets that an engine commonly has: system-wide, rootless, Docker Desktop. */
const usualSockets = (env: AddressSources['env']): readonly string[] => {
  const runtime = env('XDG_RUNTIME_DIR');
  const home = env('HOME');
  return [
    '/var/run/docker.sock',
    ...(runtime === undefined ? [] : [`${runtime}/docker.sock`]),
    ...(home === undefined ? [] : [`${home}/.docker/run/docker.sock`]),
  ];
};

const fromContext = async (commands: AddressSources['commands']): Promise<string | undefined> => {
  if (commands?.which('docker') === undefined) return undefined;
  const argv = ['docker', 'context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'] as const;
  const { code, out } = await commands.run([...argv], { timeoutMs: CONTEXT_MS });
  const host = out.trim();
  return code === 0 && host !== '' ? host : undefined;
};

/**
 * DOCKER_HOST, else the context that the command line uses, else the first usual socket that exists, else the one that
 * messages shall name. Never rejects: what it finds may still be nonsense, which `parseDockerAddress` says.
 */
export const findDockerAddress = async ({ env, files, commands }: AddressSources): Promise<string> => {
  const declared = env('DOCKER_HOST');
  if (declared !== undefined) return declared;
  const context = await fromContext(commands).catch(() => undefined);
  // The default context names the usual place whether or not anything is there.
  if (context !== undefined && context !== DEFAULT_ADDRESS) return context;
  for (const path of usualSockets(env)) {
    if (await files.exists(path)) return `unix://${path}`;
  }
  return DEFAULT_ADDRESS;
};
