/** When is a field that no tier can be sent the caller's to change? The 400 that names it, or nothing. */
import type { AttemptRecord } from '#core/decision';
import { type Failure, failure } from '#core/failure';
import { lossRule } from '#core/loss';
import type { DialectName } from '#core/message';
import type { ExclusionKind, Plan } from '#core/plan';

/** Exclusions that pass with time: such a tier might have taken the field, so the caller is told to come back. */
const PASSING: ReadonlySet<ExclusionKind> = new Set(['budget', 'unavailable', 'breaker-open', 'uncredentialed']);

/** What a caller calls the field that losses name in the words of another dialect. */
const OWN_WORDS: Record<DialectName, Readonly<Record<string, string>>> = {
  'openai-chat': {},
  'anthropic-messages': { stop: 'stop_sequences', response_format: 'output_config' },
  'openai-responses': { messages: 'input', response_format: 'text' },
};

/** The first element of a loss name is the request's own field; what follows says where in it. */
const inOwnWords = (name: string, caller: DialectName): { readonly field: string; readonly path: string } => {
  const [first = name, ...rest] = name.split('.');
  const words = OWN_WORDS[caller];
  const field = (Object.hasOwn(words, first) ? words[first] : undefined) ?? first;
  return { field, path: [field, ...rest].join('.') };
};

/**
 * The refusal of a request whose every candidate was passed over for want of a field; undefined when something else stood
 * in the way as well.
 * @param name the loss that counted first
 */
export const uncarriedFailure = (
  plan: Pick<Plan, 'exclusions'>,
  attempts: readonly Pick<AttemptRecord, 'outcome' | 'tier' | 'detail'>[],
  name: string | undefined,
  caller: DialectName,
): Failure | undefined => {
  if (name === undefined || attempts.length === 0) return undefined;
  if (attempts.some(({ outcome }) => outcome !== 'skipped-translation')) return undefined;
  if (plan.exclusions.some(({ kind }) => PASSING.has(kind))) return undefined;
  const { field, path } = inOwnWords(name, caller);
  const cannot = `${path}: no model server for this request can be sent this (${lossRule(name).fate})`;
  return failure('unsupported', `${cannot}; leave it out or ask for another model`, {
    param: field,
    detail: attempts.map(({ tier, detail }) => `${tier}: ${detail ?? 'not asked'}`).join('; '),
  });
};
