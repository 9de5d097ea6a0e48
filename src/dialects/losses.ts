/** What could not be carried over? Names only, each once, never a caller's values. */

/** Names kept for one request; the record says that there were more. */
const NAMES_MAX = 48;
const NAME = /^[\w.:[\]=-]{1,64}$/;

export interface Losses {
  /** @param name a path of field or block names, for instance `tools.web_search` */
  add(name: string): void;
  list(): readonly string[];
}

/** Part of what was said, whose loss weighs more than that of an unknown field. */
const SAID = 'messages.';
const UNNAMED = 'unnamed-field';

const legalName = (name: string): string => {
  if (NAME.test(name)) return name;
  return name.startsWith(SAID) ? `${SAID}${UNNAMED}` : UNNAMED;
};

/** Starts from what was lost before. Names made of anything but plain word characters become `unnamed-field`. */
export const createLosses = (before: readonly string[] = []): Losses => {
  const names = new Set<string>(before);
  return {
    add(name) {
      if (names.size < NAMES_MAX) names.add(legalName(name));
      else names.add('and-more');
    },
    list: () => [...names],
  };
};
