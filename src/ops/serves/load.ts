/** Which manifest is meant, and what does it declare? The way from a flag to serves. */

import { expandHome, folderOf, pathFrom } from '#config/paths';
import type { ConfigProblem } from '#config/problem';
import { readServes, type ServesResult } from '#config/serves';
import { messageOf } from '#core/thrown';
import type { Effects } from '#platform/effects';
import { parseToml } from '#platform/toml';

export const MANIFEST_PATH = './serves.toml';

/** Characters of a manifest; real ones have a few hundred. */
const TEXT_MAX = 256 * 1024;

/**
 * Reads a manifest. All that can be wrong with it is in the answer; nothing is thrown.
 * @param workingFolder absolute; relative paths start there
 */
export const loadServes = async (
  written: string,
  workingFolder: string,
  { env, files }: Pick<Effects, 'env' | 'files'>,
): Promise<ServesResult> => {
  const path = expandHome(written, env);
  const refuse = (problem: Omit<ConfigProblem, 'file' | 'key'>): ServesResult => ({
    ok: false,
    problems: [{ file: path, key: '', ...problem }],
  });
  let text: string | undefined;
  try {
    text = await files.read(pathFrom(workingFolder, path));
  } catch (error) {
    return refuse({ message: `cannot be read: ${messageOf(error)}`, remedy: 'correct its permissions, or the path' });
  }
  if (text === undefined) {
    const remedy = 'write one as configs/serves.example.toml shows, or name yours with --manifest PATH';
    return refuse({ message: 'there is no such file', remedy });
  }
  if (text.length > TEXT_MAX) {
    return refuse({ message: `has ${text.length} characters, more than ${TEXT_MAX}`, remedy: 'shorten or split it' });
  }
  const parsed = parseToml(text);
  if (!parsed.ok) return refuse(parsed.problem);
  const folder = folderOf(pathFrom(workingFolder, path)).replace(/(?!^)[/\\]+$/, '');
  return readServes({ path, folder, document: parsed.document, locate: parsed.locate, env });
};
