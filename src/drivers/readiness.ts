/** When may a started server be given requests: it is well, and it serves the model that it was started for? */

import { inOneLine, inTime } from '#core/plain-words';
import type { ServeSpec } from '#core/serve-spec';
import type { RunningServe } from '#drivers/driver';
import { type ProbeAnswer, type ProbeWorld, probe } from '#drivers/readiness-probe';
import { pause } from '#platform/pause';

export type NotReadyKind =
  /** It ended by itself. */
  | 'exited'
  /** It was not ready in its time. */
  | 'timeout'
  /** It serves, but something else, or to others only. */
  | 'wrong-model'
  /** Nobody waits any more. */
  | 'aborted';

export interface NotReady {
  readonly kind: NotReadyKind;
  /** For people: what, where, what to do. */
  readonly detail: string;
  /** The last lines it printed, oldest first. */
  readonly lines: readonly string[];
}

export interface ReadyOptions extends ProbeWorld {
  readonly signal: AbortSignal;
  /** Hears the newest line whenever there is another one, at most once per look. Must not throw. */
  readonly onProgress?: (line: string) => void;
}

/** Between two looks; it grows by half each time. */
const GAP_MS = 250;
const GAP_MS_MAX = 2_000;
const GAP_GROWTH = 1.5;
/** One question; a server that is busy loading may hold it that long. */
const PROBE_MS = 5_000;
/** A list that names other models counts from so many looks on: the first may be of a server that still sorts itself out. */
const WRONG_LISTS_MAX = 2;
/** Names that a message lists. */
const NAMES_MAX = 5;

type Look =
  | { readonly kind: 'ready' }
  /** Not yet, and why. */
  | { readonly kind: 'waiting'; readonly why: string }
  /** It answers, and will never be what was asked for. */
  | { readonly kind: 'wrong'; readonly why: string };

const saidOf = (path: string, answer: ProbeAnswer): string =>
  answer.kind === 'answer' ? `${path} answers ${answer.status}` : `${path}: ${answer.detail}`;

const isWell = (answer: ProbeAnswer): boolean =>
  answer.kind === 'answer' && answer.status >= 200 && answer.status < 300;

/** Ids of an OpenAI model list, `{data: [{id}]}`; undefined when it is none. */
export const idsOf = (text: string): readonly string[] | undefined => {
  try {
    const list: unknown = JSON.parse(text);
    const data = typeof list === 'object' && list !== null && 'data' in list ? list.data : undefined;
    if (!Array.isArray(data)) return undefined;
    return data.flatMap((entry: unknown) =>
      typeof entry === 'object' && entry !== null && 'id' in entry && typeof entry.id === 'string' ? [entry.id] : [],
    );
  } catch {
    return undefined;
  }
};

const MODELS_PATH = '/v1/models';

const judgeModels = (answer: ProbeAnswer, servedModel: string): Look => {
  if (answer.kind === 'answer' && (answer.status === 401 || answer.status === 403)) {
    return {
      kind: 'wrong',
      why: `${MODELS_PATH} answers ${answer.status}: start it without an API key, as it listens on loopback only`,
    };
  }
  const ids = answer.kind === 'answer' && isWell(answer) ? idsOf(answer.text) : undefined;
  if (ids === undefined) return { kind: 'waiting', why: `${saidOf(MODELS_PATH, answer)}, which is no model list` };
  if (ids.includes(servedModel)) return { kind: 'ready' };
  if (ids.length === 0) return { kind: 'waiting', why: `${MODELS_PATH} lists no model` };
  const shown = ids.slice(0, NAMES_MAX).map((id) => `"${inOneLine(id, 120)}"`);
  const names = ids.length > NAMES_MAX ? `${shown.join(', ')} and ${ids.length - NAMES_MAX} more` : shown.join(', ');
  return { kind: 'wrong', why: `it serves ${names} instead of "${servedModel}": correct its served model name` };
};

const look = async (spec: ServeSpec, world: ProbeWorld, signal: AbortSignal): Promise<Look> => {
  const origin = `http://127.0.0.1:${spec.port}`;
  const options = { timeoutMs: PROBE_MS, signal };
  const health = await probe(world, `${origin}${spec.health}`, options);
  if (!isWell(health)) return { kind: 'waiting', why: saidOf(spec.health, health) };
  if (spec.servedModel === undefined) return { kind: 'ready' };
  return judgeModels(await probe(world, `${origin}${MODELS_PATH}`, options), spec.servedModel);
};

/** Looks until the server is ready or never will be. Undefined: the signal ended it. */
const watch = async (
  spec: ServeSpec,
  options: ReadyOptions,
  signal: AbortSignal,
  eachLook: (look: Look) => void,
): Promise<'ready' | string | undefined> => {
  let wrongLists = 0;
  for (let gapMs = GAP_MS; ; gapMs = Math.min(GAP_MS_MAX, gapMs * GAP_GROWTH)) {
    const seen = await look(spec, options, signal);
    if (signal.aborted) return undefined;
    eachLook(seen);
    if (seen.kind === 'ready') return 'ready';
    wrongLists = seen.kind === 'wrong' ? wrongLists + 1 : 0;
    if (seen.kind === 'wrong' && wrongLists >= WRONG_LISTS_MAX) return seen.why;
    if (!(await pause(options.clock, gapMs, signal))) return undefined;
  }
};

const tellProgress = (serve: RunningServe, onProgress: ((line: string) => void) | undefined): (() => void) => {
  let told: string | undefined;
  return () => {
    const newest = serve.tail().at(-1);
    if (onProgress === undefined || newest === undefined || newest === told) return;
    told = newest;
    onProgress(newest);
  };
};

/**
 * Resolves as soon as the server answers 2xx on its health path and its model list names the declared model; at once
 * when it ends, when it serves another model, or when nobody waits; at the latest after `loadTimeoutMs`. Never rejects,
 * and never stops the server: that is for whoever started it.
 */
export const untilReady = async (
  spec: ServeSpec,
  serve: RunningServe,
  options: ReadyOptions,
): Promise<'ready' | NotReady> => {
  const { clock, signal, onProgress } = options;
  const where = `${spec.name} on port ${spec.port}`;
  const over = new AbortController();
  let lastWhy = 'it was not looked at';
  const progress = tellProgress(serve, onProgress);
  const notReady = (kind: NotReadyKind, detail: string): NotReady => ({ kind, detail, lines: serve.tail() });

  const { promise: late, resolve: onLate } = Promise.withResolvers<NotReady>();
  const timer = clock.setTimeout(
    () => onLate(notReady('timeout', `${where} was not ready within ${inTime(spec.loadTimeoutMs)}: ${lastWhy}`)),
    spec.loadTimeoutMs,
  );
  const { promise: aborted, resolve: onAborted } = Promise.withResolvers<NotReady>();
  const onAbort = (): void => onAborted(notReady('aborted', `waiting for ${where} was given up`));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const exited = serve.exited.then(({ code, detail }) => {
    const hint = code === 0 ? ': a server has to stay in the foreground' : '';
    return notReady('exited', `${where} ended while loading: ${detail}${hint}`);
  });
  const watching = watch(spec, options, over.signal, (seen) => {
    lastWhy = seen.kind === 'ready' ? lastWhy : seen.why;
    progress();
  }).then((end) => {
    if (end === 'ready') return end;
    return end === undefined ? aborted : notReady('wrong-model', `${where}: ${end}`);
  });
  try {
    return await Promise.race([exited, aborted, late, watching]);
  } finally {
    over.abort();
    clock.clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
};
