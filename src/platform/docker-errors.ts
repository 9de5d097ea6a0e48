/** Why did the Docker Engine not do it, in words that say what to do? */
import { DockerError, type DockerFault } from '#platform/docker-engine';

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';

/**
 * A call that never came back with an answer.
 * @param asked what was wanted, such as `inspect container anvil-fast`
 */
export const transportError = (asked: string, address: string, error: unknown): DockerError => {
  const code = codeOf(error);
  if (code === 'EACCES' || code === 'EPERM') {
    return new DockerError(
      'unreachable',
      `${asked}: permission denied at ${address}: add your user to the group docker (sudo usermod -aG docker $USER, then log in again) or set DOCKER_HOST to an engine of your own`,
    );
  }
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new DockerError(
      'unreachable',
      `${asked}: no Docker Engine answers at ${address}: start the Docker Engine, or set DOCKER_HOST to where it listens`,
    );
  }
  const detail = code === '' ? 'the connection failed' : `the connection failed (${code})`;
  return new DockerError(
    'unreachable',
    `${asked}: ${detail} at ${address}: see whether the Docker Engine is still running`,
  );
};

export const timeoutError = (asked: string, address: string, ms: number): DockerError =>
  new DockerError(
    'timeout',
    `${asked}: the Docker Engine at ${address} said nothing for ${Math.round(ms / 1000)} s: look at its log, or restart it`,
  );

interface Rule {
  readonly said: RegExp;
  readonly fault: DockerFault;
  readonly remedy: string;
}

/** What the engine says where its status alone does not tell. The first that fits counts. */
const RULES: readonly Rule[] = [
  {
    said: /port is already allocated|address already in use|ports are not available/i,
    fault: 'conflict',
    remedy: 'stop what holds the port, or choose another one',
  },
  {
    said: /container name .* is already in use/i,
    fault: 'conflict',
    remedy: 'remove that container (docker rm -f), or choose another name',
  },
  {
    said: /could not select device driver|nvidia-container-cli|unresolvable CDI devices|failed to discover GPU/i,
    fault: 'refused',
    remedy: 'install the NVIDIA Container Toolkit and restart the Docker Engine, or set gpu_access = "none"',
  },
  {
    said: /bind source path does not exist|no such volume/i,
    fault: 'missing',
    remedy: 'create the folder or the volume first',
  },
  {
    said: /no such image|manifest unknown|pull access denied/i,
    fault: 'missing',
    remedy: 'fetch the image (docker pull) or build it',
  },
  {
    said: /docker-init/i,
    fault: 'refused',
    remedy: 'install docker-init (package tini) where the Docker Engine runs',
  },
  { said: /no space left on device/i, fault: 'refused', remedy: 'make room on the disk of the Docker Engine' },
];

const faultOf = (status: number): DockerFault => {
  if (status === 404) return 'missing';
  return status === 409 ? 'conflict' : 'refused';
};

/** @param said the engine's own message, bounded */
export const answerError = (asked: string, status: number, said: string): DockerError => {
  const rule = RULES.find((one) => one.said.test(said));
  const words = said === '' ? `HTTP ${status}` : said;
  return rule === undefined
    ? new DockerError(faultOf(status), `${asked}: the Docker Engine says: ${words}`)
    : new DockerError(rule.fault, `${asked}: the Docker Engine says: ${words}: ${rule.remedy}`);
};
