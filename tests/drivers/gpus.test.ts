/** Which GPUs nvidia-smi lists, and what an index or UUID of a registry comes to. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { cudaEnvironment, type GpuFacts, type GpuListing, listGpus, parseGpus, resolveGpus } from '#drivers/gpus';
import { createCommands } from '#platform/commands';
import { fakePrograms } from '#tests/support/fake-programs';

/** Real processes, on a machine that may be busy. Milliseconds. */
setDefaultTimeout(30_000);

const gpu = (index: number, uuid: string): GpuFacts => ({
  index,
  uuid,
  name: 'NVIDIA',
  totalMib: 32_607,
  usedMib: 512,
});
const TWO: GpuListing = { gpus: [gpu(0, 'GPU-aa'), gpu(1, 'GPU-bb')] };
const NONE: GpuListing = { gpus: [], reason: 'nvidia-smi is not on PATH' };

describe('rows of nvidia-smi', () => {
  test('are read, and what is no row is passed over', () => {
    const csv = `Warning: something, else
0, GPU-aa, NVIDIA GeForce RTX 5090, 32607, 812
1, GPU-bb, NVIDIA RTX PRO 6000, Workstation Edition, 97887, [N/A]

2,
x, GPU-cc, a, 1, 1
3, [Unknown Error], [Unknown Error], [Unknown Error], [Unknown Error]
`;
    expect(parseGpus(csv)).toEqual([
      { index: 0, uuid: 'GPU-aa', name: 'NVIDIA GeForce RTX 5090', totalMib: 32_607, usedMib: 812 },
      {
        index: 1,
        uuid: 'GPU-bb',
        name: 'NVIDIA RTX PRO 6000, Workstation Edition',
        totalMib: 97_887,
        usedMib: undefined,
      },
    ]);
  });
});

describe.skipIf(process.platform === 'win32')('the list of GPUs', () => {
  test('is asked for in one call', async () => {
    await using programs = await fakePrograms({ 'nvidia-smi': "echo '0, GPU-aa, NVIDIA, 32607, 512'" });
    expect(await listGpus(programs.commands)).toEqual({ gpus: [gpu(0, 'GPU-aa')] });
    expect(await programs.calls('nvidia-smi')).toEqual([
      ['--query-gpu=index,uuid,name,memory.total,memory.used', '--format=csv,noheader,nounits'],
    ]);
  });

  const failures: readonly (readonly [what: string, script: string, reason: string])[] = [
    [
      'a driver that does not answer',
      'echo "Failed to initialize NVML" >&2; exit 9',
      'nvidia-smi failed (9): Failed to initialize NVML',
    ],
    ['no card', 'exit 0', 'nvidia-smi lists no GPU'],
    ['a message instead of rows', 'echo "No devices were found"', 'nvidia-smi lists no GPU'],
    ['a crash', 'kill -SEGV $$', 'nvidia-smi failed (SIGSEGV)'],
  ];
  for (const [what, script, reason] of failures) {
    test(`is empty for ${what}, and says why`, async () => {
      await using programs = await fakePrograms({ 'nvidia-smi': script });
      expect(await listGpus(programs.commands)).toEqual({ gpus: [], reason });
    });
  }

  test('is empty without the program', async () => {
    expect(await listGpus(createCommands({ PATH: '/no/such/folder' }))).toEqual(NONE);
  });
});

describe('GPUs as declared', () => {
  const cases: readonly (readonly [
    what: string,
    declared: readonly string[],
    listing: GpuListing,
    uuids: readonly string[] | undefined,
    warning: string | undefined,
  ])[] = [
    ['a UUID that is listed', ['GPU-bb'], TWO, ['GPU-bb'], undefined],
    ['a UUID in other letters', ['gpu-BB'], TWO, ['GPU-bb'], undefined],
    ['a UUID where nothing is listed', ['GPU-aa'], NONE, undefined, 'GPU GPU-aa cannot be verified'],
    ['a UUID that is not listed', ['GPU-zz'], TWO, ['GPU-zz'], 'not among those that nvidia-smi lists'],
    ['a part of a card', ['MIG-1-2'], TWO, ['MIG-1-2'], 'used unverified'],
    ['a word', ['first'], TWO, undefined, 'neither an index nor a UUID'],
    [
      'an index where nothing is listed',
      ['0'],
      NONE,
      undefined,
      'cannot be resolved to a UUID (nvidia-smi is not on PATH)',
    ],
    ['an index that is listed', ['1'], TWO, ['GPU-bb'], undefined],
    ['an index that is not listed', ['7'], TWO, undefined, 'nvidia-smi lists 0, 1'],
    ['two of them, in their order', ['1', '0'], TWO, ['GPU-bb', 'GPU-aa'], undefined],
    ['two of which one is unknown', ['0', '7'], TWO, undefined, 'GPU 7 cannot be resolved'],
    ['none', [], NONE, [], undefined],
  ];
  for (const [what, declared, listing, uuids, warning] of cases) {
    test(`may be ${what}`, () => {
      const resolved = resolveGpus(declared, listing);
      expect(resolved.uuids).toEqual(uuids);
      expect(resolved.ids).toEqual(uuids ?? declared);
      expect(resolved.warnings).toHaveLength(warning === undefined ? 0 : 1);
      if (warning !== undefined) expect(resolved.warnings[0]).toContain(warning);
    });
  }

  test('confine a program with two variables, or with none', () => {
    expect(cudaEnvironment(['GPU-bb', 'GPU-aa'])).toEqual({
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
      CUDA_VISIBLE_DEVICES: 'GPU-bb,GPU-aa',
    });
    expect(cudaEnvironment([])).toEqual({});
  });
});
