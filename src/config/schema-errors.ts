/** Which keys does `[[router.errors]]` have: what callers are told otherwise than the error table has it? */
import { flag, listOf, oneOf, optional, table, text, whole } from '#config/kinds';
import { OUTCOMES } from '#core/error-outcome';
import type { DialectName } from '#core/message';

const CALLER_DIALECTS = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
] as const satisfies readonly DialectName[];

const errorRule = table(
  'What callers are told of one outcome, where the table in docs/reference/errors.md does not suit them. A rule for a profile wins over one for all, one with a dialect over one without.',
  {
    outcome: oneOf('Which outcome.', [...OUTCOMES]),
    dialect: optional(oneOf('Only callers of this dialect.', CALLER_DIALECTS, { defaultNote: 'every dialect' })),
    profile: optional(
      text('Only callers whose access token names this `error_profile`.', { defaultNote: 'every caller' }),
    ),
    status: optional(whole('HTTP status.', 400, { maximum: 599, defaultNote: 'by the table' })),
    retry_after_seconds: optional(
      whole('`Retry-After`, exactly so; 0 sends none.', 0, { maximum: 86_400, defaultNote: 'by the table' }),
    ),
    should_retry: optional(flag('`x-should-retry`.', { defaultNote: 'by the table' })),
    text: optional(text('The message, instead of ours.', { maxLength: 1000, defaultNote: 'by the table' })),
  },
);

export const errors = listOf('What callers are told otherwise, one `[[router.errors]]` each.', errorRule, {
  default: [],
});
