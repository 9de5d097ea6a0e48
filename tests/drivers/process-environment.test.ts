/** What a plain program gets from our environment, which GPUs it sees, and where its output goes. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { symlink } from 'node:fs/promises';
import type { ServeSpec } from '#core/serve-spec';
import { resolveGpus } from '#drivers/gpus';
import type { ProcessWorld } from '#drivers/process';
import { createCommands } from '#platform/commands';
import { createDriver, freePort, memoryNotes, never, saysReady, specOf } from '#tests/drivers/process-support';
import { rejectionOf } from '#tests/support/rejection';
import { tmpdir } from '#tests/support/tmp';

/** Real processes, on a machine that may be busy. Milliseconds. */
setDefaultTimeout(30_000);

const OURS = {
  PATH: process.env.PATH ?? '',
  HOME: '/home/operator',
  OPENAI_API_KEY: 'sk-of-the-cloud-1',
  FAST_KEY: 'fast-key-value',
  HF_TOKEN: 'hf-token-value-of-ours',
  LD_LIBRARY_PATH: '/opt/cuda/lib64',
};

/** Starts a serve that prints its environment, and stops it again. Returns what it printed. */
const environmentOf = async (changes: Partial<ServeSpec>, world: Partial<ProcessWorld> = {}) => {
  await using folder = await tmpdir();
  const driver = createDriver(folder.path, memoryNotes(), {
    commands: createCommands(OURS),
    env: (name) => OURS[name as keyof typeof OURS],
    variables: Object.keys(OURS),
    ...world,
  });
  const script = 'env | sort; echo ready; sleep 60';
  const spec = specOf(await freePort(), [], { launch: { driver: 'process', argv: ['sh', '-c', script] }, ...changes });
  const serve = await driver.start(spec, never);
  await saysReady(serve);
  const tail = serve.tail();
  await driver.stop({ ...spec, stopMs: 50 });
  return { tail, log: await folder.read('small.log') };
};

describe.skipIf(process.platform === 'win32')('the environment of a process serve', () => {
  test('is ours without what names a secret, and with what its entry says', async () => {
    const { log } = await environmentOf({ env: { OMP_NUM_THREADS: '4' } });
    expect(log).toContain('HOME=/home/operator\n');
    expect(log).toContain('LD_LIBRARY_PATH=/opt/cuda/lib64\n');
    expect(log).toContain('OMP_NUM_THREADS=4\n');
    for (const name of ['OPENAI_API_KEY', 'FAST_KEY', 'HF_TOKEN', 'CUDA_']) expect(log).not.toContain(name);
  });

  test('holds a secret that its entry hands on, which its last lines do not show', async () => {
    const { log, tail } = await environmentOf({ envFrom: ['HF_TOKEN'] });
    expect(log).toContain(`HF_TOKEN=${OURS.HF_TOKEN}\n`);
    expect(tail.join('\n')).not.toContain(OURS.HF_TOKEN);
    expect(tail.some((line) => line.startsWith('HF_TOKEN=['))).toBe(true);
  });

  test('lacks a secret that is not set, which is an error that names it', async () => {
    const error = await rejectionOf(environmentOf({ envFrom: ['NOT_SET'] }));
    expect(error).toMatchObject({ fault: 'missing' });
    expect(error.message).toContain('NOT_SET');
  });

  test('confines it to its GPUs, by UUID', async () => {
    const gpus = [{ index: 1, uuid: 'GPU-bb', name: '', totalMib: 1, usedMib: 0 }];
    const { log } = await environmentOf({ gpus: ['1'] }, { gpus: async (declared) => resolveGpus(declared, { gpus }) });
    expect(log).toContain('CUDA_DEVICE_ORDER=PCI_BUS_ID\nCUDA_VISIBLE_DEVICES=GPU-bb\n');
  });

  test('names them as declared where no UUID can be found out, with a warning that is told once', async () => {
    const warnings: string[] = [];
    const { log } = await environmentOf({ gpus: ['0'] }, { onWarning: (message) => warnings.push(message) });
    expect(log).toContain('CUDA_VISIBLE_DEVICES=0\n');
    expect(warnings).toEqual([
      'serve small: GPU 0 cannot be resolved to a UUID (nvidia-smi is not on PATH); that the serve keeps to it is not certain',
    ]);
  });
});

describe.skipIf(process.platform === 'win32')('the output of a process serve', () => {
  test('goes through us when its folder cannot be written, with a warning', async () => {
    await using folder = await tmpdir();
    const file = await folder.write('file', '');
    const warnings: string[] = [];
    const world = { onWarning: (message: string) => void warnings.push(message) };
    const driver = createDriver(`${file}/logs`, memoryNotes(), world);
    const spec = specOf(await freePort());
    const serve = await driver.start(spec, never);
    await saysReady(serve);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`the log of small cannot be written to ${file}/logs/small.log`);
    await driver.stop(spec);
    expect(await serve.exited).toMatchObject({ code: 0 });
  });

  test.skipIf(process.platform !== 'linux')('goes through us when the disk is full', async () => {
    await using folder = await tmpdir();
    await symlink('/dev/full', folder.file('small.log'));
    const warnings: string[] = [];
    const world = { onWarning: (message: string) => void warnings.push(message) };
    const driver = createDriver(folder.path, memoryNotes(), world);
    const spec = specOf(await freePort());
    await saysReady(await driver.start(spec, never));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('ENOSPC');
    await driver.stop(spec);
  });

  test('lies in a file with a name of its own, whatever the serve is called', async () => {
    await using folder = await tmpdir();
    const driver = createDriver(folder.path, memoryNotes());
    const spec = specOf(await freePort(), [], { name: '../Qwen/Qwen3 8B' });
    const serve = await driver.start(spec, never);
    await saysReady(serve);
    await driver.stop(spec);
    const names = await Array.fromAsync(new Bun.Glob('*').scan({ cwd: folder.path }));
    expect(names).toHaveLength(1);
    expect(names[0]).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]*-[0-9a-f]{8}\.log$/);
  });
});
