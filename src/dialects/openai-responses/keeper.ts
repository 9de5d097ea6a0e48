/** What of a Responses stream has no typed form? The closing event tells the whole response; it is kept as it is. */
import type { AnswerKeeper } from '#core/dialect';
import type { JsonObject, Usage } from '#core/message';
import { isObject, listOf, textOf } from '#dialects/json';
import { completeUsage, readUsage } from '#dialects/openai-responses/finish';
import { quickScanResponses } from '#dialects/openai-responses/wire';
import { eventOfFrame } from '#dialects/wire-event';

/** The typed body always has counts. */
const NOTHING: Usage = { input: 0, output: 0 };

/** Keeper for one answer that is collected from a stream. */
export const createResponsesKeeper = (): AnswerKeeper => {
  let closing: JsonObject | undefined;
  return {
    frame(raw) {
      if (!quickScanResponses(raw)) return;
      const response = eventOfFrame(raw)?.response;
      if (isObject(response) && Array.isArray(response.output)) closing = response;
    },
    complete(body) {
      // The event that opens a stream has an output too, an empty one: only a closed response is worth keeping.
      if (closing === undefined || (closing.status !== 'completed' && closing.status !== 'incomplete')) return body;
      const { usage, output } = closing;
      // Some servers close with an empty output, whatever their items said.
      const typed = listOf(body.output);
      return {
        ...closing,
        id: textOf(closing.id) ?? body.id,
        model: body.model,
        output: listOf(output).length < typed.length ? typed : output,
        usage: isObject(usage) ? (completeUsage(usage, readUsage(body.usage) ?? NOTHING) ?? usage) : body.usage,
      };
    },
  };
};
