/** Which registry is meant when the command line names one, or none? There is no default one: v0.9's was somebody's own rig. */
import { expandHome, pathFrom } from '#config/paths';
import type { Effects } from '#platform/effects';
import { workingFolder } from '#platform/runtime';

/** Looked for where the program was called, in this order. */
const NAMES = ['multiplexer.toml', 'multiplexer.json'] as const;

/** @throws Error with a remedy when none is named and none is there */
export const findRegistry = async (
  named: string | undefined,
  { env, files }: Pick<Effects, 'env' | 'files'>,
): Promise<string> => {
  const folder = workingFolder();
  if (named !== undefined) return pathFrom(folder, expandHome(named, env));
  for (const name of NAMES) {
    const path = pathFrom(folder, name);
    if (await files.exists(path)) return path;
  }
  throw new Error(
    `no registry named, and neither ${NAMES.join(' nor ')} is in ${folder} — ` +
      'give --registry PATH; configs/multiplexer.example.toml is a start',
  );
};
