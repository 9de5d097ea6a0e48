/** Could files be made in a folder, whether it is there already or not? Nothing is made to find out. */

import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '#core/thrown';

const isAbsent = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** The nearest folder on the way up that exists. @throws the system's error, when something on the way is no folder */
const nearest = async (folder: string): Promise<string> => {
  for (let at = folder; ; at = dirname(at)) {
    try {
      if ((await stat(at)).isDirectory()) return at;
      throw new Error(`${at} is no folder`);
    } catch (error) {
      if (!isAbsent(error) || at === dirname(at)) throw error;
    }
  }
};

/**
 * Why no file could be made there, in words; undefined when one could, as far as permissions tell.
 * @param folder absolute
 */
export const whyNotWritable = async (folder: string): Promise<string | undefined> => {
  try {
    await access(await nearest(folder), constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
};
