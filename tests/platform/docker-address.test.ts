/** Where the Docker Engine is looked for, and what is said of an address that leads nowhere. */
import { describe, expect, test } from 'bun:test';
import { findDockerAddress, parseDockerAddress } from '#platform/docker-address';
import { DockerError } from '#platform/docker-engine';

describe('an address', () => {
  const good: readonly (readonly [address: string, parsed: object])[] = [
    ['unix:///var/run/docker.sock', { kind: 'unix', path: '/var/run/docker.sock' }],
    ['/var/run/docker.sock', { kind: 'unix', path: '/var/run/docker.sock' }],
    ['tcp://127.0.0.1:2375', { kind: 'tcp', origin: 'http://127.0.0.1:2375' }],
    ['tcp://box', { kind: 'tcp', origin: 'http://box:2375' }],
    ['tcp://box:80', { kind: 'tcp', origin: 'http://box' }],
    ['tcp://box:2375/', { kind: 'tcp', origin: 'http://box:2375' }],
    ['http://[::1]:2375', { kind: 'tcp', origin: 'http://[::1]:2375' }],
  ];
  for (const [address, parsed] of good) {
    test(`${address} is understood`, () => {
      expect(parseDockerAddress(address, false)).toEqual(parsed as ReturnType<typeof parseDockerAddress>);
    });
  }

  const bad: readonly (readonly [address: string, tls: boolean, words: string])[] = [
    ['tcp://box:2376', true, 'wants TLS'],
    ['https://box:2376', false, 'wants TLS'],
    ['ssh://me@box', false, 'forward its socket'],
    ['npipe:////./pipe/docker_engine', false, 'WSL'],
    ['unix://docker.sock', false, 'unix:///PATH or tcp://HOST:PORT'],
    ['docker', false, 'unix:///PATH or tcp://HOST:PORT'],
    ['', false, 'unix:///PATH or tcp://HOST:PORT'],
  ];
  for (const [address, tls, words] of bad) {
    test(`"${address}"${tls ? ' with TLS' : ''} is refused with a remedy`, () => {
      try {
        parseDockerAddress(address, tls);
      } catch (error) {
        expect(error).toBeInstanceOf(DockerError);
        expect(String(error)).toContain(words);
        return;
      }
      throw new Error('it was taken');
    });
  }
});

interface Machine {
  readonly env?: Readonly<Record<string, string>>;
  readonly sockets?: readonly string[];
  /** What `docker context inspect` prints; absent: there is no docker program. */
  readonly context?: { readonly code: number; readonly out: string };
}

const addressOn = ({ env = {}, sockets = [], context }: Machine): Promise<string> =>
  findDockerAddress({
    env: (name) => env[name],
    files: { exists: async (path) => sockets.includes(path) },
    commands: {
      which: (program) => (context !== undefined && program === 'docker' ? '/usr/bin/docker' : undefined),
      run: async () => ({ code: context?.code ?? 1, out: context?.out ?? '', err: '', timedOut: false }),
    },
  });

describe('the engine is looked for', () => {
  const home = { HOME: '/home/me', XDG_RUNTIME_DIR: '/run/user/7' };
  const cases: readonly (readonly [title: string, machine: Machine, address: string])[] = [
    [
      'where DOCKER_HOST says, before anything else',
      {
        env: { DOCKER_HOST: 'tcp://box:2375' },
        context: { code: 0, out: 'unix:///x\n' },
        sockets: ['/var/run/docker.sock'],
      },
      'tcp://box:2375',
    ],
    [
      'where the context of the command line says',
      { context: { code: 0, out: 'unix:///home/me/.colima/docker.sock\n' }, sockets: ['/var/run/docker.sock'] },
      'unix:///home/me/.colima/docker.sock',
    ],
    [
      'at the rootless socket when the default context names one that is not there',
      { env: home, context: { code: 0, out: 'unix:///var/run/docker.sock\n' }, sockets: ['/run/user/7/docker.sock'] },
      'unix:///run/user/7/docker.sock',
    ],
    [
      'at the system-wide socket',
      { env: home, sockets: ['/var/run/docker.sock', '/run/user/7/docker.sock'] },
      'unix:///var/run/docker.sock',
    ],
    [
      'at the socket of Docker Desktop',
      { env: home, sockets: ['/home/me/.docker/run/docker.sock'] },
      'unix:///home/me/.docker/run/docker.sock',
    ],
    [
      'at the usual place when nothing is found, so that messages can name it',
      { env: home, context: { code: 1, out: '' } },
      'unix:///var/run/docker.sock',
    ],
  ];
  for (const [title, machine, address] of cases) {
    test(title, async () => {
      expect(await addressOn(machine)).toBe(address);
    });
  }

  test('a command line that fails is no obstacle', async () => {
    const found = await findDockerAddress({
      env: () => undefined,
      files: { exists: async () => false },
      commands: { which: () => '/usr/bin/docker', run: () => Promise.reject(new Error('it broke')) },
    });
    expect(found).toBe('unix:///var/run/docker.sock');
  });
});
