/** How do OpenAI's dialects wrap the words of the error table? One envelope, the same for Chat and Responses. */
import type { SaidFailure } from '#core/error-table';
import type { JsonObject } from '#core/message';

/** A tier's own word for the type is passed on as long as it is a word. */
const WORD = /^[\w.-]{1,64}$/;

const typeOf = ({ upstream, type }: SaidFailure): string =>
  upstream?.type !== undefined && WORD.test(upstream.type) ? upstream.type : type;

/** The code that OpenAI uses for a `model` it does not have. */
const codeOf = ({ kind, param, code }: SaidFailure): string =>
  kind === 'not-found' && param === 'model' ? 'model_not_found' : code;

/** The error document; a caller's own error passed on from a tier keeps the tier's type. */
export const openAiErrorBody = (said: SaidFailure, requestId: string): JsonObject => ({
  error: { message: said.message, type: typeOf(said), param: said.param ?? null, code: codeOf(said) },
  request_id: requestId,
});
