/** What would `serve` run on? The text it would write for itself, or a file with every default filled in. */
import type { Io } from '#cli/io';
import { CliError, EXIT, json } from '#cli/output';
import { formatProblems } from '#config/problem';
import { loadConfigFile } from '#ops/load-config';
import { findOrigin, type OriginOptions } from '#server/origin';

/** Maps and sets, which JSON does not know, as objects and arrays. */
const asPlain = (_key: string, value: unknown): unknown => {
  if (value instanceof Map) return Object.fromEntries(value);
  return value instanceof Set ? [...value] : value;
};

/**
 * TOML that can be kept as a file, for the demo and for engines found on this machine; JSON for a file. Secrets are
 * never in it: a configuration holds the names of their variables.
 * @throws CliError when there is no configuration to use
 */
export const describeConfig = async (options: OriginOptions, io: Io): Promise<string> => {
  const found = await findOrigin(options, io.effects);
  if (!found.ok) throw new CliError(found.reason, EXIT.usage);
  const { origin, stop, story } = found;
  await stop();
  io.terminal.err(`${story.join('\n')}\n`);
  if (origin.kind === 'text') return origin.text;
  const loaded = await loadConfigFile(origin.path, origin.mode, io.effects);
  if (!loaded.ok) throw new CliError(formatProblems(loaded.problems), EXIT.usage);
  return json(JSON.parse(JSON.stringify(loaded.settings, asPlain)));
};
