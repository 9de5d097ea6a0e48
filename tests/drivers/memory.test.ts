/** How much host memory is left: for a container what the host has, for a process also what our control group may take. */
import { describe, expect, test } from 'bun:test';
import { createHostMemory, parseVmStat, tellingMemory } from '#drivers/memory';
import { createCommands } from '#platform/commands';
import { type ReadSystemFile, readMemory } from '#platform/memory';
import { fakePrograms } from '#tests/support/fake-programs';

const GIB = 1024 ** 3;
const MEMINFO =
  'MemTotal:       24684096 kB\nMemFree:        20535464 kB\nMemAvailable:   24051224 kB\nBuffers:  49776 kB\n';
const AVAILABLE_BYTES = 24_051_224 * 1_024;

const filesOf =
  (files: Readonly<Record<string, string>>): ReadSystemFile =>
  async (path) =>
    files[path];

describe('memory of the host', () => {
  test('counts what the page cache would give back', async () => {
    const { hostBytes, groupBytes } = await readMemory(filesOf({ '/proc/meminfo': MEMINFO }));
    expect([hostBytes, groupBytes]).toEqual([AVAILABLE_BYTES, undefined]);
  });

  test('is unknown where the system has no such files', async () => {
    expect(await readMemory(filesOf({}))).toEqual({ hostBytes: undefined, groupBytes: undefined });
    expect(await readMemory(filesOf({ '/proc/meminfo': 'nonsense', '/proc/self/cgroup': 'nonsense' }))).toEqual({
      hostBytes: undefined,
      groupBytes: undefined,
    });
  });

  test.skipIf(process.platform !== 'linux')('is read from this machine', async () => {
    const { hostBytes } = await readMemory();
    expect(hostBytes).toBeGreaterThan(0);
  });
});

describe('memory of our control group', () => {
  const cases: readonly (readonly [what: string, files: Readonly<Record<string, string>>, left: number | undefined])[] =
    [
      [
        'version 2, with its page cache counted as free',
        {
          '/proc/self/cgroup': '0::/user.slice/anvil.service\n',
          '/sys/fs/cgroup/user.slice/anvil.service/memory.max': `${8 * GIB}\n`,
          '/sys/fs/cgroup/user.slice/anvil.service/memory.current': `${6 * GIB}\n`,
          '/sys/fs/cgroup/user.slice/anvil.service/memory.stat': `anon 1\ninactive_file ${4 * GIB}\nactive_file 9\n`,
        },
        6 * GIB,
      ],
      [
        'version 2, limited further up',
        {
          '/proc/self/cgroup': '0::/a/b\n',
          '/sys/fs/cgroup/a/b/memory.max': 'max\n',
          '/sys/fs/cgroup/a/memory.max': `${2 * GIB}\n`,
          '/sys/fs/cgroup/a/memory.current': `${GIB}\n`,
        },
        GIB,
      ],
      [
        'version 2, inside a container whose path is that of the host',
        {
          '/proc/self/cgroup': '0::/../../docker/abc\n',
          '/sys/fs/cgroup/memory.max': `${3 * GIB}\n`,
          '/sys/fs/cgroup/memory.current': `${GIB}\n`,
        },
        2 * GIB,
      ],
      [
        'version 1',
        {
          '/proc/self/cgroup': '9:name=systemd:/\n4:memory:/job/1\n0::/\n',
          '/sys/fs/cgroup/memory/job/1/memory.limit_in_bytes': `${4 * GIB}\n`,
          '/sys/fs/cgroup/memory/job/1/memory.usage_in_bytes': `${3 * GIB}\n`,
          '/sys/fs/cgroup/memory/job/1/memory.stat': `cache 5\ntotal_inactive_file ${GIB}\n`,
          '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
        },
        2 * GIB,
      ],
      [
        'version 1 without a limit',
        { '/proc/self/cgroup': '4:memory:/\n', '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' },
        undefined,
      ],
      [
        'one that is full',
        { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': '100', '/sys/fs/cgroup/memory.current': '200' },
        0,
      ],
    ];
  for (const [what, files, left] of cases) {
    test(`is that of ${what}`, async () => {
      expect((await readMemory(filesOf(files))).groupBytes).toBe(left);
    });
  }
});

describe('memory for the next model', () => {
  const commands = createCommands({ PATH: '/no/such/folder' });

  test('is the smaller one for a process, and the host for containers', async () => {
    const memory = createHostMemory(commands, async () => ({ hostBytes: 20 * GIB, groupBytes: 2 * GIB }));
    expect(await memory.availableGb('process')).toBe(2);
    expect(await memory.availableGb('docker')).toBe(20);
    expect(await memory.availableGb('compose')).toBe(20);
  });

  test('is the host for a process without limits, or with larger ones', async () => {
    for (const groupBytes of [undefined, 50 * GIB]) {
      const memory = createHostMemory(commands, async () => ({ hostBytes: 20 * GIB, groupBytes }));
      expect(await memory.availableGb('process')).toBe(20);
    }
  });

  test('is unknown where nothing tells', async () => {
    const memory = createHostMemory(commands, async () => ({ hostBytes: undefined, groupBytes: undefined }));
    expect(await memory.availableGb('docker')).toBeUndefined();
  });

  test.skipIf(process.platform === 'win32')('is asked of vm_stat where there are no such files', async () => {
    const text = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                              100000.
Pages active:                            400000.
Pages inactive:                          300000.
Pages speculative:                        20000.
Pages purgeable:                           4288.
`;
    await using programs = await fakePrograms({ vm_stat: `printf '%s' '${text}'` });
    const memory = createHostMemory(programs.commands, async () => ({ hostBytes: undefined, groupBytes: undefined }));
    expect(await memory.availableGb('docker')).toBe((424_288 * 16_384) / GIB);
    expect(parseVmStat('something else')).toBeUndefined();
  });
});

describe('memory that cannot be read', () => {
  test.each([
    ['is told once, and loads are not guarded', async () => undefined, 'cannot be read: models are loaded without'],
    [
      'and fails is told with its reason',
      async () => {
        throw new Error('vm_stat hangs');
      },
      'cannot be read (vm_stat hangs): models',
    ],
  ])('%s', async (_title, availableGb, words) => {
    const told: string[] = [];
    const memory = tellingMemory({ availableGb }, (message) => told.push(message));
    expect([await memory.availableGb('docker'), await memory.availableGb('docker')]).toEqual([undefined, undefined]);
    expect(told).toEqual([expect.stringContaining(words)]);
  });
});
