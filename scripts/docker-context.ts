/** Lays out what the container image holds in dist/docker: the binary, the libc it needs, two empty folders. */
import { chmod, cp, mkdir, realpath, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { binaryPath, build } from '#scripts/build';

const ROOT = Bun.fileURLToPath(new URL('..', import.meta.url));
const CONTEXT = `${ROOT}/dist/docker`;

/** The shared libraries a binary is loaded with, the loader included, as absolute paths. */
const librariesOf = async (binary: string): Promise<readonly string[]> => {
  const child = Bun.spawn(['ldd', binary], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [code, out] = await Promise.all([child.exited, child.stdout.text()]);
  const paths = out.split('\n').flatMap((line) => /(?:=> |^\s*)(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  if (code !== 0 || paths.length === 0) throw new Error(`ldd ${binary} named no libraries:\n${out}`);
  return paths;
};

const layOut = async (): Promise<void> => {
  if (process.platform !== 'linux') {
    throw new Error('the image is made of this machine’s libc, so it can only be laid out on Linux');
  }
  await build({ outfile: binaryPath() });
  await rm(CONTEXT, { recursive: true, force: true });
  const binary = `${ROOT}/${binaryPath()}`;
  await mkdir(`${CONTEXT}/root/tmp`, { recursive: true });
  await chmod(`${CONTEXT}/root/tmp`, 0o1777);
  await mkdir(`${CONTEXT}/data`, { recursive: true });
  await mkdir(`${CONTEXT}/root/etc/anvil`, { recursive: true });
  await cp(binary, `${CONTEXT}/root/anvil-serving`);
  await chmod(`${CONTEXT}/root/anvil-serving`, 0o755);
  for (const library of await librariesOf(binary)) {
    const place = `${CONTEXT}/root${library}`;
    await mkdir(dirname(place), { recursive: true });
    await cp(await realpath(library), place);
    await chmod(place, 0o755);
  }
  await cp(`${ROOT}/LICENSE`, `${CONTEXT}/root/LICENSE`);
};

await layOut();
process.stdout.write('dist/docker is ready: docker build --tag anvil-serving .\n');
