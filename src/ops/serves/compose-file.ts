/** How are services of a compose file brought up without any manifest? */

import type { Words } from '#config/serves';
import { messageOf } from '#core/thrown';
import { type Outcome, outcome } from '#ops/serves/outcome';
import { runWords } from '#ops/serves/up';
import { commandLine } from '#ops/serves/up-plan';
import type { ServesWorld } from '#ops/serves/world';

/** Compose decides what has to be made; the services are all of the file when none is named. Never rejects. */
export const upComposeFile = async (
  file: string,
  services: readonly string[],
  dryRun: boolean,
  world: Pick<ServesWorld, 'commands' | 'signal' | 'tell'>,
): Promise<Outcome> => {
  const words: Words = ['docker', 'compose', '-f', file, 'up', '-d', ...services];
  const named = { name: services.join(' ') || file };
  if (dryRun) return outcome(named, 'planned', `would run: ${commandLine(words)}`);
  try {
    return await runWords(named, words, undefined, world);
  } catch (error) {
    return outcome(named, 'failed', messageOf(error));
  }
};
