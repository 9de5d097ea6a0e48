/** What every verb is given: the two outputs, colours, and the world. */
import { type Style, styleFor } from '#cli/output';
import { bunEffects } from '#platform/bun-effects';
import type { Effects } from '#platform/effects';
import type { LimitsOutcome } from '#platform/reexec';
import type { Terminal } from '#platform/terminal';

export interface Io {
  readonly terminal: Terminal;
  readonly effects: Effects;
  /** For what goes to standard output. */
  readonly style: Style;
  /** For what goes to standard error. */
  readonly errStyle: Style;
  /** Whether the process could raise its limits; absent where it did not try. */
  readonly limits?: LimitsOutcome | undefined;
}

export const ioFor = (terminal: Terminal, limits?: LimitsOutcome): Io => ({
  terminal,
  effects: bunEffects(),
  limits,
  style: styleFor(terminal.outIsTty, terminal.env),
  errStyle: styleFor(terminal.errIsTty, terminal.env),
});
