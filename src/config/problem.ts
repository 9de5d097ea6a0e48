/** What is wrong with a configuration, where, and what to do about it; as data and as text for people. */

/** Keys and array indexes from the top of the document. */
export type KeyPath = readonly (string | number)[];

export interface ConfigProblem {
  /** Path as the operator gave it, or where else the value came from. */
  readonly file: string;
  /** Dotted key, arrays with an index from 0; empty when the file as a whole is meant. */
  readonly key: string;
  /** 1-based. */
  readonly line?: number;
  readonly column?: number;
  /** Never quotes a value that could be a secret. */
  readonly message: string;
  readonly remedy: string;
}

/** A problem before its place in the text is known. */
export interface Finding {
  readonly path: KeyPath;
  readonly message: string;
  /** A function where the remedy takes a search: only problems that are shown are worth one. */
  readonly remedy: string | (() => string);
}

export const remedyText = ({ remedy }: Pick<Finding, 'remedy'>): string =>
  typeof remedy === 'string' ? remedy : remedy();

export type Report = (finding: Finding) => void;

/** `router.tiers[0].id`; keys that TOML would quote are quoted. */
export const keyText = (path: KeyPath): string =>
  path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    const key = /^[A-Za-z0-9_-]+$/.test(step) ? step : JSON.stringify(step);
    return text === '' ? key : `${text}.${key}`;
  }, '');

/** Two lines per problem, in the form that editors and terminals make clickable. */
export const formatProblems = (problems: readonly ConfigProblem[]): string =>
  problems
    .map(({ file, line, column, key, message, remedy }) => {
      const place = [file, line, line === undefined ? undefined : column]
        .filter((part) => part !== undefined)
        .join(':');
      return `${place}: ${key === '' ? '' : `${key}: `}${message}\n  remedy: ${remedy}`;
    })
    .join('\n');
