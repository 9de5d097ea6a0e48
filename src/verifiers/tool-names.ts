/** How may a tool's name appear in a finding, and which offered tool did the model probably mean? */
import type { ToolDefinition } from '#core/message';

/** A name of this shape cannot carry prose, so it may be quoted even though the model wrote it. */
const QUOTABLE = /^[A-Za-z0-9_.:-]{1,64}$/;

/** Offered names compared for a hint. */
const COMPARED_MAX = 512;

/** The name in backticks, or words in its place when it might hold content. */
export const quoteToolName = (name: string): string =>
  QUOTABLE.test(name) ? `\`${name}\`` : 'a name with odd characters';

const lastSegment = (name: string): string => name.split(/[.:/]|__/).at(-1) ?? name;
const fold = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '');

/** Ends a sentence about an unknown tool: the offered name it resembles, and how. Empty when none does. */
export const nearMissHint = (name: string, offered: readonly ToolDefinition[]): string => {
  if (!QUOTABLE.test(name)) return '';
  const compared = offered.slice(0, COMPARED_MAX);
  const sameButSpelling = compared.find((tool) => fold(tool.name) === fold(name));
  if (sameButSpelling !== undefined) return `; ${quoteToolName(sameButSpelling.name)} differs only in spelling`;
  const sameButPrefix = compared.find((tool) => fold(lastSegment(tool.name)) === fold(lastSegment(name)));
  if (sameButPrefix !== undefined) return `; ${quoteToolName(sameButPrefix.name)} differs only in its prefix`;
  const extended = compared.find((tool) => tool.name.startsWith(name) || name.startsWith(tool.name));
  return extended === undefined ? '' : `; ${quoteToolName(extended.name)} begins alike`;
};
