/** What became of one serve that a verb was asked to do something with? */
import type { DeclaredServe } from '#config/serves';

export type Deed =
  | 'started'
  | 'recreated'
  | 'unpaused'
  /** It ran already. */
  | 'running'
  | 'ready'
  | 'stopped'
  | 'removed'
  /** There was nothing to do. */
  | 'nothing'
  /** Only told, because of `--dry-run`. */
  | 'planned'
  /** It was not tried. */
  | 'refused'
  /** It was tried. */
  | 'failed';

export interface Outcome {
  /** Name of the serve, or of the container where it belongs to none. */
  readonly serve: string;
  readonly did: Deed;
  /** One line for people. */
  readonly message: string;
  readonly warnings: readonly string[];
  /** What a command or a server printed last, where something failed. */
  readonly lines: readonly string[];
}

export const outcome = (
  { name }: Pick<DeclaredServe, 'name'>,
  did: Deed,
  message: string,
  more: Partial<Pick<Outcome, 'warnings' | 'lines'>> = {},
): Outcome => ({ serve: name, did, message, warnings: more.warnings ?? [], lines: more.lines ?? [] });

/** For those whose turn had not come when the verb was interrupted. */
export const notTried = (serve: Pick<DeclaredServe, 'name'>): Outcome =>
  outcome(serve, 'refused', 'interrupted before it was tried');

export const hasFailed = ({ did }: Outcome): boolean => did === 'refused' || did === 'failed';
