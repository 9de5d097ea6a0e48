/** A pedantic reader of request bodies: collects every breach of an API's reference, so that a test can show them all. */

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export type Check = (value: unknown, at: string, report: Report) => void;
export type Report = (at: string, problem: string) => void;

export const string: Check = (value, at, report) => {
  if (typeof value !== 'string') report(at, 'is no string');
};
export const filled: Check = (value, at, report) => {
  if (typeof value !== 'string' || value === '') report(at, 'is no text of at least one character');
};
export const boolean: Check = (value, at, report) => {
  if (typeof value !== 'boolean') report(at, 'is no boolean');
};
export const object: Check = (value, at, report) => {
  if (!isObject(value)) report(at, 'is no object');
};
export const anything: Check = () => undefined;

export const number =
  (from: number, to: number): Check =>
  (value, at, report) => {
    if (typeof value !== 'number' || !Number.isFinite(value) || value < from || value > to)
      report(at, `is no number from ${from} to ${to}`);
  };

export const whole =
  (from: number): Check =>
  (value, at, report) => {
    if (!Number.isInteger(value) || Number(value) < from) report(at, `is no whole number from ${from}`);
  };

export const oneOf =
  (...allowed: readonly unknown[]): Check =>
  (value, at, report) => {
    if (!allowed.includes(value)) report(at, `${JSON.stringify(value)} is none of ${JSON.stringify(allowed)}`);
  };

export const matching =
  (pattern: RegExp): Check =>
  (value, at, report) => {
    if (typeof value !== 'string' || !pattern.test(value)) report(at, `does not match ${pattern}`);
  };

export const list =
  (each: Check, atLeast = 0): Check =>
  (value, at, report) => {
    if (!Array.isArray(value)) report(at, 'is no list');
    else {
      if (value.length < atLeast) report(at, `has fewer than ${atLeast} entries`);
      for (const [index, entry] of value.entries()) each(entry, `${at}[${index}]`, report);
    }
  };

export const either =
  (test: (value: unknown) => boolean, yes: Check, no: Check): Check =>
  (value, at, report) =>
    (test(value) ? yes : no)(value, at, report);

export interface Shape {
  readonly required?: Readonly<Record<string, Check>>;
  readonly optional?: Readonly<Record<string, Check>>;
  /** Members beside these are accepted. */
  readonly open?: boolean;
}

export const shape =
  ({ required = {}, optional = {}, open = false }: Shape): Check =>
  (value, at, report) => {
    if (!isObject(value)) {
      report(at, 'is no object');
      return;
    }
    for (const [name, check] of Object.entries(required)) {
      if (value[name] === undefined) report(`${at}.${name}`, 'is missing');
      else check(value[name], `${at}.${name}`, report);
    }
    for (const [name, member] of Object.entries(value)) {
      if (name in required) continue;
      const check = optional[name];
      if (check) check(member, `${at}.${name}`, report);
      else if (!open) report(`${at}.${name}`, 'is not allowed here');
    }
  };

/** Checks by the member `type`. */
export const byType =
  (shapes: Readonly<Record<string, Check>>): Check =>
  (value, at, report) => {
    const type = isObject(value) ? value.type : undefined;
    const check = typeof type === 'string' ? shapes[type] : undefined;
    if (check) check(value, at, report);
    else report(at, `has the type ${JSON.stringify(type)}, which is none of ${Object.keys(shapes).join(', ')}`);
  };

/** Every breach of a check, one line each. */
export const breaches = (check: Check, value: unknown): readonly string[] => {
  const found: string[] = [];
  check(value, 'body', (at, problem) => found.push(`${at} ${problem}`));
  return found;
};
