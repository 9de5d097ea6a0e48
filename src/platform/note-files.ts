/** How are small texts kept by name, each in a file of its own, where the next run of the program finds them? */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

export interface NoteFiles {
  /** Undefined when there is none. @throws the system's error when it is there and cannot be read */
  get(name: string): string | undefined;
  /** Undefined removes it. @throws the system's error when it cannot be written */
  set(name: string, text: string | undefined): void;
}

/** Nothing is made before the first note is written. @param folder absolute */
export const noteFiles = (folder: string): NoteFiles => {
  const pathOf = (name: string): string => join(folder, `${encodeURIComponent(name)}.note`);
  return {
    get: (name) => {
      try {
        return readFileSync(pathOf(name), 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    set: (name, text) => {
      const path = pathOf(name);
      if (text === undefined) {
        rmSync(path, { force: true });
        return;
      }
      mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
      writeFileSync(`${path}.tmp`, text, { mode: FILE_MODE });
      renameSync(`${path}.tmp`, path);
    },
  };
};
