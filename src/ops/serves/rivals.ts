/** Which running serves of another mode stand in the way, and shall they make room? */
import type { Mode } from '#config/schema';
import type { DeclaredServe, ServesManifest } from '#config/serves';
import { takeDown } from '#ops/serves/down';
import type { Outcome } from '#ops/serves/outcome';
import { type Rivalry, rivalsOf } from '#ops/serves/select';
import { stateOf } from '#ops/serves/state';
import type { ServesWorld } from '#ops/serves/world';

export interface Room {
  /** Those that run and stay. */
  readonly staying: readonly Rivalry[];
  /** What became of those that were asked to stop. */
  readonly stopped: readonly Outcome[];
}

export interface RoomOptions {
  /** Stop them; else they are only named. */
  readonly switching: boolean;
  readonly dryRun: boolean;
}

/** States in which a server has its port and its memory, or takes them again by itself. */
const HOLDS: ReadonlySet<string> = new Set(['running', 'paused', 'restarting']);

export const makeRoom = async (
  wanted: readonly DeclaredServe[],
  manifest: ServesManifest,
  mode: Mode,
  { switching, dryRun }: RoomOptions,
  world: ServesWorld,
): Promise<Room> => {
  const rivals = rivalsOf(wanted, manifest, mode);
  const states = await Promise.all(rivals.map(({ rival }) => stateOf(rival, world)));
  const running = rivals.filter((_, index) => HOLDS.has(states[index]?.status ?? ''));
  if (!switching) return { staying: running, stopped: [] };
  const serves = running.map(({ rival }) => rival);
  return { staying: [], stopped: await takeDown(serves, dryRun, world) };
};
