/** Which file does a path lead to, behind every symbolic link? */
import { realpath } from 'node:fs/promises';

/** The path itself where nothing is there yet. @throws the system's error for anything else, such as a loop of links */
export const realPathOf = async (path: string): Promise<string> => {
  try {
    return await realpath(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return path;
    throw error;
  }
};
