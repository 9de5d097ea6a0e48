/** What in a valid configuration will surprise its operator? Names and limits only; policy is judged elsewhere. */
import type { KeyPath } from '#config/problem';
import { isReachableName } from '#config/rules';
import type { ConfigFile } from '#config/schema';
import type { DialectName } from '#core/message';
import type { Settings } from '#core/settings';
import { isWorkClass, presetOfWorkClass, workClassOfPreset } from '#core/work-class';

export interface Warning {
  readonly path: KeyPath;
  readonly message: string;
}

export const collectWarnings = (file: ConfigFile, settings: Settings): readonly Warning[] => [
  ...tierWarnings(file, settings),
  ...swapGroupWarnings(settings),
  ...bypassWarnings(settings),
  ...presetWarnings(file),
  ...aliasWarnings(file),
  ...deadlineWarnings(file, settings),
  ...holdWarnings(file),
  ...repairWarnings(file, settings),
  ...confidenceWarnings(settings),
];

function* tierWarnings({ router }: ConfigFile, settings: Settings): Iterable<Warning> {
  const named = new Set([...Object.values(router.presets ?? {}).flat(), ...Object.values(router.aliases ?? {})]);
  const spelled = new Map<string, string>();
  for (const [index, tier] of settings.tiers.entries()) {
    const path = ['router', 'tiers', index];
    if (tier.privacy === 'local' && tier.model === undefined) {
      const message = `tier "${tier.id}" names no model: the engine is asked at start and must serve exactly one`;
      yield { path, message };
    }
    if (!named.has(tier.id)) {
      const message = `no preset and no alias leads to tier "${tier.id}": only requests that name it reach it`;
      yield { path: [...path, 'id'], message };
    }
    if (tier.maxOutputTokens !== undefined && tier.maxOutputTokens > tier.contextLimit) {
      const message = `tier "${tier.id}" may answer with more tokens than its whole window of ${tier.contextLimit}`;
      yield { path: [...path, 'max_output_tokens'], message };
    }
    const twin = spelled.get(tier.id.toLowerCase());
    if (twin !== undefined) {
      const message = `tiers "${twin}" and "${tier.id}" differ only in case: a request for either means "${twin}"`;
      yield { path: [...path, 'id'], message };
    } else spelled.set(tier.id.toLowerCase(), tier.id);
    const url = urlOf(tier.baseUrl);
    if (url === undefined) {
      yield {
        path: [...path, 'base_url'],
        message: `base_url of tier "${tier.id}" is no URL: every request to it fails`,
      };
    } else if (url.username !== '' || url.password !== '') {
      const message = `base_url of tier "${tier.id}" carries credentials: move them to the variable of auth_env`;
      yield { path: [...path, 'base_url'], message };
    }
  }
}

/** A group nobody is in, and a tier whose group nobody swaps while others are declared, are misspelled most of the time. */
function* swapGroupWarnings({ tiers, swapGroups }: Settings): Iterable<Warning> {
  for (const [index, { name }] of swapGroups.entries()) {
    if (tiers.some(({ swapGroup }) => swapGroup === name)) continue;
    const message = `no tier has swap_group = "${name}": the group swaps nothing`;
    yield { path: ['router', 'swap_groups', index, 'name'], message };
  }
  if (swapGroups.length === 0) return;
  const declared = new Set(swapGroups.map(({ name }) => name));
  for (const [index, { id, swapGroup }] of tiers.entries()) {
    if (swapGroup === undefined || declared.has(swapGroup)) continue;
    const message = `tier "${id}" is in swap group "${swapGroup}", which no [[router.swap_groups]] declares: nothing swaps its model`;
    yield { path: ['router', 'tiers', index, 'swap_group'], message };
  }
}

/** Host and port; the names of this machine are one. */
const hostOf = (address: string): string | undefined => {
  const url = urlOf(address);
  return url && `${url.hostname.replace(/^(?:localhost|\[::1\])$/, '127.0.0.1')}:${url.port || url.protocol}`;
};

/** A multiplexer elsewhere lends models only to requests that pass through it. */
function* bypassWarnings({ tiers, swapGroups }: Settings): Iterable<Warning> {
  for (const [index, { id, swapGroup, baseUrl }] of tiers.entries()) {
    const source = swapGroups.find(({ name }) => name === swapGroup)?.source;
    if (source?.kind !== 'url' || hostOf(source.url) === hostOf(baseUrl)) continue;
    const message = `base_url of tier "${id}" does not lead to the multiplexer at ${source.url}: its model is loaded by nobody`;
    yield { path: ['router', 'tiers', index, 'base_url'], message };
  }
}

const urlOf = (text: string): URL | undefined => URL.parse(text) ?? undefined;

function* presetWarnings({ router }: ConfigFile): Iterable<Warning> {
  const spelled = new Map<string, string>();
  for (const name of Object.keys(router.presets ?? {})) {
    const path = ['router', 'presets', name];
    const token = name.toLowerCase();
    if (workClassOfPreset(token) === undefined) {
      const hint = isWorkClass(token) ? `; the preset of that work class is "${presetOfWorkClass(token)}"` : '';
      yield { path, message: `"${name}" is a preset of your own: it has no work class and no quality gate${hint}` };
    }
    if (!isReachableName(name)) {
      const message = `no request can ask for preset "${name}": outer blanks and one leading "anvil/" are stripped`;
      yield { path, message };
    }
    if (router.tiers.some(({ id }) => id.toLowerCase() === token)) {
      yield { path, message: `preset "${name}" hides the tier of that name: a request for it gets the preset` };
    }
    const twin = spelled.get(token);
    if (twin !== undefined) {
      yield { path, message: `presets "${twin}" and "${name}" differ only in case: only "${twin}" is used` };
    } else spelled.set(token, name);
  }
}

function* aliasWarnings({ router }: ConfigFile): Iterable<Warning> {
  const presets = new Set(Object.keys(router.presets ?? {}).map((name) => name.toLowerCase()));
  for (const [name, target] of Object.entries(router.aliases ?? {})) {
    const path = ['router', 'aliases', name];
    const token = name.toLowerCase();
    if (presets.has(token)) {
      yield { path, message: `alias "${name}" is never used: the preset of that name comes first` };
    } else if (workClassOfPreset(token) !== undefined) {
      const message = `alias "${name}" has the name of a preset: such requests go to "${target}" without any quality gate`;
      yield { path, message };
    }
    const pinned = router.tiers.find(({ id }) => id.toLowerCase() === token);
    if (pinned !== undefined) {
      const message = `alias "${name}" hides the tier of that name: a request for it gets "${target}", ungated`;
      yield { path, message };
    }
  }
}

function* deadlineWarnings({ router }: ConfigFile, settings: Settings): Iterable<Warning> {
  for (const [index, { id, deadlines }] of settings.tiers.entries()) {
    if (deadlines.firstByteMs <= deadlines.totalMs) continue;
    const own = router.tiers[index]?.deadlines !== undefined;
    const path = own ? ['router', 'tiers', index, 'deadlines'] : ['router', 'tiers', index];
    const [first, total] = [deadlines.firstByteMs / 1000, deadlines.totalMs / 1000];
    yield { path, message: `tier "${id}" may take ${first} s to its first byte but only ${total} s in all` };
  }
  const { totalMs } = settings.attempts;
  const longest = settings.tiers.find(({ deadlines }) => deadlines.totalMs > totalMs);
  if (longest !== undefined) {
    const [own, all] = [longest.deadlines.totalMs / 1000, totalMs / 1000];
    const message = `all attempts together get ${all} s, less than the ${own} s of tier "${longest.id}" alone`;
    yield { path: ['router', 'attempts', 'total_seconds'], message };
  }
}

function* holdWarnings({ router }: ConfigFile): Iterable<Warning> {
  const { hold, swap_groups: groups = [] } = router;
  if (hold?.keepalive_every_seconds === undefined || hold.keepalive_after_seconds !== undefined || groups.length > 0)
    return;
  const message = 'no keepalive is ever sent: keepalive_after_seconds is not set';
  yield { path: ['router', 'hold', 'keepalive_every_seconds'], message };
}

function* repairWarnings({ router }: ConfigFile, { repair, resume, tiers }: Settings): Iterable<Warning> {
  const ladders = [repair.rungs, ...Object.values(repair.byWorkClass)];
  if (!ladders.some((rungs) => rungs.includes('ask-again'))) {
    for (const key of ['ask_again_max', 'ask_again_seconds'] as const) {
      if (router.repair?.[key] === undefined) continue;
      yield { path: ['router', 'repair', key], message: 'nothing is asked again: no list of rungs has "ask-again"' };
    }
  }
  const resumes = resume.mode === 'text' || Object.values(resume.byWorkClass).includes('text');
  if (resumes && tiers.every(({ continues }) => continues === false)) {
    yield { path: ['router', 'resume'], message: 'nothing is carried on: every tier says continues = false' };
  }
}

/** Fields by which a tier is asked for log-probabilities; Messages has none, so only refusals can count there. */
const LOGPROB_FIELDS: Readonly<Record<DialectName, readonly string[]>> = {
  'openai-chat': ['logprobs'],
  'openai-responses': ['include', 'top_logprobs'],
  'anthropic-messages': [],
};

function* confidenceWarnings({ tiers }: Settings): Iterable<Warning> {
  for (const [index, { id, dialect, confidence, extraBody, extraBodyDefaults }] of tiers.entries()) {
    if (confidence === undefined) continue;
    const tables = [confidence.limits, ...Object.values(confidence.byWorkClass)];
    if (tables.every(({ logprobMin, entropyMax }) => logprobMin === undefined && entropyMax === undefined)) continue;
    const fields = LOGPROB_FIELDS[dialect];
    const path = ['router', 'tiers', index, 'confidence'];
    if (fields.length === 0) {
      const message = `tier "${id}" speaks ${dialect}, which has no log-probabilities: only refusals and the score can count`;
      yield { path, message };
    } else if (!fields.some((field) => field in { ...extraBody, ...extraBodyDefaults })) {
      const message = `tier "${id}" is not asked for log-probabilities: add ${fields.join(', ')} to its extra_body_defaults`;
      yield { path, message };
    }
  }
}
