/** Do the names in a configuration fit together? Rules that a schema cannot say; all of them are always tried. */
import { isTable } from '#config/check';
import { BREAKER } from '#config/defaults';
import { nearestName } from '#config/nearest';
import type { KeyPath, Report } from '#config/problem';
import { checkSwapGroups } from '#config/rules-swap';
import { isWorkClass, PRESET_NAMES, WORK_CLASSES, type WorkClass, workClassOfPreset } from '#core/work-class';

/**
 * Reports duplicate and unknown names and limits that contradict each other. `document` is the plain value that
 * `checkShape` answers with, whether or not it had complaints: parts of the wrong shape are passed over here.
 */
export const checkRules = (document: unknown, report: Report): void => {
  const router = tableAt(document, 'router');
  const ids = listAt(router, 'tiers').map((tier) => textAt(tier, 'id'));
  const tierIds = new Set(ids.filter((id) => id !== undefined));
  uniqueNames(ids, ['router', 'tiers'], 'id', 'tier', report);
  const presets = tableAt(router, 'presets');
  for (const [name, pool] of Object.entries(presets)) {
    if (!Array.isArray(pool)) continue;
    pool.forEach((id, index) => {
      tierExists(id, tierIds, ['router', 'presets', name, index], report);
    });
  }
  listAt(router, 'tiers').forEach((tier, index) => {
    prefixIsLocal(tier, ['router', 'tiers', index, 'stable_prefix'], report);
    classNamedOnce(tableAt(tier, 'confidence'), ['router', 'tiers', index, 'confidence'], report);
  });
  const groups = listAt(router, 'swap_groups');
  uniqueNames(
    groups.map((group) => textAt(group, 'name')),
    ['router', 'swap_groups'],
    'name',
    'swap group',
    report,
  );
  checkSwapGroups(groups, listAt(router, 'tiers'), report);
  checkAliases(tableAt(router, 'aliases'), tierIds, report);
  listAt(router, 'metered_cloud').forEach((name, index) => {
    if (typeof name === 'string') meteredName(name, presets, ['router', 'metered_cloud', index], report);
  });
  checkUnknownModel(router.unknown_model, presets, report);
  checkLimits(router, report);
  checkTokens(tableAt(document, 'server'), report);
  checkErrorRules(document, report);
};

/** The work class that an entry of `metered_cloud` or `hold` means: a class itself, or a canonical preset's. */
export const workClassNamed = (name: string): WorkClass | undefined =>
  isWorkClass(name) ? name : workClassOfPreset(name);

/** A cloud gets the caller's bytes. */
const prefixIsLocal = (tier: unknown, path: KeyPath, report: Report): void => {
  if (!isTable(tier) || tier.stable_prefix !== true || tier.privacy !== 'cloud') return;
  const message = 'a cloud tier is sent the prompt as the caller wrote it';
  report({ path, message, remedy: 'remove it: it is for engines of your own' });
};

const checkAliases = (
  aliases: Readonly<Record<string, unknown>>,
  tierIds: ReadonlySet<string>,
  report: Report,
): void => {
  const seen = new Map<string, string>();
  for (const [name, target] of Object.entries(aliases)) {
    const path = ['router', 'aliases', name];
    tierExists(target, tierIds, path, report);
    if (!isReachableName(name)) {
      const message = 'no request can ask for this name: the router strips outer blanks and one leading "anvil/"';
      report({ path, message, remedy: 'choose a name without them' });
    }
    const twin = seen.get(name.toLowerCase());
    if (twin !== undefined) {
      const remedy = 'names are compared without regard to case: remove one';
      report({ path, message: `"${name}" and "${twin}" are the same alias`, remedy });
    }
    seen.set(name.toLowerCase(), name);
  }
};

/** False for names that the normalised `model` of a request can never equal. */
export const isReachableName = (name: string): boolean =>
  name !== '' && name.trim() === name && !/^anvil[/:]/i.test(name);

/** Tiers that a remedy lists. */
const NAMES_SHOWN_MAX = 20;

const tierExists = (id: unknown, tierIds: ReadonlySet<string>, path: KeyPath, report: Report): void => {
  if (typeof id !== 'string' || id === '' || tierIds.has(id)) return;
  const remedy = (): string => {
    const near = nearestName(id, tierIds);
    const shown = [...tierIds].slice(0, NAMES_SHOWN_MAX).join(', ') || 'none';
    return near === undefined ? `tiers of this file: ${shown}` : `did you mean "${near}"?`;
  };
  report({ path, message: `no tier is called "${id}"`, remedy });
};

const meteredName = (name: string, presets: Readonly<Record<string, unknown>>, path: KeyPath, report: Report): void => {
  if (name === '' || workClassNamed(name) !== undefined) return;
  if (Object.hasOwn(presets, name)) {
    const message = `"${name}" is a preset of your own: it has no work class, so it can never reach a metered tier`;
    report({ path, message, remedy: `remove it; work classes are ${WORK_CLASSES.join(', ')}` });
    return;
  }
  const near = nearestName(name, [...WORK_CLASSES, ...PRESET_NAMES]);
  const remedy = near === undefined ? `work classes are ${WORK_CLASSES.join(', ')}` : `did you mean "${near}"?`;
  report({ path, message: `"${name}" is neither a work class nor a preset`, remedy });
};

/** Words of `unknown_model` that are no preset. */
const UNKNOWN_MODEL_WORDS = ['infer', 'refuse'] as const;

const checkUnknownModel = (value: unknown, presets: Readonly<Record<string, unknown>>, report: Report): void => {
  if (typeof value !== 'string' || value === '') return;
  const names: readonly string[] = [...UNKNOWN_MODEL_WORDS, ...Object.keys(presets)];
  if (names.some((name) => name.toLowerCase() === value.toLowerCase())) return;
  const near = nearestName(value, names);
  const remedy =
    near === undefined ? `choose one of ${names.slice(0, NAMES_SHOWN_MAX).join(', ')}` : `did you mean "${near}"?`;
  report({ path: ['router', 'unknown_model'], message: `no preset is called "${value}"`, remedy });
};

const checkLimits = (router: Readonly<Record<string, unknown>>, report: Report): void => {
  for (const name of ['hold', 'repair', 'resume']) classNamedOnce(tableAt(router, name), ['router', name], report);
  const { cooldown_seconds = BREAKER.cooldown_seconds, cooldown_max_seconds = BREAKER.cooldown_max_seconds } = tableAt(
    router,
    'breaker',
  );
  if (typeof cooldown_seconds !== 'number' || typeof cooldown_max_seconds !== 'number') return;
  if (cooldown_max_seconds < cooldown_seconds) {
    const message = `the longest cooldown (${cooldown_max_seconds} s) is shorter than the first one (${cooldown_seconds} s)`;
    report({
      path: ['router', 'breaker', 'cooldown_max_seconds'],
      message,
      remedy: 'raise it, or lower the first one',
    });
  }
};

/** A value in words that do not depend on the order of a list or of keys. */
const unordered = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(String).sort();
  return isTable(value) ? Object.entries(value).map(String).sort() : value;
};

/** Small edits have two names, that of the class and that of its preset. */
const classNamedOnce = (table: Readonly<Record<string, unknown>>, path: KeyPath, report: Report): void => {
  const { 'quick-edit': byPreset, 'bounded-edit': byClass } = table;
  if (byPreset === undefined || byClass === undefined) return;
  if (JSON.stringify(unordered(byPreset)) === JSON.stringify(unordered(byClass))) return;
  const message = 'means the same as bounded-edit, which says otherwise';
  report({ path: [...path, 'quick-edit'], message, remedy: 'keep one of the two' });
};

/** Name of the token that `[server] auth_env` declares. */
export const DEFAULT_TOKEN = 'default';

const checkTokens = (server: Readonly<Record<string, unknown>>, report: Report): void => {
  const names = listAt(server, 'tokens').map((token) => textAt(token, 'name'));
  uniqueNames(names, ['server', 'tokens'], 'name', 'token', report);
  if (server.auth_env === undefined) return;
  const index = names.indexOf(DEFAULT_TOKEN);
  if (index === -1) return;
  const message = `"${DEFAULT_TOKEN}" is the name of the token in [server] auth_env`;
  report({ path: ['server', 'tokens', index, 'name'], message, remedy: 'choose another name, or remove auth_env' });
};

/** A profile that no rule has would leave its callers with the table, silently; of two equal rules one would be lost. */
const checkErrorRules = (document: unknown, report: Report): void => {
  const rules = listAt(tableAt(document, 'router'), 'errors');
  const profiles = new Set(rules.map((rule) => textAt(rule, 'profile')).filter((name) => name !== undefined));
  listAt(tableAt(document, 'server'), 'tokens').forEach((token, index) => {
    const name = textAt(token, 'error_profile');
    if (name === undefined || name === '' || profiles.has(name)) return;
    const near = nearestName(name, profiles);
    report({
      path: ['server', 'tokens', index, 'error_profile'],
      message: `no [[router.errors]] entry has the profile "${name}"`,
      remedy: near === undefined ? `add one with profile = "${name}"` : `did you mean "${near}"?`,
    });
  });
  const seen = new Set<string>();
  rules.forEach((rule, index) => {
    const key = JSON.stringify(['outcome', 'dialect', 'profile'].map((part) => textAt(rule, part) ?? null));
    const message = 'a second rule for the same outcome, dialect and profile';
    if (seen.has(key)) report({ path: ['router', 'errors', index], message, remedy: 'make one of the two' });
    seen.add(key);
  });
};

const uniqueNames = (
  names: readonly (string | undefined)[],
  path: KeyPath,
  key: string,
  noun: string,
  report: Report,
): void => {
  names.forEach((name, index) => {
    if (name === undefined || name === '' || names.indexOf(name) === index) return;
    report({
      path: [...path, index, key],
      message: `a second ${noun} is called "${name}"`,
      remedy: `give every ${noun} its own ${key}`,
    });
  });
};

const tableAt = (value: unknown, key: string): Readonly<Record<string, unknown>> => {
  const member = isTable(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return isTable(member) ? member : {};
};

const listAt = (value: unknown, key: string): readonly unknown[] => {
  const member = isTable(value) ? value[key] : undefined;
  return Array.isArray(member) ? member : [];
};

const textAt = (value: unknown, key: string): string | undefined => {
  const member = isTable(value) ? value[key] : undefined;
  return typeof member === 'string' ? member : undefined;
};
