/** What does a response object hold besides its output? Members that clients read, whatever was answered. */
import type { EncodeContext } from '#core/dialect';
import type { JsonObject } from '#core/message';

export const responsesResponseId = (responseId: string): string => `resp_${responseId}`;

/** @param told status, output, usage, and what goes with them */
export const responseShell = (
  { responseId, created, model }: Pick<EncodeContext, 'responseId' | 'created' | 'model'>,
  told: JsonObject,
): JsonObject => ({
  id: responsesResponseId(responseId),
  object: 'response',
  created_at: created,
  background: false,
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  metadata: {},
  model,
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  store: false,
  temperature: null,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: null,
  truncation: 'disabled',
  ...told,
});
