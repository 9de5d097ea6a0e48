/** Which verbs are there? Each is loaded only when it is used. */
import type { Command } from '#cli/command';

export interface VerbEntry {
  /** One line, without a final stop. */
  readonly summary: string;
  readonly load: () => Promise<{ readonly default: Command }>;
}

/** A name of two words is a noun with its verb. In the order of the help. */
export const VERBS = {
  serve: {
    summary: 'Route, verify and relay model traffic',
    load: () => import('#cli/commands/serve'),
  },
  'config check': {
    summary: 'Check a configuration and show which tier may serve what',
    load: () => import('#cli/commands/config-check'),
  },
  decisions: {
    summary: 'List what was asked, decided and served',
    load: () => import('#cli/commands/decisions'),
  },
  explain: {
    summary: 'Tell the story of one decision in plain words',
    load: () => import('#cli/commands/explain'),
  },
  health: {
    summary: 'Ask a running router whether it is well',
    load: () => import('#cli/commands/health'),
  },
  'harness env': {
    summary: "Print or write a coding harness's configuration for this router",
    load: () => import('#cli/commands/harness-env'),
  },
  'serves up': {
    summary: 'Bring up model servers as serves.toml declares them',
    load: () => import('#cli/commands/serves-up'),
  },
  'serves down': {
    summary: 'Stop model servers',
    load: () => import('#cli/commands/serves-down'),
  },
  'serves status': {
    summary: 'Show how model servers stand, against what is declared',
    load: () => import('#cli/commands/serves-status'),
  },
  'serves logs': {
    summary: 'Show what a model server printed',
    load: () => import('#cli/commands/serves-logs'),
  },
  'serves rm': {
    summary: 'Remove containers of model servers',
    load: () => import('#cli/commands/serves-rm'),
  },
  'serves adopt': {
    summary: 'Make model servers anew that were made by hand',
    load: () => import('#cli/commands/serves-adopt'),
  },
  multiplexer: {
    summary: 'Serve several models that share GPUs on one address, swapped on demand',
    load: () => import('#cli/commands/multiplexer'),
  },
  'multiplexer status': {
    summary: 'Show which models of a multiplexer are where, and who waits',
    load: () => import('#cli/commands/multiplexer-status'),
  },
  'multiplexer load': {
    summary: 'Have a multiplexer load a model now',
    load: () => import('#cli/commands/multiplexer-load'),
  },
  'multiplexer unload': {
    summary: 'Have a multiplexer unload a model',
    load: () => import('#cli/commands/multiplexer-unload'),
  },
  completion: {
    summary: 'Print a completion script for your shell',
    load: () => import('#cli/commands/completion'),
  },
  version: {
    summary: 'Print the version, and that of the runtime',
    load: () => import('#cli/commands/version'),
  },
} as const satisfies Readonly<Record<string, VerbEntry>>;

/** The table by any name, for words that people type. */
export const verbEntry = (name: string): VerbEntry | undefined =>
  Object.hasOwn(VERBS, name) ? (VERBS as Readonly<Record<string, VerbEntry>>)[name] : undefined;

export const verbNames = (): readonly string[] => Object.keys(VERBS);

/** Every verb with its declaration; loads them all. */
export const loadVerbs = async (): Promise<readonly { name: string; summary: string; command: Command }[]> =>
  Promise.all(
    Object.entries(VERBS).map(async ([name, { summary, load }]) => ({
      name,
      summary,
      command: (await load()).default,
    })),
  );
