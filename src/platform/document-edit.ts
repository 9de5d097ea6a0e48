/** What is changed in a configuration file of another program, and what can come of it? */

export type EditPath = readonly string[];
export type PlainValue = string | number | boolean | readonly PlainValue[] | { readonly [key: string]: PlainValue };

export type Edit =
  /** Puts the value there, whatever was there before. */
  | { readonly kind: 'set'; readonly path: EditPath; readonly value: PlainValue }
  /** Puts the value there only where nothing is, nor at `unless`: there the file's owner has chosen otherwise. */
  | { readonly kind: 'default'; readonly path: EditPath; readonly value: PlainValue; readonly unless?: EditPath }
  /** In the list there, replaces the entries that agree in these keys, or adds them at the end. */
  | {
      readonly kind: 'upsert';
      readonly path: EditPath;
      readonly by: readonly string[];
      readonly values: readonly { readonly [key: string]: PlainValue }[];
    };

export type EditResult =
  | {
      readonly ok: true;
      readonly text: string;
      /** Paths of the `default` edits that were not made because of what the file says. */
      readonly kept: readonly string[];
    }
  /** One sentence with the place, without the file's name; never quotes the file, which may hold keys. */
  | { readonly ok: false; readonly problem: string };

export type EditDocument = (text: string, edits: readonly Edit[]) => EditResult;

/** The edits without the defaults that something in the file as it was overrules, and the paths of those. */
export const withoutOverruled = (
  edits: readonly Edit[],
  exists: (path: EditPath) => boolean,
): { readonly edits: readonly Edit[]; readonly overruled: readonly string[] } => {
  const isOverruled = (edit: Edit): boolean =>
    edit.kind === 'default' && edit.unless !== undefined && !exists(edit.path) && exists(edit.unless);
  return {
    edits: edits.filter((edit) => !isOverruled(edit)),
    overruled: edits.filter(isOverruled).map(({ path }) => path.join('.')),
  };
};

/** Index of the entry of a list that agrees with `wanted` in all these keys; -1 when none does. */
export const agreeingIndex = (
  entries: readonly unknown[],
  wanted: { readonly [key: string]: PlainValue },
  by: readonly string[],
): number =>
  entries.findIndex(
    (entry) =>
      typeof entry === 'object' &&
      entry !== null &&
      by.every((key) => (entry as Readonly<Record<string, unknown>>)[key] === wanted[key]),
  );

/** Line and column of a character, both from 1. */
export const placeOf = (text: string, offset: number): string => {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
};
