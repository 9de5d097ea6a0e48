/** What answers at one address: an engine, another router, a gateway, a locked door, or nothing of interest? */
import type { JsonObject } from '#core/message';
import { identify } from '#ops/discover-engines';
import type { ProbeReply, Prober } from '#ops/discover-http';
import { nameOf, objectOf, objectsOf } from '#ops/discover-json';
import { billionsInName, type Found, unfitByName } from '#ops/discover-models';

/** Owners that only a gateway to paid models writes into a listing. */
const CLOUD_OWNERS: ReadonlySet<unknown> = new Set(['openai', 'anthropic', 'google', 'azure', 'bedrock', 'vertex_ai']);

type Unusable = Extract<Found, { detail: string }>['outcome'];

const unusable = (origin: string, outcome: Unusable, detail: string): Found => ({ outcome, origin, detail });

/** An OpenAI-compatible server that nothing gives away: taken for an engine only if it cannot be a gateway. */
const unnamed = (origin: string, entries: readonly JsonObject[]): Found => {
  const ids = entries.flatMap((entry) => nameOf(entry.id) ?? []);
  const [only] = ids;
  if (only === undefined) return unusable(origin, 'other', 'it lists no model');
  if (ids.length > 1 || entries.some((entry) => CLOUD_OWNERS.has(entry.owned_by))) {
    const detail = `it lists ${ids.length} models and could be a gateway to paid ones`;
    return unusable(origin, 'gateway', detail);
  }
  const unfit = unfitByName(only);
  const billions = billionsInName(only);
  const model = { id: only, ...(billions === undefined ? {} : { billions }) };
  return {
    outcome: 'engine',
    origin,
    engine: 'openai-compatible',
    evidence: 'it lists one model',
    models: unfit === undefined ? [model] : [],
    skipped: unfit === undefined ? [] : [{ id: only, reason: unfit }],
  };
};

/** What a failed listing means; undefined when there is nothing to say. */
const withoutListing = (origin: string, reply: ProbeReply): Found | undefined => {
  if (reply.kind === 'none') return undefined;
  if (reply.kind === 'silent') return unusable(origin, 'silent', 'it accepts connections but does not answer in time');
  if (reply.status === 401 || reply.status === 403) return unusable(origin, 'locked', 'it wants a key');
  if (reply.status === 503) return unusable(origin, 'not-ready', 'it is not ready yet (503)');
  return unusable(origin, 'other', `it has no model list (${reply.status})`);
};

/** Asks `/v1/models` first and then only what tells engines apart. Undefined when nobody is there. */
export const inspect = async (prober: Prober, origin: string): Promise<Found | undefined> => {
  const reply = await prober.ask(`${origin}/v1/models`);
  const list = reply.kind === 'json' && reply.status === 200 ? objectOf(reply.value).data : undefined;
  if (!Array.isArray(list)) {
    // Ollama without a model lists `null`.
    const bare = reply.kind === 'json' && reply.status === 200 ? await identify(prober, origin, []) : undefined;
    return bare === undefined ? withoutListing(origin, reply) : { outcome: 'engine', origin, ...bare };
  }
  const entries = objectsOf(list);
  // `anvil` is what the GPU multiplexer writes; both only pass requests on.
  if (entries.some((entry) => entry.owned_by === 'anvil-serving' || entry.owned_by === 'anvil')) {
    return unusable(origin, 'anvil', 'it is another anvil-serving, not an engine');
  }
  const identified = await identify(prober, origin, entries);
  return identified === undefined ? unnamed(origin, entries) : { outcome: 'engine', origin, ...identified };
};
