/** Which serves are meant: by name, by container, by mode, or all of them? */
import { nearestName } from '#config/nearest';
import type { Mode } from '#config/schema';
import type { DeclaredServe, ServesManifest } from '#config/serves';

export interface ChosenMode {
  readonly mode: Mode;
  /** Who chose it: `--mode`, a variable, or a file. */
  readonly from: string;
}

export interface Selection {
  readonly serves: readonly DeclaredServe[];
  /** Not among them because of the mode alone. */
  readonly leftOut: readonly DeclaredServe[];
}

/** One that names no mode belongs to all. */
const isOfMode = ({ modes }: DeclaredServe, mode: Mode): boolean => modes === undefined || modes.includes(mode);

/**
 * Without words all of the mode; a word that names a serve outside it is a mistake only where the mode was asked for in
 * the same breath.
 * @returns the serves in the order of the file, or what is wrong with the words
 */
export const selectServes = (
  { serves, path }: ServesManifest,
  words: readonly string[],
  chosen: ChosenMode | undefined,
): Selection | { readonly problem: string } => {
  const unknown = words.find((word) => !serves.some((serve) => isNamed(serve, word)));
  if (unknown !== undefined) return { problem: noSuchServe(unknown, serves, path) };
  const named = serves.filter((serve) => words.length === 0 || words.some((word) => isNamed(serve, word)));
  if (chosen === undefined) return { serves: named, leftOut: [] };
  const { mode, from } = chosen;
  const leftOut = named.filter((serve) => !isOfMode(serve, mode));
  if (words.length === 0) return { serves: named.filter((serve) => isOfMode(serve, mode)), leftOut };
  const [first] = leftOut;
  if (first === undefined || from !== MODE_FLAG) return { serves: named, leftOut: [] };
  const own = (first.modes ?? []).join(' and ');
  return { problem: `serve ${first.name} is of mode ${own}, not of ${mode} — leave out --mode, or the name` };
};

/** What a mode given on the command line says it is from. */
export const MODE_FLAG = '--mode';

const isNamed = ({ name, container }: DeclaredServe, word: string): boolean => name === word || container === word;

/** Says so, with the name that may be meant. */
export const noSuchServe = (word: string, serves: readonly DeclaredServe[], path: string): string => {
  const near = nearestName(
    word,
    serves.flatMap(({ name, container }) => [name, container ?? name]),
  );
  const known = serves.map(({ name }) => name).join(', ');
  const remedy = near === undefined ? `it declares ${known === '' ? 'none' : known}` : `did you mean "${near}"?`;
  return `${path} declares no serve "${word}" — ${remedy}`;
};

/** Two serves that cannot both run, as far as the file says. */
export interface Rivalry {
  readonly rival: DeclaredServe;
  /** `port 30000`, `GPU 0`. */
  readonly shares: string;
}

/**
 * Serves that do not belong to the mode and share a port or a GPU with one that does. GPUs count only where both name
 * theirs in the same spelling: what the file does not say is not guessed.
 */
export const rivalsOf = (
  wanted: readonly DeclaredServe[],
  { serves }: ServesManifest,
  mode: Mode,
): readonly Rivalry[] =>
  serves
    .filter((serve) => !isOfMode(serve, mode) && !wanted.includes(serve))
    .flatMap((rival) => {
      const shares = wanted.map((serve) => sharedBy(serve, rival)).find((shared) => shared !== undefined);
      return shares === undefined ? [] : [{ rival, shares }];
    });

const sharedBy = (one: DeclaredServe, other: DeclaredServe): string | undefined => {
  if (one.port === other.port) return `port ${one.port}`;
  const gpu = one.gpus.find((id) => other.gpus.includes(id));
  return gpu === undefined ? undefined : `GPU ${gpu}`;
};
