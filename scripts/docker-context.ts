/** Lays out what the container image holds in dist/docker: the binary, the libc it needs, two empty folders. */
import { cp, mkdir, rm } from 'node:fs/promises';
import { binaryPath, build } from '#scripts/build';
import { checkPlatform, layOutProgram } from '#scripts/scratch-image';

const ROOT = Bun.fileURLToPath(new URL('..', import.meta.url));
const CONTEXT = `${ROOT}/dist/docker`;

const layOut = async (): Promise<void> => {
  checkPlatform();
  await build({ outfile: binaryPath() });
  await rm(CONTEXT, { recursive: true, force: true });
  await mkdir(`${CONTEXT}/data`, { recursive: true });
  await mkdir(`${CONTEXT}/root/etc/anvil`, { recursive: true });
  await layOutProgram(`${ROOT}/${binaryPath()}`, `${CONTEXT}/root`, '/anvil-serving');
  await cp(`${ROOT}/LICENSE`, `${CONTEXT}/root/LICENSE`);
};

await layOut();
process.stdout.write('dist/docker is ready: docker build --tag anvil-serving .\n');
