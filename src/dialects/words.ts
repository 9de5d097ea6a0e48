/** What is told to a model in words, because the dialect has no other way to say it? */
import type { ContentPart } from '#core/message';

/** In front of a failed tool's result, where there is no `is_error`. */
export const TOOL_ERROR_MARK = '[tool error] ';

/** Wraps an instruction given in mid-conversation for tiers whose templates allow a system message only at the start. */
export const asReminder = (text: string): string => `<system-reminder>\n${text}\n</system-reminder>`;

/** The texts of some parts, refusals included. */
export const textsOf = (parts: readonly ContentPart[]): readonly string[] =>
  parts.flatMap((part) => (part.kind === 'text' || part.kind === 'refusal' ? [part.text] : []));
