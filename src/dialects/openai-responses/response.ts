/** What does a whole Responses reply look like? The response object that a stream would have closed with. */
import type { EncodeContext, WholeReply } from '#core/dialect';
import type { StreamPart } from '#core/message';
import { ResponsesEncoder } from '#dialects/openai-responses/encoder';

/** A whole reply. Arguments travel as the tier spelt them, broken or not: callers parse them themselves. */
export const encodeWholeResponses = (parts: readonly StreamPart[], context: EncodeContext): WholeReply => {
  const encoder = new ResponsesEncoder(context, () => '');
  for (const part of parts) encoder.part(part);
  encoder.part({ type: 'end' });
  const failure = encoder.failure();
  return failure ? { ok: false, failure } : { ok: true, body: encoder.response() };
};
