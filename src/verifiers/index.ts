/** Which verifiers exist, and which of them run at each level of checking, in which order? */
import type { Candidate } from '#core/plan';
import type { Verifier } from '#core/verifier';
import { codeParses } from '#verifiers/code-parses';
import { diffWellFormed } from '#verifiers/diff-well-formed';
import { format } from '#verifiers/format';
import { nonEmptyContent } from '#verifiers/non-empty-content';
import { notTruncated } from '#verifiers/not-truncated';
import { refusal } from '#verifiers/refusal';
import { toolArguments } from '#verifiers/tool-arguments';

/** By public name, in chain order: cheap and certain first. */
export const VERIFIERS = {
  non_empty_content: nonEmptyContent,
  not_truncated: notTruncated,
  tool_call_json_valid: toolArguments,
  code_parses: codeParses,
  diff_well_formed: diffWellFormed,
  format_well_formed: format,
  refusal_marker: refusal,
} as const satisfies Record<string, Verifier>;

export type VerifierName = keyof typeof VERIFIERS;

export const CHAINS: Readonly<Record<Candidate['checks'], readonly Verifier[]>> = {
  none: [],
  minimal: [VERIFIERS.non_empty_content, VERIFIERS.not_truncated, VERIFIERS.tool_call_json_valid],
  full: Object.values(VERIFIERS),
};
