/** What could not be carried over? Names only, each once, never a caller's values. */
import type { JsonObject } from '#core/message';

/** Names kept for one request; the record says that there were more. */
const NAMES_MAX = 48;
const AND_MORE = 'and-more';
const NAME = /^[\w.:[\]=-]{1,64}$/;

export interface Losses {
  /** @param name a path of field or block names, for instance `tools.web_search` */
  add(name: string): void;
  list(): readonly string[];
}

/** Part of an answer, whose loss keeps no tier from being asked. */
const ANSWERED = 'answer.';

/** Where a name belongs, which says how much the loss weighs: what was said, and what was answered. */
const PLACES: readonly string[] = ['messages.', ANSWERED];
const UNNAMED = 'unnamed-field';

const legalName = (name: string): string => {
  if (NAME.test(name)) return name;
  return `${PLACES.find((place) => name.startsWith(place)) ?? ''}${UNNAMED}`;
};

/** Starts from what was lost before. Names made of anything but plain word characters become `unnamed-field`. */
export const createLosses = (before: readonly string[] = []): Losses => {
  const names = new Set<string>(before);
  return {
    add(name) {
      if (names.size < NAMES_MAX) names.add(legalName(name));
      else names.add(name.startsWith(ANSWERED) ? `${ANSWERED}${AND_MORE}` : AND_MORE);
    },
    list: () => [...names],
  };
};

/** Whether a member says nothing, as servers fill up what they have no value for. */
const isBlank = (value: unknown): boolean => {
  if (value === null || value === undefined || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
};

/** Notes the members of an answer that say something and are not among the known ones. */
export const noteAnswerMembers = (losses: Losses, members: JsonObject, known: ReadonlySet<string>): void => {
  for (const name in members) if (!known.has(name) && !isBlank(members[name])) losses.add(`${ANSWERED}${name}`);
};

/** Names a part of a user's turn that the dialect has no form for. */
export const lostOfUser = (kind: string, losses: Losses): undefined => {
  losses.add(`messages.user.${kind}`);
  return undefined;
};
