/** What the client of the Docker Engine asks over a socket, and what it makes of every kind of answer, or of none. */
import { describe, expect, test } from 'bun:test';
import { DockerError } from '#platform/docker-engine';
import { transportError } from '#platform/docker-errors';
import { createDockerEngine, negotiate, WAIT_MS_MAX } from '#platform/docker-socket';
import { createSimulatedClock, realClock } from '#tests/support/clock';
import { rejectionOf } from '#tests/support/rejection';
import { tmpdir } from '#tests/support/tmp';

type Answer = (request: Request) => Response | Promise<Response>;

interface StubOptions {
  readonly answer?: Answer;
  readonly versions?: object;
}

const VERSIONS = { Version: '27.1.1', ApiVersion: '1.46', MinAPIVersion: '1.24' };

/** An engine that answers `/version` by itself and everything else as told. */
const stub = async ({ answer = () => new Response(null, { status: 204 }), versions = VERSIONS }: StubOptions) => {
  const folder = await tmpdir();
  const path = folder.file('docker.sock');
  const asked: string[] = [];
  const listen = () =>
    Bun.serve({
      unix: path,
      fetch: (request) => {
        const { pathname, search } = new URL(request.url);
        asked.push(`${request.method} ${pathname}${search}`);
        return pathname === '/version' ? Response.json(versions) : answer(request);
      },
    });
  let server = listen();
  return {
    address: `unix://${path}`,
    asked,
    restart: async () => {
      await server.stop(true);
      server = listen();
    },
    stop: () => server.stop(true),
    [Symbol.asyncDispose]: async () => {
      await server.stop(true);
      await folder[Symbol.asyncDispose]();
    },
  };
};

const says =
  (status: number, message: string): Answer =>
  () =>
    Response.json({ message }, { status });

describe('an answer that is none of an engine', () => {
  const answers: Readonly<Record<string, Answer>> = {
    'is empty': () => new Response(''),
    'is a page': () => new Response('<html>welcome</html>'),
    'was cut': () => new Response('{"Id":"0123'),
    'has no id': () => Response.json({}),
    'knows nothing of the path': () => new Response('404 page not found', { status: 404 }),
  };
  for (const [what, answer] of Object.entries(answers)) {
    test(`${what}: nobody is told that something is not there`, async () => {
      await using docker = await stub({ answer });
      const engine = createDockerEngine({ address: docker.address, clock: realClock });
      const refusals = [engine.inspect('a'), engine.list('x'), engine.imageId('i'), engine.portHolder(1)];
      for (const refused of await Promise.all(refusals.map(rejectionOf))) {
        expect(refused).toMatchObject({ fault: 'refused', message: expect.stringContaining('DOCKER_HOST') });
      }
    });
  }
});

test('a call that is given up does not wait for an engine that says nothing', async () => {
  await using folder = await tmpdir();
  const path = folder.file('silent.sock');
  const listener = Bun.listen({ unix: path, socket: { data: () => undefined } });
  const given = new AbortController();
  const refused = rejectionOf(
    createDockerEngine({ address: `unix://${path}`, clock: createSimulatedClock() }).inspect('a', given.signal),
  );
  given.abort(new Error('given up'));
  expect((await refused).message).toBe('given up');
  listener.stop(true);
});

describe('the version of the API', () => {
  const cases: readonly (readonly [newest: string, oldest: string, spoken: string])[] = [
    ['1.41', '1.12', '1.41'],
    ['1.51', '1.24', '1.44'],
    ['1.52', '1.44', '1.44'],
    ['1.60', '1.50', '1.50'],
    ['1.44', '0', '1.44'],
  ];
  for (const [newest, oldest, spoken] of cases) {
    test(`with an engine of ${oldest} to ${newest} is ${spoken}`, () => {
      expect(negotiate(newest, oldest, 'here')).toBe(spoken);
    });
  }

  test('is refused when the engine is too old, or is none', () => {
    expect(() => negotiate('1.9', '1.1', 'here')).toThrow('update it');
    expect(() => negotiate('', '0', 'here')).toThrow('(none)');
  });

  test('is asked for once, and again after the engine was away', async () => {
    await using docker = await stub({ answer: says(404, 'none') });
    const engine = createDockerEngine({ address: docker.address, clock: realClock });
    await engine.inspect('a');
    await engine.inspect('b');
    await docker.stop();
    expect(await rejectionOf(engine.inspect('c'))).toMatchObject({ fault: 'unreachable' });
    await docker.restart();
    await engine.inspect('d');
    expect(docker.asked).toEqual([
      'GET /version',
      'GET /v1.44/containers/a/json',
      'GET /v1.44/containers/b/json',
      'GET /version',
      'GET /v1.44/containers/d/json',
    ]);
  });
});

describe('what the engine says', () => {
  const cases: readonly (readonly [status: number, said: string, fault: string, remedy: string])[] = [
    [404, 'No such image: x:1', 'missing', 'docker pull'],
    [409, 'Conflict. The container name "/x" is already in use by container "y".', 'conflict', 'docker rm -f'],
    [
      500,
      'driver failed programming: Bind for 127.0.0.1:1 failed: port is already allocated',
      'conflict',
      'another one',
    ],
    [500, 'could not select device driver "" with capabilities: [[gpu]]', 'refused', 'NVIDIA Container Toolkit'],
    [400, 'invalid mount config: bind source path does not exist: /x', 'missing', 'create the folder'],
    [500, 'write /var/lib/docker/x: no space left on device', 'refused', 'make room'],
    [500, 'something else', 'refused', 'something else'],
  ];
  for (const [status, said, fault, remedy] of cases) {
    test(`${status} ${said.slice(0, 40)} is ${fault}`, async () => {
      await using docker = await stub({ answer: says(status, said) });
      const engine = createDockerEngine({ address: docker.address, clock: realClock });
      const refused = await rejectionOf(engine.create('x', {}));
      expect(refused).toBeInstanceOf(DockerError);
      expect(refused).toMatchObject({ fault });
      expect(refused.message).toStartWith('create container x: the Docker Engine says: ');
      expect(refused.message).toContain(remedy);
    });
  }

  test('something that is no engine is told by its own words, cut', async () => {
    await using docker = await stub({ answer: () => new Response('x'.repeat(100_000), { status: 500 }) });
    const engine = createDockerEngine({ address: docker.address, clock: realClock });
    expect((await rejectionOf(engine.start('x'))).message.length).toBeLessThan(700);
  });

  test('an answer without end is read only so far', async () => {
    const chunk = new Uint8Array(1024 * 1024).fill(32);
    let given = 0;
    const endless = () =>
      new ReadableStream({
        pull: (controller) => {
          given++;
          controller.enqueue(chunk);
        },
      });
    await using docker = await stub({ answer: () => new Response(endless()) });
    const engine = createDockerEngine({ address: docker.address, clock: realClock });
    expect(await rejectionOf(engine.imageId('x'))).toMatchObject({ fault: 'refused' });
    expect(given).toBeLessThan(64);
  });

  test('a container that is gone is undefined, and removing it again is no error', async () => {
    await using docker = await stub({ answer: says(404, 'No such container: x') });
    const engine = createDockerEngine({ address: docker.address, clock: realClock });
    expect(await engine.inspect('x')).toBeUndefined();
    expect(await engine.remove('x')).toBeUndefined();
    expect(await rejectionOf(engine.wait('x'))).toMatchObject({ fault: 'missing' });
  });

  test('a removal that is already going on is waited for', async () => {
    const answer: Answer = ({ method }) =>
      method === 'DELETE'
        ? Response.json({ message: 'removal already in progress' }, { status: 409 })
        : Response.json({});
    await using docker = await stub({ answer });
    await createDockerEngine({ address: docker.address, clock: realClock }).remove('x');
    expect(docker.asked.slice(1)).toEqual([
      'DELETE /v1.44/containers/x?force=true&v=true',
      'POST /v1.44/containers/x/wait?condition=removed',
    ]);
  });

  test('a wait that ends with nothing said is no exit', async () => {
    await using docker = await stub({ answer: () => new Response('') });
    const engine = createDockerEngine({ address: docker.address, clock: realClock });
    expect(await rejectionOf(engine.wait('x'))).toMatchObject({ fault: 'unreachable' });
  });

  test('the port of the host is found among those that containers publish', async () => {
    const containers = [
      { Names: ['/one'], Ports: [{ PrivatePort: 8000, Type: 'tcp' }] },
      { Names: ['/two'], Ports: [{ PrivatePort: 8000, PublicPort: 30001, IP: '127.0.0.1', Type: 'tcp' }] },
    ];
    await using docker = await stub({ answer: () => Response.json(containers) });
    const engine = createDockerEngine({ address: docker.address, clock: realClock });
    expect(await engine.portHolder(30_001)).toBe('two');
    expect(await engine.portHolder(8_000)).toBeUndefined();
  });
});

describe('an engine that says nothing', () => {
  const never = (): Promise<Response> => new Promise(() => {});

  test('is given up after its deadline, in words', async () => {
    const heard = Promise.withResolvers<void>();
    const clock = createSimulatedClock();
    await using docker = await stub({
      answer: () => {
        heard.resolve();
        return never();
      },
    });
    const waiting = rejectionOf(createDockerEngine({ address: docker.address, clock }).wait('x'));
    await heard.promise;
    await clock.advance(WAIT_MS_MAX);
    const refused = await waiting;
    expect(refused).toMatchObject({ fault: 'timeout' });
    expect(refused.message).toContain('240 s');
    expect(clock.pending).toBe(0);
  });

  test('is left at once when the caller goes, who hears its own reason', async () => {
    const heard = Promise.withResolvers<void>();
    const caller = new AbortController();
    await using docker = await stub({
      answer: () => {
        heard.resolve();
        return never();
      },
    });
    const engine = createDockerEngine({ address: docker.address, clock: realClock });
    const waiting = rejectionOf(engine.inspect('x', caller.signal));
    await heard.promise;
    caller.abort(new Error('gone home'));
    expect((await waiting).message).toBe('gone home');
  });

  test('may listen on a socket that is forbidden to us', () => {
    const refused = transportError('inspect container x', 'unix:///x', Object.assign(new Error(), { code: 'EACCES' }));
    expect(refused).toMatchObject({ fault: 'unreachable', message: expect.stringContaining('group docker') });
  });

  test('may not be there at all', async () => {
    await using folder = await tmpdir();
    const engine = createDockerEngine({ address: `unix://${folder.file('none.sock')}`, clock: realClock });
    const refused = await rejectionOf(engine.version());
    expect(refused).toMatchObject({
      fault: 'unreachable',
      message: expect.stringContaining('start the Docker Engine'),
    });
  });
});
