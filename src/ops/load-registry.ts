/** What does the registry file of a multiplexer say? The way from a path to models, or to all that is wrong with it. */

import { expandHome, pathFrom } from '#config/paths';
import type { ConfigProblem } from '#config/problem';
import { type RegistryResult, readRegistry } from '#config/registry';
import type { RegistryOverrides } from '#config/registry-resolve';
import { messageOf } from '#core/thrown';
import { ENGINES } from '#engines/index';
import type { Effects } from '#platform/effects';
import { parseJson } from '#platform/json-document';
import { realPathOf } from '#platform/real-path';
import { workingFolder } from '#platform/runtime';
import { parseToml } from '#platform/toml';

/** Characters of a registry; real ones have a few thousand. */
const TEXT_MAX = 256 * 1024;

/** v0.9 knew JSON only, whatever the file was called; TOML has to say so. */
const isToml = (path: string): boolean => /\.toml$/i.test(path);

/**
 * Reads a registry: TOML if its name ends in `.toml`, else JSON as v0.9 had it. All that can be wrong with it is in the
 * answer; nothing is thrown. The registry's path is the file's real one, so that whoever opens it by another name finds the
 * same lock and the same containers.
 * @param overrides what the command line says over the file
 */
export const loadRegistry = async (
  path: string,
  { env, files, sha256 }: Pick<Effects, 'env' | 'files' | 'sha256'>,
  overrides: RegistryOverrides = {},
): Promise<RegistryResult> => {
  const given = expandHome(path, env);
  const wrong = overridesProblem(overrides);
  if (wrong !== undefined) return { ok: false, problems: [wrong] };
  const read = await readText(given, files);
  if ('problem' in read) return { ok: false, problems: [read.problem] };
  const { text, real } = read;
  const parsed = isToml(given) ? parseToml(text) : parseJson(text);
  if (!parsed.ok) return { ok: false, problems: [{ file: given, key: '', ...parsed.problem }] };
  const result = readRegistry({
    text,
    path: real,
    document: parsed.document,
    locate: parsed.locate,
    unknownKeys: isToml(given) ? 'refused' : 'overlooked',
    env,
    sha256,
    engines: ENGINES,
    overrides,
  });
  // Problems name the file as the operator did.
  return result.ok ? result : { ok: false, problems: result.problems.map((problem) => ({ ...problem, file: given })) };
};

/** One day, as in the file. */
const SECONDS_MAX = 86_400;

const overridesProblem = ({ drainTimeoutSeconds, ramCapGb }: RegistryOverrides): ConfigProblem | undefined => {
  const refuse = (key: string, message: string, remedy: string) => ({ file: 'command line', key, message, remedy });
  if (drainTimeoutSeconds !== undefined && !(drainTimeoutSeconds >= 0 && drainTimeoutSeconds <= SECONDS_MAX)) {
    return refuse('--drain-timeout', `must be a number from 0 to ${SECONDS_MAX}`, 'give seconds, 0 to cut at once');
  }
  if (ramCapGb !== undefined && !(ramCapGb > 0 && Number.isFinite(ramCapGb))) {
    return refuse('--ram-cap-gb', 'must be a number above 0', 'give GiB, or leave it out for what is available');
  }
  return undefined;
};

const readText = async (
  path: string,
  files: Pick<Effects['files'], 'read'>,
): Promise<{ readonly text: string; readonly real: string } | { readonly problem: ConfigProblem }> => {
  const refuse = (message: string, remedy: string) => ({ problem: { file: path, key: '', message, remedy } });
  let text: string | undefined;
  let real: string;
  try {
    text = await files.read(path);
    real = await realPathOf(pathFrom(workingFolder(), path));
  } catch (error) {
    return refuse(`cannot be read: ${messageOf(error)}`, 'check path and rights');
  }
  if (text === undefined) {
    return refuse('there is no such file', 'check the path; configs/multiplexer.example.toml is a start');
  }
  if (text.length > TEXT_MAX) {
    return refuse(`has ${text.length} characters, more than ${TEXT_MAX}`, 'shorten or split it');
  }
  return { text, real };
};
