/** What does an image without any other image below it need? A compiled program, the libc it is loaded with, a /tmp. */
import { chmod, cp, mkdir, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';

const EXECUTABLE = 0o755;
/** Everybody may write, nobody may delete what is another's. */
const TEMPORARY = 0o1777;

/** The shared libraries a binary is loaded with, the loader included, as absolute paths. */
const librariesOf = async (binary: string): Promise<readonly string[]> => {
  const child = Bun.spawn(['ldd', binary], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [code, out] = await Promise.all([child.exited, child.stdout.text()]);
  const paths = out.split('\n').flatMap((line) => /(?:=> |^\s*)(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  if (code !== 0 || paths.length === 0) throw new Error(`ldd ${binary} named no libraries:\n${out}`);
  return paths;
};

/** @throws Error elsewhere than on Linux, because the image is made of this machine's libc */
export const checkPlatform = (): void => {
  if (process.platform === 'linux') return;
  throw new Error('the image is made of this machine’s libc, so it can only be laid out on Linux');
};

/**
 * Lays out the root folder of an image.
 * @param binary absolute path of a compiled program
 * @param root absolute path of the folder that becomes `/`
 * @param place where the program goes in it: `/anvil-serving`
 */
export const layOutProgram = async (binary: string, root: string, place: string): Promise<void> => {
  await mkdir(`${root}/tmp`, { recursive: true });
  await chmod(`${root}/tmp`, TEMPORARY);
  await mkdir(dirname(`${root}${place}`), { recursive: true });
  await cp(binary, `${root}${place}`);
  await chmod(`${root}${place}`, EXECUTABLE);
  for (const library of await librariesOf(binary)) {
    const copy = `${root}${library}`;
    await mkdir(dirname(copy), { recursive: true });
    await cp(await realpath(library), copy);
    await chmod(copy, EXECUTABLE);
  }
};
