/** Do swap groups and the tiers in them fit together? Rules that a schema cannot say. */
import { isTable } from '#config/check';
import type { KeyPath, Report } from '#config/problem';

type Table = Readonly<Record<string, unknown>>;

/** `groups` and `tiers` as the file has them: parts of the wrong shape are passed over here. */
export const checkSwapGroups = (groups: readonly unknown[], tiers: readonly unknown[], report: Report): void => {
  let first: string | undefined;
  groups.forEach((group, index) => {
    if (!isTable(group)) return;
    const path = ['router', 'swap_groups', index];
    oneSource(group, path, report);
    plainAddress(group.url, [...path, 'url'], report);
    const { registry } = group;
    if (typeof registry !== 'string' || registry === '') return;
    first ??= registry;
    if (registry !== first) otherRegistry(first, [...path, 'registry'], report);
  });
  const names = new Set(groups.map((group) => (isTable(group) ? group.name : undefined)));
  tiers.forEach((tier, index) => {
    if (isTable(tier) && typeof tier.swap_group === 'string' && names.has(tier.swap_group))
      fitsGroup(tier, ['router', 'tiers', index], report);
  });
};

const oneSource = ({ registry, url, auth_env, keep_serves }: Table, path: KeyPath, report: Report): void => {
  if (registry === undefined && url === undefined) {
    const remedy = 'add registry = "multiplexer.toml" to swap in this process, or url = "http://…" of a multiplexer';
    report({ path, message: 'says neither registry nor url', remedy });
  } else if (registry !== undefined && url !== undefined) {
    const remedy = 'keep registry to swap in this process, or url to leave it to another one';
    report({ path: [...path, 'url'], message: 'registry and url exclude each other', remedy });
  } else if (registry !== undefined && auth_env !== undefined) {
    const remedy = 'remove it: it belongs to url';
    report({ path: [...path, 'auth_env'], message: 'a multiplexer in this process wants no token', remedy });
  } else if (url !== undefined && keep_serves !== undefined) {
    const remedy = 'remove it, and start that multiplexer with --keep-serves if need be';
    report({ path: [...path, 'keep_serves'], message: 'a multiplexer elsewhere looks after its own servers', remedy });
  }
};

/** The address is shown by the operator's pages, so that it may hold no secret. */
const plainAddress = (url: unknown, path: KeyPath, report: Report): void => {
  if (typeof url !== 'string' || !/^https?:\/\//i.test(url)) return;
  const parsed = URL.parse(url);
  if (parsed === null)
    report({ path, message: 'is no URL', remedy: 'write for example url = "http://127.0.0.1:8001"' });
  else if (parsed.username !== '' || parsed.password !== '')
    report({ path, message: 'carries credentials', remedy: 'move them to the variable that auth_env names' });
  else if (parsed.search !== '' || parsed.hash !== '')
    report({ path, message: 'ends in a query or a fragment', remedy: 'write the address alone' });
};

/** Two of them could claim the same GPU, and neither would know of the other. */
const otherRegistry = (first: string, path: KeyPath, report: Report): void => {
  const message = `a second registry beside "${first}": one router runs one multiplexer`;
  report({ path, message, remedy: 'put the models into one registry; GPUs of their own keep them apart there' });
};

const fitsGroup = ({ swap_group, privacy, model }: Table, path: KeyPath, report: Report): void => {
  if (privacy === 'cloud') {
    const message = `a cloud tier has no GPU of yours, so it cannot be in swap group "${swap_group}"`;
    report({ path: [...path, 'swap_group'], message, remedy: 'remove it, or say privacy = "local"' });
  } else if (model === undefined || model === '') {
    const message = `names no model, so swap group "${swap_group}" cannot tell what to load for it`;
    report({ path, message, remedy: 'add model, as the registry of the group calls it' });
  }
};
