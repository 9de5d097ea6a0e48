/** What does a request want: which model, streamed or not, and is it fit to be passed on? */
import type { Dialect } from '#core/dialect';
import { isFailure } from '#core/failure';
import { parseJsonBody, readBody } from '#server/body';
import type { Front } from '#server/multiplexer/front';
import { bodyTrouble, type Trouble, trouble, unknownModel } from '#server/multiplexer/trouble';

/** A path of the front door, which is that of the model's server as well. */
export interface Way {
  readonly path: string;
  /** In whose words failures and keepalives are said. */
  readonly dialect: Dialect;
  /** Whether answers may be event streams. */
  readonly streams: boolean;
}

export interface Wish {
  readonly model: string;
  readonly stream: boolean;
  /** The body as received: it is passed on as it is. */
  readonly bytes: Uint8Array;
}

/** Reads the body within its limits and finds out what it asks for. Nothing else of it is looked at. */
export const readWish = async (front: Front, way: Way, request: Request): Promise<Wish | Trouble> => {
  const { limits, effects, multiplexer } = front;
  const bytes = await readBody(request, limits, effects.clock);
  if (isFailure(bytes)) return bodyTrouble(bytes);
  const body = parseJsonBody(bytes, limits);
  if (isFailure(body)) return bodyTrouble(body);
  const { model, stream } = body.value;
  if (model === undefined || model === null) return trouble('invalid_request', 'bad body: it names no model');
  if (typeof model !== 'string') return trouble('invalid_request', 'bad body: model must be a string');
  if (!multiplexer.models.includes(model)) return unknownModel(model, multiplexer.models);
  return { model, stream: way.streams && stream === true, bytes };
};
