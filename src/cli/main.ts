/** From the words of a command line to a verb and its exit code. */

import type { Command } from '#cli/command';
import { PROGRAM, renderCommandHelp, renderGroupHelp, renderRootHelp } from '#cli/help';
import { type Io, ioFor } from '#cli/io';
import { CliError, EXIT, type ExitCode } from '#cli/output';
import { asksForHelp, parseWords } from '#cli/parse';
import { VERBS, verbEntry, verbNames } from '#cli/verbs';
import { nearestName } from '#config/nearest';
import { messageOf } from '#core/thrown';
import { VERSION } from '#core/version';
import type { LimitsOutcome } from '#platform/reexec';
import type { Terminal } from '#platform/terminal';

/** Runs one command line. Never throws; what went wrong is on standard error. */
export const main = async (terminal: Terminal, limits?: LimitsOutcome): Promise<ExitCode> => {
  const io = ioFor(terminal, limits);
  const words = terminal.argv[0] === 'help' ? [...terminal.argv.slice(1), '--help'] : terminal.argv;
  if (words[0] === '--version') {
    terminal.out(`${VERSION}\n`);
    return EXIT.ok;
  }
  const name = verbOf(words);
  return name === undefined ? withoutVerb(words, io) : runVerb(name, words.slice(name.split(' ').length), io);
};

const verbOf = (words: readonly string[]): string | undefined =>
  [words.slice(0, 2).join(' '), words[0] ?? ''].find((name) => verbEntry(name) !== undefined);

const runVerb = async (name: string, words: readonly string[], io: Io): Promise<ExitCode> => {
  const entry = verbEntry(name);
  if (entry === undefined) return withoutVerb([name], io);
  try {
    const { default: command } = await entry.load();
    const stray = strayVerb(name, command, words[0]);
    if (stray !== undefined) return usageError(io, name, stray, `${name} --help`);
    const parsed = parseWords(command, words);
    if (parsed.kind === 'help') {
      io.terminal.out(renderCommandHelp(name, entry.summary, command, io.style));
      return EXIT.ok;
    }
    if (parsed.kind === 'mistake') return usageError(io, name, parsed.message, `${name} --help`);
    return await command.run(parsed.input, io);
  } catch (error) {
    return tellFailure(io, name, error);
  }
};

/** A second word that is no verb, behind a first one that is one without arguments of its own. */
const strayVerb = (name: string, { args }: Command, word: string | undefined): string | undefined => {
  if (word === undefined || word.startsWith('-') || Object.keys(args).length > 0) return undefined;
  const verbs = verbsOf(name).map(([verb]) => verb);
  if (verbs.length === 0) return undefined;
  const near = nearestName(
    word,
    verbs.map((verb) => verb.slice(name.length + 1)),
  );
  return `no verb "${word}": ${near === undefined ? verbs.join(', ') : `did you mean ${name} ${near}?`}`;
};

const verbsOf = (noun: string) => Object.entries(VERBS).filter(([name]) => name.startsWith(`${noun} `));

const withoutVerb = (words: readonly string[], io: Io): ExitCode => {
  const { terminal, style } = io;
  const [first] = words;
  const noun = first === undefined ? [] : verbsOf(first);
  const isNoun = noun.length > 0;
  if (asksForHelp(words) && (isNoun || first?.startsWith('-'))) {
    const group = noun.map(([name, { summary }]) => [name, summary] as const);
    terminal.out(isNoun ? renderGroupHelp(first ?? '', group, style) : renderRootHelp(VERBS, style));
    return EXIT.ok;
  }
  if (first === undefined) {
    terminal.err(renderRootHelp(VERBS, io.errStyle));
    return EXIT.usage;
  }
  if (first.startsWith('-')) return usageError(io, '', `the verb comes first; "${first}" is no verb`, '--help');
  if (isNoun) {
    const known = noun.map(([name]) => name).join(', ');
    const second = words[1];
    return usageError(
      io,
      first,
      `${second === undefined ? 'verb missing' : `no verb "${second}"`}: ${known}`,
      '--help',
    );
  }
  const near = nearestName(words.slice(0, 2).join(' '), verbNames()) ?? nearestName(first, verbNames());
  const hint = near === undefined ? '' : ` — did you mean ${near}?`;
  return usageError(io, '', `unknown verb "${first}"${hint}`, '--help');
};

const usageError = (io: Io, verb: string, message: string, help: string): ExitCode => {
  const { terminal, errStyle } = io;
  const place = verb === '' ? PROGRAM : `${PROGRAM} ${verb}`;
  terminal.err(`${place}: ${message}\n${errStyle.dim(`See ${PROGRAM} ${help}`)}\n`);
  return EXIT.usage;
};

const tellFailure = (io: Io, verb: string, error: unknown): ExitCode => {
  const message = messageOf(error);
  io.terminal.err(`${PROGRAM} ${verb}: ${message}\n`);
  if (error instanceof CliError) return error.exit;
  return error instanceof Error && error.name === 'StartError' ? EXIT.usage : EXIT.failed;
};
