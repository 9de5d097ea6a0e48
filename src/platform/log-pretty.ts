/** How does a log line look to a person at a terminal? */

const COLOUR_OF_LEVEL: Readonly<Record<string, string>> = {
  trace: '\x1b[2m',
  debug: '\x1b[2m',
  info: '\x1b[32m',
  warn: '\x1b[33m',
  error: '\x1b[31m',
  fatal: '\x1b[31m',
};
const DIM = '\x1b[2m';
const PLAIN = '\x1b[0m';

/** Control characters, C1 and line separators: a value must neither forge a line nor steer the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

const printable = (text: string): string => text.replace(UNPRINTABLE, ' ');

const show = (value: unknown): string => {
  const text = printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
};

interface SaidError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
}

const isError = (value: unknown): value is SaidError => typeof value === 'object' && value !== null && 'stack' in value;

const showField = ([name, value]: readonly [string, unknown]): string => {
  const shown = isError(value) ? `${String(value.name)}: ${String(value.message)}` : value;
  return `${printable(name)}=${show(shown)}`;
};

/** The frames of a stack, one per line; its first line repeats the message. */
const showStack = (value: unknown): string =>
  isError(value) && typeof value.stack === 'string'
    ? value.stack
        .split('\n')
        .filter((row) => /^\s+at /.test(row))
        .map((row) => `\n  ${printable(row.trim())}`)
        .join('')
    : '';

/**
 * `09:26:53.589 INFO  message  name=value …`; the stack of an error follows on lines of its own.
 * @param line one JSON document as the logger writes it
 */
export const prettyLine = (line: string, colour: boolean): string => {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const paint = (code: string, text: string): string => (colour && text !== '' ? `${code}${text}${PLAIN}` : text);
  const name = String(level ?? 'info');
  const head = [
    paint(DIM, String(time ?? '').slice(11, 23)),
    paint(COLOUR_OF_LEVEL[name] ?? DIM, name.toUpperCase().padEnd(5)),
    printable(String(msg ?? '')),
    paint(DIM, Object.entries(fields).map(showField).join(' ')),
  ];
  const stacks = Object.values(fields).map(showStack).join('');
  return `${head.filter((part) => part !== '').join(' ')}${stacks}\n`;
};
