/** The operator's routes: what the multiplexer says of itself, and its models loaded and unloaded by hand. */
import type { SlotsStatus } from '#core/slots-status';
import type { IdleLimit } from '#server/generate';
import type { Front } from '#server/multiplexer/front';
import { refusalTrouble, type Trouble, unknownModel } from '#server/multiplexer/trouble';
import { json } from '#server/operator';
import { decodedName } from '#server/paths';

/** Whatever has a multiplexer behind it. */
type Slotted = Pick<Front, 'multiplexer'>;

const modelEntry = (id: string) => ({ id, object: 'model', owned_by: 'anvil' });

/** The list of v0.9; nothing is loaded for it. */
export const modelList = ({ multiplexer }: Front): Response =>
  json({ object: 'list', data: multiplexer.models.map(modelEntry) });

export const modelNamed = ({ multiplexer }: Front, name: string): Response | Trouble =>
  multiplexer.models.includes(name) ? json(modelEntry(name)) : unknownModel(name, multiplexer.models);

/** Models that answer now, or finish answering. */
const residentsOf = ({ slots }: SlotsStatus): readonly string[] =>
  slots.filter(({ state }) => state === 'ready' || state === 'draining').map(({ model }) => model);

/** Liveness in the words of v0.9, which knew one resident; with `verbose` the whole state. */
export const health = ({ multiplexer }: Front, verbose: boolean): Response => {
  const status = multiplexer.status();
  const residents = residentsOf(status);
  const basic = { resident: residents[0] ?? null, registry: multiplexer.models, residents };
  return json(verbose ? { ...basic, ...status } : basic);
};

/** 200 while requests are taken, 503 before and after; for load balancers. */
export const readiness = ({ multiplexer }: Front): Response => {
  const { state } = multiplexer.status();
  return state === 'serving' ? json({ ready: true }) : json({ ready: false, state }, 503, { 'retry-after': '5' });
};

export const slots = ({ multiplexer }: Slotted): Response => json(multiplexer.status());

export type SlotChange = 'load' | 'unload';

/** The change that a path asks for, and of which model; undefined for any other path. */
export const slotChangeIn = (path: string): { readonly change: SlotChange; readonly model: string } | undefined => {
  const [, encoded = '', change] = /^\/v1\/slots\/(.+)\/(load|unload)$/.exec(path) ?? [];
  const model = decodedName(encoded);
  return model === undefined || model === '' ? undefined : { change: change as SlotChange, model };
};

/** Answers when the model is ready, or has gone. A caller that leaves ends its wait, not the change. */
export const changeSlot = async (
  { multiplexer }: Slotted,
  change: SlotChange,
  model: string,
  request: Request,
  idle: IdleLimit,
): Promise<Response | Trouble> => {
  if (!multiplexer.models.includes(model)) return unknownModel(model, multiplexer.models);
  idle.lift(request);
  try {
    const refusal = await multiplexer[change](model, request.signal);
    if (refusal) return refusalTrouble(refusal);
    const slot = multiplexer.status().slots.find((entry) => entry.model === model);
    return json({ object: 'slot', ...slot });
  } finally {
    idle.restore(request);
  }
};
