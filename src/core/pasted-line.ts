/** Does a single line of a message look like program code or log output rather than like a sentence? */

/** Characters judged per line. */
const JUDGED_CHARS_MAX = 240;
const SYMBOLS: ReadonlySet<string> = new Set('{}()[]=<>;|&$#\\*~^%');

/** Words that begin a statement and hardly ever a sentence. */
const CODE_START = /^\s*(?:const |var |def |func |fn |#include|elif |@\w)/;
/** Words that begin a statement or a sentence; the symbols that follow decide. */
const MAYBE_CODE_START =
  /^\s*(?:import |export |let |class |function |public |private |return |if |for |while |package |use |async |await )/;
const FROM_IMPORT = /^\s*from \S{1,80} import /;

const LOG_START =
  /^\s*(?:\[?\d{4}-\d\d-\d\d[T ]|\[?\d\d:\d\d:\d\d|at \S{1,200} ?\(|File "|Traceback \(|npm (?:ERR!|error|warn)|(?:ERROR|WARN|WARNING|INFO|DEBUG|TRACE|FATAL)[ :\]]|error(?:\[\w{1,20}\])?: |warning: |panic: |fatal: |\$ |>>> )/;

const isStatementEnd = (character: string | undefined): boolean =>
  character === ';' || character === '{' || character === '}';

const countSymbols = (text: string): { readonly symbols: number; readonly visible: number } => {
  let symbols = 0;
  let visible = 0;
  for (const character of text) {
    if (character === ' ' || character === '\t') continue;
    visible += 1;
    if (SYMBOLS.has(character)) symbols += 1;
  }
  return { symbols, visible };
};

/** A statement, a brace, or a line in which symbols outweigh words. */
export const looksLikeCode = (line: string): boolean => {
  const text = line.slice(0, JUDGED_CHARS_MAX).trimEnd();
  if (text === '') return false;
  if (isStatementEnd(text.at(-1)) || FROM_IMPORT.test(text)) return true;
  const { symbols, visible } = countSymbols(text);
  if (symbols >= 4 && symbols * 6 >= visible) return true;
  if (symbols >= 1 && CODE_START.test(text)) return true;
  return symbols >= 2 && symbols * 10 >= visible && MAYBE_CODE_START.test(text);
};

/** A time stamp, a level, a stack frame, a compiler message, a shell prompt. */
export const looksLikeLog = (line: string): boolean => LOG_START.test(line);
