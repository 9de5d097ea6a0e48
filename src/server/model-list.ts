/** How does GET /v1/models answer, in one document that readers of both list shapes understand, and page by page? */
import { type Failure, failure, isFailure } from '#core/failure';
import { type ModelEntry, modelList, modelNamed } from '#core/models';
import type { ServerContext } from '#server/context';
import { json } from '#server/operator';

const LIMIT_MAX = 1_000;
const NAME_CHARS_SHOWN = 80;

const place = (data: readonly ModelEntry[], id: string, param: string): number | Failure => {
  const found = data.findIndex((entry) => entry.id === id);
  return found >= 0 ? found : failure('bad-request', `${param}: no model of this list has that id`, { param });
};

const limitOf = (query: URLSearchParams): number | Failure => {
  const text = query.get('limit');
  if (text === null) return LIMIT_MAX;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= LIMIT_MAX
    ? limit
    : failure('bad-request', `limit: a whole number from 1 to ${LIMIT_MAX}`, { param: 'limit' });
};

interface Page {
  readonly data: readonly ModelEntry[];
  readonly hasMore: boolean;
}

/** A page after one id, or before another, as Anthropic's list has it; the whole list when neither is named. */
const pageOf = (all: readonly ModelEntry[], query: URLSearchParams): Page | Failure => {
  const limit = limitOf(query);
  if (isFailure(limit)) return limit;
  const [afterId, beforeId] = [query.get('after_id'), query.get('before_id')];
  const after = afterId === null ? -1 : place(all, afterId, 'after_id');
  if (isFailure(after)) return after;
  const before = beforeId === null ? all.length : place(all, beforeId, 'before_id');
  if (isFailure(before)) return before;
  if (beforeId !== null && afterId === null) {
    const start = Math.max(0, before - limit);
    return { data: all.slice(start, before), hasMore: start > 0 };
  }
  const rest = all.slice(after + 1, before);
  return { data: rest.slice(0, limit), hasMore: rest.length > limit };
};

/** The list, or the page of it that `limit`, `after_id` and `before_id` ask for. */
export const models = ({ router }: ServerContext, query: URLSearchParams): Response | Failure => {
  const page = pageOf(modelList(router.generation.settings), query);
  if (isFailure(page)) return page;
  const { data, hasMore } = page;
  return json({
    object: 'list',
    data,
    has_more: hasMore,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  });
};

/** One entry; names are matched as on the generation routes. */
export const model = ({ router }: ServerContext, name: string): Response | Failure => {
  const found = modelNamed(router.generation.settings, name);
  return found
    ? json(found)
    : failure(
        'not-found',
        `no model ${JSON.stringify(name.slice(0, NAME_CHARS_SHOWN))}; GET /v1/models lists the names`,
      );
};
