/** Who has the port that a serve wants? */
import type { DeclaredServe, ServesManifest } from '#config/serves';
import type { ServesWorld } from '#ops/serves/world';

/** Time to connect on loopback, in milliseconds. */
const REACH_MS = 1000;
const HOST = '127.0.0.1';

/** In words, for a message; undefined when nobody answers there. Never rejects. */
export const portHolder = async (
  { port }: DeclaredServe,
  { serves }: ServesManifest,
  { effects, docker, signal }: ServesWorld,
): Promise<string | undefined> => {
  const taken = await effects.reach(HOST, port, REACH_MS).then(
    () => true,
    () => false,
  );
  if (!taken) return undefined;
  const container = await docker()
    .then((engine) => engine.portHolder(port, signal))
    .catch(() => undefined);
  if (container === undefined) return 'a program that is no container of this engine';
  const other = serves.find(({ container: name }) => name === container);
  return `container ${container}${other === undefined ? '' : ` of serve ${other.name}`}`;
};
