/** What does a command line mean to one verb: its flags and arguments, a wish for help, or which mistake? */
import type { ArgumentSpec, Command, FlagSpec, RawInput } from '#cli/command';
import { nearestName } from '#config/nearest';

export type Parsed =
  | { readonly kind: 'input'; readonly input: RawInput }
  | { readonly kind: 'help' }
  | { readonly kind: 'mistake'; readonly message: string };

type Value = string | number | boolean;
type Outcome<Result> = { readonly ok: true; readonly value: Result } | { readonly ok: false; readonly message: string };

const HELP_WORDS: ReadonlySet<string> = new Set(['--help', '-h']);

/** Whether help is asked for: anywhere, but not behind a bare `--`. */
export const asksForHelp = (words: readonly string[]): boolean => {
  const end = words.indexOf('--');
  return words.slice(0, end === -1 ? words.length : end).some((word) => HELP_WORDS.has(word));
};

/**
 * Reads the words behind the verb. `--flag value` and `--flag=value` are the same; the last of two wins, so that a
 * script's defaults can be overridden; a bare `--` ends the flags.
 */
export const parseWords = (command: Pick<Command, 'flags' | 'args'>, words: readonly string[]): Parsed => {
  if (asksForHelp(words)) return { kind: 'help' };
  const flags: Record<string, Value | undefined> = defaultsOf(command);
  const loose: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '--') {
      loose.push(...words.slice(index + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      loose.push(word);
      continue;
    }
    const flag = readFlag(command, word, words[index + 1]);
    if (!flag.ok) return { kind: 'mistake', message: flag.message };
    flags[flag.value.name] = flag.value.value;
    if (flag.value.tookNext) index += 1;
  }
  const args = readArguments(command, loose);
  return args.ok ? { kind: 'input', input: { flags, args: args.value } } : { kind: 'mistake', message: args.message };
};

const defaultsOf = (command: Pick<Command, 'flags'>): Record<string, Value | undefined> =>
  Object.fromEntries(
    Object.entries(command.flags).map(([name, spec]) => [name, spec.kind === 'switch' ? false : spec.default]),
  );

const mistake = (message: string) => ({ ok: false, message }) as const;

const readFlag = (
  command: Pick<Command, 'flags'>,
  word: string,
  next: string | undefined,
): Outcome<{ name: string; value: Value; tookNext: boolean }> => {
  const equals = word.indexOf('=');
  const name = (equals === -1 ? word : word.slice(0, equals)).replace(/^--?/, '');
  const inline = equals === -1 ? undefined : word.slice(equals + 1);
  const spec = word.startsWith('--') && Object.hasOwn(command.flags, name) ? command.flags[name] : undefined;
  if (spec === undefined) return mistake(unknownFlag(word, name, Object.keys(command.flags)));
  if (spec.kind === 'switch') {
    if (inline !== undefined) return mistake(`--${name} takes no value`);
    return { ok: true, value: { name, value: true, tookNext: false } };
  }
  const text = inline ?? (next?.startsWith('-') ? undefined : next);
  if (text === undefined || text === '') return mistake(`--${name} needs a value: ${valueInWords(spec)}`);
  const value = readValue(name, spec, text);
  return value.ok ? { ok: true, value: { name, value: value.value, tookNext: inline === undefined } } : value;
};

const unknownFlag = (word: string, name: string, names: readonly string[]): string => {
  const near = nearestName(name, [...names, 'help']);
  const shown = word.split('=', 1)[0];
  return near === undefined ? `unknown flag ${shown}` : `unknown flag ${shown} — did you mean --${near}?`;
};

const valueInWords = (spec: Exclude<FlagSpec, { kind: 'switch' }>): string => {
  if (spec.kind === 'choice') return spec.choices.join(', ');
  return spec.kind === 'integer' ? `a whole number from ${spec.min} to ${spec.max}` : spec.value;
};

const readValue = (name: string, spec: Exclude<FlagSpec, { kind: 'switch' }>, text: string): Outcome<Value> => {
  if (spec.kind === 'text') return { ok: true, value: text };
  if (spec.kind === 'integer') {
    const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= spec.min && value <= spec.max) return { ok: true, value };
    return mistake(`--${name} must be ${valueInWords(spec)}, not "${text}"`);
  }
  return readChoice(`--${name}`, spec.choices, text);
};

const readChoice = (what: string, choices: readonly string[], text: string): Outcome<string> => {
  if (choices.includes(text)) return { ok: true, value: text };
  const near = nearestName(text, choices);
  const hint = near === undefined ? '' : ` — did you mean ${near}?`;
  return mistake(`${what} must be one of ${choices.join(', ')}, not "${text}"${hint}`);
};

const readArguments = (
  command: Pick<Command, 'args'>,
  words: readonly string[],
): Outcome<Record<string, string | readonly string[]>> => {
  const specs = Object.entries(command.args);
  const extra = specs.at(-1)?.[1].many === true ? undefined : words[specs.length];
  if (extra !== undefined) return mistake(`unexpected argument "${extra}"`);
  const values: Record<string, string | readonly string[]> = {};
  for (const [index, [name, spec]] of specs.entries()) {
    if (spec.many === true) {
      const many = words.slice(index).map((word) => readArgument(name, spec, word));
      const wrong = many.find(({ ok }) => !ok);
      if (wrong?.ok === false) return wrong;
      values[name] = many.flatMap((word) => (word.ok ? [word.value] : []));
      continue;
    }
    const value = readArgument(name, spec, words[index]);
    if (!value.ok) return value;
    values[name] = value.value;
  }
  return { ok: true, value: values };
};

const readArgument = (name: string, spec: ArgumentSpec, word: string | undefined): Outcome<string> => {
  if (word === undefined || word === '') return mistake(`missing argument ${name.toUpperCase()}: ${spec.help}`);
  return spec.choices === undefined ? { ok: true, value: word } : readChoice(name, spec.choices, word);
};
