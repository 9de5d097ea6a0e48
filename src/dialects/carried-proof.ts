/** How does a dialect's proof of thinking pass through a caller of another dialect, and come back to its own? */
import type { DialectName } from '#core/message';

/** Written in front of a foreign proof; no dialect's own signatures or payloads begin so. */
const PREFIX = 'anvil1.';

const NAMES: readonly DialectName[] = ['anthropic-messages', 'openai-chat', 'openai-responses'];

/** A proof as a caller of `spoken` keeps it: its own as it is, a foreign one marked with where it belongs. */
export const wrapProof = (proof: string, origin: DialectName, spoken: DialectName): string =>
  origin === spoken ? proof : `${PREFIX}${origin}.${proof}`;

/** A proof that a caller of `spoken` sent back, and the dialect it belongs to. */
export const unwrapProof = (
  text: string,
  spoken: DialectName,
): { readonly proof: string; readonly origin: DialectName } => {
  if (!text.startsWith(PREFIX)) return { proof: text, origin: spoken };
  const rest = text.slice(PREFIX.length);
  const origin = NAMES.find((name) => rest.startsWith(`${name}.`));
  return origin === undefined ? { proof: text, origin: spoken } : { proof: rest.slice(origin.length + 1), origin };
};
