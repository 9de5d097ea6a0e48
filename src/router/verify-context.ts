/** What the verifiers may know about a request; read from the body only when one of them asks. */
import type { Conversation, ModelRequest } from '#core/message';
import type { VerifyContext } from '#core/verifier';

/**
 * @param typed the caller's conversation, built at most once and only if needed
 */
export const verifyContext = (
  request: ModelRequest,
  typed: () => Conversation,
  compileSchema: VerifyContext['compileSchema'],
): VerifyContext => ({
  maxOutputTokens: request.facts.maxOutputTokens,
  compileSchema,
  get tools() {
    return request.facts.toolNames.length > 0 ? typed().tools : [];
  },
  get toolChoice() {
    return request.facts.toolNames.length > 0 ? typed().toolChoice : undefined;
  },
  get parallelToolCalls() {
    return request.facts.toolNames.length > 0 ? typed().parallelToolCalls : undefined;
  },
  get outputFormat() {
    return request.facts.wantsJson ? typed().outputFormat : undefined;
  },
});
