/** What did one serve print, and what does it print now? */
import type { DeclaredServe, ServesManifest } from '#config/serves';
import type { RunningServe } from '#drivers/driver';
import { noSuchServe } from '#ops/serves/select';
import { knownSpecOf, stateOf } from '#ops/serves/state';
import type { ServesWorld } from '#ops/serves/world';
import type { LogLine, LogWish } from '#platform/docker-engine';
import { readLogFile } from '#platform/log-file';

/** @returns the one serve that the word means, or what is wrong with it and which exit code that is */
export const serveOfLogs = (
  words: readonly string[],
  { serves, path }: ServesManifest,
): DeclaredServe | { readonly problem: string; readonly exit: 1 | 2 } => {
  const [word] = words;
  const known = serves.map(({ name }) => name).join(', ');
  if (word === undefined || words.length > 1) {
    const count = word === undefined ? 'none was' : `${words.length} were`;
    return { problem: `name one serve, ${count} given — ${path} declares ${known || 'none'}`, exit: 2 };
  }
  const matching = serves.filter(({ name, container }) => name === word || container === word);
  const [only, ...more] = matching;
  if (only === undefined) return { problem: noSuchServe(word, serves, path), exit: 1 };
  if (more.length === 0) return only;
  return { problem: `"${word}" means ${matching.map(({ name }) => name).join(' and ')} — name one of them`, exit: 2 };
};

/** @throws DockerError when the engine does not give it; Error with a remedy when there is none */
export async function* logsOf(serve: DeclaredServe, wish: LogWish, world: ServesWorld): AsyncIterable<LogLine> {
  const { container, name } = serve;
  if (container === undefined) {
    if (wish.since !== undefined) throw new Error('the log of a process has no times: leave out --since');
    yield* processLines(serve, wish, world);
    return;
  }
  const { status, detail } = await stateOf(serve, world);
  if (status === 'absent') throw new Error(`there is no container ${container} — \`serves up ${name}\` makes it`);
  if (status === 'error') throw new Error(detail);
  yield* (await world.docker()).logs(container, wish, world.signal);
}

/** Undefined when it does not run, or ends at this moment. */
const takenOver = async (serve: DeclaredServe, world: ServesWorld): Promise<RunningServe | undefined> =>
  world.processes.adopt(knownSpecOf(serve, world), world.signal).catch(() => undefined);

/** Followed until the process ends, as the log of a container is. */
async function* processLines(serve: DeclaredServe, wish: LogWish, world: ServesWorld): AsyncIterable<LogLine> {
  const path = world.processLog(serve.name);
  const running = wish.follow ? await takenOver(serve, world) : undefined;
  if (running === undefined) {
    yield* readLogFile(path, { ...wish, follow: false }, world.signal);
    return;
  }
  const ended = new AbortController();
  void running.exited.then(() => ended.abort());
  try {
    yield* readLogFile(path, wish, AbortSignal.any([world.signal, ended.signal]));
  } finally {
    running.letGo();
  }
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * `10m`, `1h30m`, a date such as 2026-01-31T12:00:00Z, or seconds since 1970; undefined for anything else.
 * @param now epoch milliseconds
 * @returns epoch seconds
 */
export const sinceSeconds = (text: string, now: number): number | undefined => {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text);
  const parts = /^(?:\d+(?:\.\d+)?[dhms])+$/.test(text) ? [...text.matchAll(/([\d.]+)([dhms])/g)] : [];
  if (parts.length > 0) {
    const ago = parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNIT_SECONDS[unit] ?? 0), 0);
    return Math.max(0, now / 1000 - ago);
  }
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at / 1000;
};
