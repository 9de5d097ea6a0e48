/** Who swaps the models of which group, once every default is applied? */
import { SWAP_GROUP } from '#config/defaults';
import { toMs } from '#config/durations';
import type { RouterTable } from '#config/schema';
import type { SwapGroup, SwapGroupSource } from '#core/settings';

type GroupTable = NonNullable<RouterTable['swap_groups']>[number];

/** A multiplexer has its own paths; people write the address as they do for a tier. */
const originOfUrl = (url: string): string => url.replace(/\/+$/, '').replace(/\/v1$/, '').replace(/\/+$/, '');

/** The rules have seen to it that one of the two is there. */
const sourceOf = (
  { registry, url, auth_env, keep_serves }: GroupTable,
  besideFile: (path: string) => string,
): SwapGroupSource =>
  registry === undefined
    ? { kind: 'url', url: originOfUrl(url ?? ''), ...(auth_env === undefined ? {} : { authEnv: auth_env }) }
    : { kind: 'registry', path: besideFile(registry), ...(keep_serves === true ? { keepServes: true } : {}) };

/** @param besideFile where a path written in the file leads */
export const resolveSwapGroups = (router: RouterTable, besideFile: (path: string) => string): readonly SwapGroup[] =>
  (router.swap_groups ?? []).map((group) => ({
    name: group.name,
    source: sourceOf(group, besideFile),
    keepaliveAfterMs: toMs(group.keepalive_after_seconds ?? SWAP_GROUP.keepalive_after_seconds),
  }));
