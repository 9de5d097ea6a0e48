/** Where a test keeps its files: a folder of its own that is gone when the test ends. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir as systemFolder } from 'node:os';
import { dirname, join } from 'node:path';

export interface TemporaryFolder extends AsyncDisposable {
  /** Absolute path of the folder. */
  readonly path: string;
  /** Absolute path of a name inside it; nothing is created. */
  file(name: string): string;
  /** Writes a text file, with the folders it needs; returns its absolute path. */
  write(name: string, text: string): Promise<string>;
  read(name: string): Promise<string>;
}

/** `await using folder = await tmpdir()` */
export const tmpdir = async (): Promise<TemporaryFolder> => {
  const path = await mkdtemp(join(systemFolder(), 'anvil-test-'));
  const file = (name: string): string => join(path, name);
  return {
    path,
    file,
    write: async (name, text) => {
      await mkdir(dirname(file(name)), { recursive: true });
      await writeFile(file(name), text);
      return file(name);
    },
    read: (name) => readFile(file(name), 'utf8'),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
};
