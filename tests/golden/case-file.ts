/** How is a `.case` file read? A title, then sections: request, tier, sent, losses, upstream, response. */
import type { JsonObject } from '#core/message';

/**
 * One exchange. `request` names the caller's dialect, `tier` the tier's; both carry JSON. `sent` is the body the tier
 * gets, `losses` what it could not carry, `upstream` the tier's answer, `response` what the caller gets.
 */
export interface GoldenCase {
  readonly title: string;
  readonly callerDialect: string;
  readonly requestText: string;
  readonly tierDialect: string;
  readonly tier: JsonObject;
  readonly sentText: string;
  readonly losses: readonly string[];
  /** SSE text or one JSON document. */
  readonly upstreamText: string;
  readonly responseText: string;
}

interface Section {
  /** The word behind the section's name. */
  readonly argument: string;
  readonly body: string;
}

export const isSse = (text: string): boolean => !text.trimStart().startsWith('{');

/** SSE sections end in the blank line that editors like to take away; those marked `crlf` in CRLF throughout. */
const asStream = ({ argument, body }: Section): string => {
  const text = isSse(body) ? `${body.trim()}\n\n` : body.trim();
  return argument === 'crlf' ? text.replaceAll('\n', '\r\n') : text;
};

/** Throws when a section is missing or unknown: a case that checks nothing must not pass. */
export const readCase = (text: string): GoldenCase => {
  const [title = '', ...rest] = text.split(/^=== /m);
  const sections = new Map<string, Section>();
  for (const section of rest) {
    const lineEnd = section.indexOf('\n');
    const [name = '', argument = ''] = section.slice(0, lineEnd).trim().split(' ');
    sections.set(name, { argument, body: section.slice(lineEnd + 1) });
  }
  const get = (name: string): Section => {
    const section = sections.get(name);
    if (!section) throw new Error(`no section "${name}" under "${title.trim()}"`);
    sections.delete(name);
    return section;
  };
  const [request, tier, sent, losses] = [get('request'), get('tier'), get('sent'), get('losses')];
  const read = {
    title: title.trim(),
    callerDialect: request.argument,
    requestText: request.body.trim(),
    tierDialect: tier.argument,
    tier: JSON.parse(tier.body),
    sentText: sent.body.trim(),
    losses: losses.body.split(/\s+/).filter((name) => name !== ''),
    upstreamText: asStream(get('upstream')),
    responseText: asStream(get('response')),
  };
  if (sections.size > 0) throw new Error(`unknown sections: ${[...sections.keys()].join(', ')}`);
  return read;
};
