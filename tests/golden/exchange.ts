/** What would a relay make of one exchange? Runs a golden case through both dialects, with the answer cut into chunks. */
import type { AnswerKeeper, Dialect, EncodeContext } from '#core/dialect';
import type { DialectName, ModelRequest, StreamPart } from '#core/message';
import { dialects } from '#dialects/dialect';
import { contextOf, requestOf, textOf, tierOf, utf8 } from '#tests/dialects/support';
import { type GoldenCase, isSse } from '#tests/golden/case-file';
import { createSseSplitter, type SseFrame } from '#upstream/sse';

const EVENT_BYTES_MAX = 1_000_000;

export const dialectOf = (name: string): Dialect => {
  if (!Object.hasOwn(dialects, name)) throw new Error(`no dialect "${name}"`);
  return dialects[name as DialectName];
};

export interface Exchange {
  readonly caller: Dialect;
  readonly tierDialect: Dialect;
  readonly request: ModelRequest;
  readonly context: EncodeContext;
  readonly sameDialect: boolean;
}

export const openExchange = (golden: GoldenCase): Exchange => {
  const caller = dialectOf(golden.callerDialect);
  const tierDialect = dialectOf(golden.tierDialect);
  const request = requestOf(caller, JSON.parse(golden.requestText), golden.requestText);
  const { tools } = caller.conversation(request);
  const context = contextOf({
    model: request.model,
    includeUsage: caller.wantsUsage(request),
    toolOrigin: (name) => tools.find((tool) => tool.name === name)?.origin,
  });
  return { caller, tierDialect, request, context, sameDialect: caller === tierDialect };
};

/** The body a tier gets, and what was lost on the way. */
export const send = (golden: GoldenCase, { caller, tierDialect, request, sameDialect }: Exchange) => {
  const tier = tierOf({ ...golden.tier, dialect: tierDialect.name });
  return sameDialect
    ? tierDialect.forward(request, tier, request.stream)
    : tierDialect.render(caller.conversation(request), request, tier, request.stream);
};

/** The caller's bytes as text, for an answer that arrives in these chunks. */
export const answer = (exchange: Exchange, chunks: readonly Uint8Array[], streamed: boolean): string => {
  const { caller, tierDialect, request, context, sameDialect } = exchange;
  if (!streamed) return answerWhole(exchange, Buffer.concat(chunks));
  const splitter = createSseSplitter(EVENT_BYTES_MAX);
  const decoder = tierDialect.decoder();
  const encoder = caller.encoder(context);
  const keeper = sameDialect ? caller.keeper?.() : undefined;
  const all: StreamPart[] = [];
  let text = '';
  const say = (parts: readonly StreamPart[]): void => {
    all.push(...parts);
    if (!sameDialect) for (const part of parts) text += encoder.part(part);
  };
  const take = (frame: SseFrame): void => {
    say(decoder.event(frame));
    keeper?.frame(frame.raw);
    if (sameDialect) text += textOf(caller.echoModel(caller.fillId(frame.raw, context.responseId), context.model));
  };
  for (const chunk of chunks) for (const frame of splitter.push(chunk)) take(frame);
  for (const frame of splitter.flush()) take(frame);
  say(decoder.close());
  if (!decoder.ended()) throw new Error('the upstream section has no terminal marker');
  return request.stream ? text : wholeOf(exchange, all, keeper);
};

const answerWhole = (exchange: Exchange, bytes: Uint8Array): string => {
  const { caller, tierDialect, request, context, sameDialect } = exchange;
  const parts = tierDialect.decoder().whole(JSON.parse(textOf(bytes)));
  if (request.stream) {
    const encoder = caller.encoder(context);
    return parts.map((part) => encoder.part(part)).join('');
  }
  return sameDialect ? textOf(caller.echoModel(bytes, context.model)) : wholeOf(exchange, parts);
};

const wholeOf = ({ caller, context }: Exchange, parts: readonly StreamPart[], keeper?: AnswerKeeper): string => {
  const reply = caller.encodeWhole(parts, context);
  if (!reply.ok) return JSON.stringify({ failure: reply.failure });
  return JSON.stringify(keeper ? keeper.complete(reply.body) : reply.body);
};

export const bytesOf = (golden: GoldenCase): Uint8Array => utf8.encode(golden.upstreamText);

export const isStreamed = (golden: GoldenCase): boolean => isSse(golden.upstreamText);
