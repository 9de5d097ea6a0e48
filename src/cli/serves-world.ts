/** What do the verbs of serves share: the manifest, the serves that are meant, and the world they act on? */
import type { ArgumentSpec, FlagSpecs } from '#cli/command';
import type { Io } from '#cli/io';
import { CliError, EXIT, printable } from '#cli/output';
import { formatProblems } from '#config/problem';
import type { ServesManifest } from '#config/serves';
import { createScrubber, type Scrubber } from '#core/redact';
import { loadServes, MANIFEST_PATH } from '#ops/serves/load';
import { chooseMode } from '#ops/serves/mode';
import { openServesWorld } from '#ops/serves/open-world';
import { type ChosenMode, type Selection, selectServes } from '#ops/serves/select';
import type { ServesWorld } from '#ops/serves/world';
import { workingFolder } from '#platform/runtime';
import { onLeave } from '#platform/signals';

export const MANIFEST_FLAGS = {
  manifest: { kind: 'text', value: 'PATH', help: 'File that declares the serves', default: MANIFEST_PATH },
} as const satisfies FlagSpecs;

export const NAMES = { help: 'Serves, by name or container', many: true } as const satisfies ArgumentSpec;

export interface OpenedServes extends AsyncDisposable {
  readonly manifest: ServesManifest;
  readonly world: ServesWorld;
  /** Knows the values of every `env_from`. */
  readonly scrub: Scrubber;
}

/** @throws CliError when the manifest cannot be read, with what is wrong in it */
export const openServes = async (path: string, io: Io): Promise<OpenedServes> => {
  const { terminal, errStyle, effects } = io;
  const loaded = await loadServes(path, workingFolder(), effects);
  if (!loaded.ok) throw new CliError(formatProblems(loaded.problems), EXIT.usage);
  for (const { key, line, message } of loaded.warnings) {
    const place = line === undefined ? path : `${path}:${line}`;
    terminal.err(`${errStyle.warn('warning')} ${printable(`${place}: ${key}: ${message}`)}\n`);
  }
  const { manifest } = loaded;
  const secrets = manifest.serves.flatMap(({ envFrom }) => envFrom.map((name) => effects.env(name) ?? ''));
  const scrub = createScrubber(secrets);
  const leaving = new AbortController();
  const stopListening = onLeave(() => leaving.abort());
  const world = openServesWorld(manifest.folder, effects, {
    signal: leaving.signal,
    tell: (line) => {
      if (terminal.errIsTty) terminal.err(`${errStyle.dim(printable(scrub(line)))}\n`);
    },
    warn: (message) => terminal.err(`${errStyle.warn('warning')} ${printable(message)}\n`),
  });
  return { manifest, world, scrub, [Symbol.asyncDispose]: async () => stopListening() };
};

export interface ModeWish {
  readonly mode: string | undefined;
  /** Whether variables and files may choose one where the command line does not. */
  readonly byDefault: boolean;
}

/** @throws CliError for a mode that is none, and for a word that means no serve */
export const selectionOf = async (
  { manifest }: OpenedServes,
  words: readonly string[],
  { mode, byDefault }: ModeWish,
  { effects }: Io,
): Promise<Selection & { readonly chosen: ChosenMode | undefined }> => {
  const chosen = mode === undefined && !byDefault ? undefined : await chooseMode(mode, manifest, effects);
  if (chosen !== undefined && 'problem' in chosen) throw new CliError(formatProblems([chosen.problem]), EXIT.usage);
  const selection = selectServes(manifest, words, chosen);
  if ('problem' in selection) throw new CliError(selection.problem, EXIT.failed);
  return { ...selection, chosen };
};
