/** What the engine is told about a container: published on loopback, GPUs by UUID, folders and volumes apart. */
import { describe, expect, test } from 'bun:test';
import {
  bytesOf,
  createBody,
  dockerServe,
  handedTo,
  type Made,
  type ServeGpus,
  withoutSecrets,
} from '#drivers/docker-spec';
import { type SpecChanges, specWith } from '#tests/drivers/docker-support';

const NO_GPUS: ServeGpus = { uuids: [], ids: [] };

const bodyOf = (changes: SpecChanges, gpus: ServeGpus = NO_GPUS, handed: Made['handed'] = {}) => {
  const serve = dockerServe(specWith('engine:1', { name: 'fast', port: 30_001, ...changes }));
  return createBody({ serve, gpus, handed, owner: 'me', digest: 'd1' });
};

const hostOf = (...given: Parameters<typeof bodyOf>) => bodyOf(...given).HostConfig as Record<string, unknown>;

describe('the body that makes a container', () => {
  test('publishes on loopback only, restarts nothing by itself, and says whose it is', () => {
    expect(bodyOf({})).toEqual({
      Image: 'engine:1',
      Cmd: ['--served-model-name', 'fast', '--host', '0.0.0.0', '--port', '8000'],
      Env: [],
      Labels: {
        'dev.anvil-serving.serve': 'fast',
        'dev.anvil-serving.owner': 'me',
        'dev.anvil-serving.spec': 'd1',
      },
      ExposedPorts: { '8000/tcp': {} },
      HostConfig: {
        PortBindings: { '8000/tcp': [{ HostIp: '127.0.0.1', HostPort: '30001' }] },
        Mounts: [],
        DeviceRequests: [],
        RestartPolicy: { Name: 'no' },
        AutoRemove: false,
        Init: true,
        LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
      },
    });
  });

  test('replaces the entrypoint only when that is declared', () => {
    expect(bodyOf({ launch: { entrypoint: ['vllm'] } }).Entrypoint).toEqual(['vllm']);
  });

  test('gives all cards and confines the server to its own by UUID', () => {
    const gpus: ServeGpus = { uuids: ['GPU-a', 'GPU-b'], ids: ['GPU-a', 'GPU-b'] };
    const body = bodyOf({ launch: { gpuAccess: 'nvidia' }, env: { A: '1' } }, gpus, { TOKEN: 'x' });
    expect(body.Env).toEqual(['CUDA_DEVICE_ORDER=PCI_BUS_ID', 'CUDA_VISIBLE_DEVICES=GPU-a,GPU-b', 'A=1', 'TOKEN=x']);
    expect(body.HostConfig).toMatchObject({ DeviceRequests: [{ Count: -1, Capabilities: [['gpu']] }] });
  });

  test('gives the declared cards where their UUIDs are not known, and sets no variable', () => {
    const body = bodyOf({ launch: { gpuAccess: 'nvidia' } }, { uuids: undefined, ids: ['0'] });
    expect(body.Env).toEqual([]);
    expect(body.HostConfig).toMatchObject({ DeviceRequests: [{ DeviceIDs: ['0'], Capabilities: [['gpu']] }] });
  });

  test('gives no card to a server on the CPU, whatever it names', () => {
    const gpus: ServeGpus = { uuids: ['GPU-a'], ids: ['GPU-a'] };
    expect(hostOf({ launch: { gpuAccess: 'none' } }, gpus).DeviceRequests).toEqual([]);
    expect(bodyOf({ launch: { gpuAccess: 'none' } }, gpus).Env).toEqual([]);
  });

  test('tells folders from volumes', () => {
    const mounts = ['/srv/models', 'C:\\models', 'weights'].map((source) => ({ source, target: '/m', readOnly: true }));
    expect(hostOf({ launch: { mounts } }).Mounts).toEqual([
      { Type: 'bind', Source: '/srv/models', Target: '/m', ReadOnly: true },
      { Type: 'bind', Source: 'C:\\models', Target: '/m', ReadOnly: true },
      { Type: 'volume', Source: 'weights', Target: '/m', ReadOnly: true },
    ]);
  });

  test('sets shared memory of its own, or takes that of the host', () => {
    expect(hostOf({ launch: { shmSize: '16g' } })).toMatchObject({ ShmSize: 16 * 1024 ** 3 });
    const host = hostOf({ launch: { shmSize: '16g', ipcHost: true } });
    expect(host).toMatchObject({ IpcMode: 'host' });
    expect(host).not.toHaveProperty('ShmSize');
  });
});

describe('sizes', () => {
  const cases: readonly (readonly [text: string, bytes: number])[] = [
    ['1024', 1024],
    ['64b', 64],
    ['512k', 524_288],
    ['1.5m', 1_572_864],
    ['16g', 17_179_869_184],
    ['16GB', 17_179_869_184],
    ['1t', 1_099_511_627_776],
  ];
  for (const [text, bytes] of cases) {
    test(`${text} is ${bytes} bytes`, () => {
      expect(bytesOf(text, 'fast')).toBe(bytes);
    });
  }
  for (const text of ['', 'g', '16 gigs', '-1g', '1e3']) {
    test(`"${text}" is refused with an example`, () => {
      expect(() => bytesOf(text, 'fast')).toThrow('write it like 16g or 512m');
    });
  }
});

describe('what is handed over', () => {
  test('comes from our environment, all of it or none', () => {
    const spec = specWith('x', { name: 'fast', envFrom: ['A', 'B'] });
    expect(handedTo(spec, (name) => `value of ${name}`)).toEqual({ A: 'value of A', B: 'value of B' });
    expect(() => handedTo(spec, (name) => (name === 'A' ? '1' : undefined))).toThrow(
      'serve fast: its env_from names B, not set in this environment: export it before starting',
    );
  });

  test('is blotted out wherever a message repeats it', () => {
    expect(withoutSecrets('bad A=hunter2, hunter2', { A: 'hunter2', B: '' })).toBe('bad A=(hidden), (hidden)');
    expect(withoutSecrets('bad hunter2-more', { A: 'hunter2', B: 'hunter2-more' })).toBe('bad (hidden)');
  });

  test('goes to no other driver', () => {
    const spec = specWith('x', { name: 'fast' });
    const process = { ...spec, launch: { driver: 'process', argv: ['x'] } } as const;
    expect(() => dockerServe(process)).toThrow('given a process serve');
  });
});
