/** How does the router open the multiplexer that a swap group names: one in this process, or one elsewhere? */
import type { SwapGroupSource } from '#core/settings';
import type { Effects } from '#platform/effects';
import type { Log } from '#platform/log';
import type { AssembleOptions } from '#server/multiplexer/assemble';
import type { OpenMultiplexer, OpenSource } from '#server/slots';

type Remote = Extract<SwapGroupSource, { readonly kind: 'url' }>;

/** Who hears what happens to the models of this process. */
export type SlotWatch = Pick<AssembleOptions, 'onEvent' | 'inspect'>;

/** Loaded only when a registry is named: drivers and engines are of no use to a router without one. */
const openHere = async (path: string, effects: Effects, log: Log, watch: SlotWatch): Promise<OpenMultiplexer> => {
  const { assembleMultiplexer } = await import('#server/multiplexer/assemble');
  // Whoever reads the configuration reads the registry as well, and tells its warnings.
  const { multiplexer, metrics, secrets, close } = await assembleMultiplexer(path, effects, log, {
    tellWarnings: false,
    ...watch,
  });
  log.setSecrets(secrets, `registry ${path}`);
  try {
    await multiplexer.start();
  } catch (error) {
    await close(true);
    throw error;
  }
  return {
    local: multiplexer,
    status: () => multiplexer.status(),
    residency: (model) => multiplexer.estimate(model),
    acquire: (model, wish) => multiplexer.acquire(model, wish),
    metrics: () => metrics.render(),
    close: (keepServes) => close(keepServes),
  };
};

/** The token of a multiplexer elsewhere. @throws Error that names the variable when it is not set */
const tokenOf = ({ url, authEnv }: Remote, { env }: Pick<Effects, 'env'>): string | undefined => {
  if (authEnv === undefined) return undefined;
  const token = env(authEnv);
  if (token === undefined) throw new Error(`the multiplexer at ${url} needs a token: set the variable ${authEnv}`);
  return token;
};

const openElsewhere = async (source: Remote, effects: Effects, log: Log): Promise<OpenMultiplexer> => {
  const { createSlotsClient } = await import('#upstream/slots-client');
  const token = tokenOf(source, effects);
  const { url } = source;
  if (token !== undefined) log.setSecrets([token], `multiplexer ${url}`);
  const session = effects.openSession();
  const client = createSlotsClient({
    url,
    token,
    session,
    clock: effects.clock,
    onProblem: (problem) => {
      if (problem === undefined) log.info('the multiplexer tells what is loaded', { url });
      else log.warn('nothing is known of a multiplexer', { url, problem });
    },
  });
  return {
    status: client.status,
    residency: client.residency,
    async close() {
      client.close();
      session.close();
    },
  };
};

/** Opens sources with the effects and the log of this process. */
export const opener =
  (effects: Effects, log: Log, watch: SlotWatch = {}): OpenSource =>
  (source) =>
    source.kind === 'registry' ? openHere(source.path, effects, log, watch) : openElsewhere(source, effects, log);
