/** How do an operator's arguments and those of a builder come together without saying anything twice? */
import type { EngineWish } from '#core/engine';

/** One choice of a builder: all spellings of its flag, the one to be written first, and its values. */
export interface Choice {
  readonly flags: readonly [string, ...string[]];
  readonly values?: readonly string[];
}

/** A flag with a value, or no choice at all where there is none. */
export const valued = (flags: Choice['flags'], value: string | number | undefined): Choice | undefined =>
  value === undefined ? undefined : { flags, values: [String(value)] };

/** A flag that is there or not. */
export const switched = (flags: Choice['flags'], on: boolean): Choice | undefined => (on ? { flags } : undefined);

/** True when an operator gave the flag, as a word of its own or with `=`. */
const isGiven = (args: readonly string[], flags: readonly string[]): boolean =>
  args.some((word) => flags.some((flag) => word === flag || word.startsWith(`${flag}=`)));

/** The builder's choices that the operator did not make, in order. */
export const unlessGiven = (args: readonly string[], choices: readonly (Choice | undefined)[]): readonly string[] =>
  choices.flatMap((made) =>
    made === undefined || isGiven(args, made.flags) ? [] : [made.flags[0], ...(made.values ?? [])],
  );

/** In a container a server listens everywhere: who reaches it is decided by what Docker publishes, on loopback. */
export const listenOn = (place: EngineWish['place']): string => (place === 'container' ? '0.0.0.0' : '127.0.0.1');

/** The value of a flag that spreads a model over GPUs; none for a single one. */
export const severalGpus = ({ gpuCount }: EngineWish): number | undefined => (gpuCount > 1 ? gpuCount : undefined);

/** Words for the chat template of every request, as JSON; undefined when nothing is wished. */
export const templateWords = ({ thinking, parsers }: EngineWish): string | undefined =>
  thinking === undefined ? undefined : JSON.stringify({ [parsers.thinkingKey ?? 'enable_thinking']: thinking });
