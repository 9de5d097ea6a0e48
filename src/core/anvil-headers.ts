/** What does a caller ask for in our own headers: x-anvil-intent, x-anvil-budget, x-anvil-max-latency? */
import { type Failure, failure, isFailure } from '#core/failure';
import type { HeaderReader } from '#core/harness-table';
import { nameOf } from '#core/model-names';
import type { Preset, Settings } from '#core/settings';
import { isWorkClass, WORK_CLASSES, type WorkClass, workClassOfPreset } from '#core/work-class';

/** A preset of the configuration, or a class of work whose preset may not be configured. */
export type DeclaredIntent =
  | { readonly kind: 'preset'; readonly preset: Preset; readonly token: string }
  | { readonly kind: 'class'; readonly workClass: WorkClass };

/** Caps of one caller on what metered tiers may cost; they only ever tighten the operator's own. */
export interface AskedCaps {
  readonly requestUsd?: number;
  readonly requestTokens?: number;
  readonly sessionUsd?: number;
  readonly sessionTokens?: number;
}

export interface Ask {
  readonly intent?: DeclaredIntent;
  readonly caps?: AskedCaps;
  /** Longest wait for a tier's first byte. */
  readonly firstByteMaxMs?: number;
}

/** Longer values are nonsense, and are not looked at. */
const VALUE_CHARS_MAX = 200;
const LATENCY_SECONDS_MAX = 3_600;
const NUMBER = /^(?:\d{1,12})(?:\.\d{1,9})?$/;

const CAPS: Readonly<Record<string, keyof AskedCaps>> = {
  'request-usd': 'requestUsd',
  'request-tokens': 'requestTokens',
  'session-usd': 'sessionUsd',
  'session-tokens': 'sessionTokens',
};

const refuse = (header: string, wanted: string): Failure =>
  failure('bad-request', `${header}: ${wanted}`, { param: header });

/** A preset in any spelling the `model` field takes, else a work class, else a canonical preset that is not configured. */
const readIntent = (value: string, settings: Settings): DeclaredIntent | Failure => {
  const named = nameOf(value, settings);
  if (named.kind === 'preset') return named;
  const word = value.trim().toLowerCase();
  const workClass = isWorkClass(word) ? word : workClassOfPreset(word);
  if (workClass !== undefined) return { kind: 'class', workClass };
  const presets = [...settings.presets.values()].map(({ name }) => name);
  const names = [...new Set([...WORK_CLASSES, ...presets])].join(', ');
  return refuse('x-anvil-intent', `not a work class or preset; it may be one of ${names}`);
};

const BUDGET_FORM =
  'expected up to four of request-usd, request-tokens, session-usd, session-tokens, as in "request-usd=0.05, session-tokens=200000"';

const readCaps = (value: string): AskedCaps | Failure => {
  const caps: { -readonly [key in keyof AskedCaps]: number } = {};
  for (const item of value.split(',')) {
    const [name = '', amount = '', ...rest] = item.split('=').map((part) => part.trim());
    const key = Object.hasOwn(CAPS, name.toLowerCase()) ? CAPS[name.toLowerCase()] : undefined;
    if (key === undefined || rest.length > 0 || !NUMBER.test(amount)) return refuse('x-anvil-budget', BUDGET_FORM);
    if (caps[key] !== undefined) return refuse('x-anvil-budget', `${name.toLowerCase()} is given twice`);
    caps[key] = Number(amount);
  }
  return caps;
};

const readLatency = (value: string): number | Failure => {
  const text = value.trim();
  const seconds = NUMBER.test(text) ? Number(text) : 0;
  return seconds >= 0.001 && seconds <= LATENCY_SECONDS_MAX
    ? Math.max(1, Math.round(seconds * 1_000))
    : refuse('x-anvil-max-latency', `expected seconds to the first byte, above 0 and at most ${LATENCY_SECONDS_MAX}`);
};

/**
 * Reads the three headers; undefined when none is there. A value that means nothing is refused instead of ignored: a
 * caller that set a limit must not believe in one that does not hold. An empty value asks for nothing.
 */
export const readAsk = (header: HeaderReader, settings: Settings): Ask | Failure | undefined => {
  const wish = <Wish>(name: string, read: (text: string) => Wish | Failure): Wish | Failure | undefined => {
    const text = header(name);
    if (!text) return undefined;
    return text.length > VALUE_CHARS_MAX ? refuse(name, `more than ${VALUE_CHARS_MAX} characters`) : read(text);
  };
  const intent = wish('x-anvil-intent', (text) => readIntent(text, settings));
  if (isFailure(intent)) return intent;
  const caps = wish('x-anvil-budget', readCaps);
  if (isFailure(caps)) return caps;
  const firstByteMaxMs = wish('x-anvil-max-latency', readLatency);
  if (isFailure(firstByteMaxMs)) return firstByteMaxMs;
  if (intent === undefined && caps === undefined && firstByteMaxMs === undefined) return undefined;
  return {
    ...(intent === undefined ? {} : { intent }),
    ...(caps === undefined ? {} : { caps }),
    ...(firstByteMaxMs === undefined ? {} : { firstByteMaxMs }),
  };
};
