/** What is to be done so that a serve runs? The whole table of states, without touching anything. */
import type { DeclaredServe, Words } from '#config/serves';

/**
 * Docker's words for the state of a container, plus those that are no state: `absent`, `stranger` for something that is
 * not ours, `error` when it cannot be found out. Processes are `running`, `exited` or `absent`.
 */
export type ServeStatus = string;

export type UpStep =
  /** Run what is declared, after removing what is there. */
  | { readonly do: 'run'; readonly removeFirst: boolean }
  | { readonly do: 'start' }
  | { readonly do: 'unpause' }
  | { readonly do: 'nothing' }
  | { readonly do: 'refuse'; readonly why: string; readonly remedy: string };

/** Those that exist and do not run. */
const STOPPED: ReadonlySet<ServeStatus> = new Set(['exited', 'created']);
/** Those that `--recreate` may remove. `restarting` is what a server with a wrong flag looks like. */
const REMOVABLE: ReadonlySet<ServeStatus> = new Set(['running', 'exited', 'created', 'paused', 'dead', 'restarting']);

const RUN: UpStep = { do: 'run', removeFirst: false };

export const planUp = (serve: DeclaredServe, status: ServeStatus, recreate: boolean): UpStep => {
  if (status === 'error') return refuse('its state cannot be found out', 'correct that first');
  if (status === 'stranger')
    return refuse('something that is not ours is in its place', 'stop that, or change the port');
  if (recreate) return planRecreate(serve, status);
  if (status === 'absent') {
    return serve.up === undefined ? refuse('there is no container, and nothing that makes one', 'add up = "…"') : RUN;
  }
  if (status === 'paused') return { do: 'unpause' };
  const runsUp = serve.driver === 'compose' && serve.up !== undefined;
  if (status === 'running') return runsUp ? RUN : { do: 'nothing' };
  if (STOPPED.has(status)) return runsUp || serve.driver === 'process' ? RUN : { do: 'start' };
  return refuse(`it is ${status}`, remedyFor(serve, status));
};

const planRecreate = (serve: DeclaredServe, status: ServeStatus): UpStep => {
  if (serve.up === undefined) return refuse('nothing is declared that makes it anew', 'add up = "…"');
  if (status === 'absent') return RUN;
  return REMOVABLE.has(status) ? { do: 'run', removeFirst: true } : refuse(`it is ${status}`, remedyFor(serve, status));
};

const remedyFor = ({ name, up }: DeclaredServe, status: ServeStatus): string => {
  if (!REMOVABLE.has(status)) return 'wait until that has ended, then try again';
  return up === undefined
    ? `remove it with \`serves rm ${name}\` and make it anew`
    : `\`serves up --recreate ${name}\` makes it anew`;
};

const refuse = (why: string, remedy: string): UpStep => ({ do: 'refuse', why, remedy });

/** The step in words, for a plan that is only shown. */
export const stepInWords = (serve: DeclaredServe, step: Exclude<UpStep, { readonly do: 'refuse' }>): string => {
  const what = serve.container === undefined ? 'the process' : `container ${serve.container}`;
  switch (step.do) {
    case 'run':
      return `${step.removeFirst ? `would remove ${what}, then ` : 'would '}run: ${commandLine(serve.up)}`;
    case 'start':
    case 'unpause':
      return `would ${step.do} ${what}`;
    case 'nothing':
      return 'already running: nothing to do';
  }
};

/** As a person would type it. */
export const commandLine = (words: Words | undefined): string =>
  (words ?? []).map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
