/** Which processes run, since when, and which groups of them? */
import { readdir } from 'node:fs/promises';

const PROC = '/proc';

/** What `ps` may take; it answers within milliseconds. */
const PS_MS = 5_000;
/** Process that begins with the system. */
const FIRST_PID = 1;

/** Sends a signal to a whole process group; false when there is none (any more). */
export const signalGroup = (pid: number, signal: 'SIGTERM' | 'SIGKILL'): boolean => {
  // Group 0 is our own and 1 would be everybody; neither is ever a child's.
  if (!Number.isSafeInteger(pid) || pid <= 1) return false;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
    return true;
  } catch {
    return false;
  }
};

interface ProcessLine {
  readonly hasEnded: boolean;
  readonly group: number;
  /** Clock ticks since the system started. */
  readonly start: string;
}

/** Zombie or dead: it has ended, and only its parent has not taken notice. */
const isDead = (state: string): boolean => /^[ZX]/.test(state);

/**
 * `/proc/PID/stat`: number, name in brackets (which may hold anything), then fields from the third on: state, parent,
 * group; the 20th is the number of threads, the 22nd the start. See proc(5). A process whose first thread is dead still
 * holds its files, port and GPU memory while others of its threads are on their way out.
 */
const parseStat = (text: string): ProcessLine | undefined => {
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
  const [state, group, threads, start] = [fields[0], fields[2], fields[17], fields[19]];
  if (state === undefined || group === undefined || start === undefined) return undefined;
  return { hasEnded: isDead(state) && Number(threads) <= 1, group: Number(group), start };
};

const statOf = async (pid: number | string): Promise<ProcessLine | undefined> => {
  const text = await Bun.file(`${PROC}/${pid}/stat`)
    .text()
    .catch(() => '');
  return parseStat(text);
};

/** Times are told in the zone and the words of the environment: another one, and a process would seem another. */
const PS_ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC' };

/** Output of `ps`, wherever PATH leads; empty when it fails. */
const ps = async (...words: readonly string[]): Promise<string> => {
  try {
    const child = Bun.spawn(['/bin/ps', ...words], {
      env: PS_ENVIRONMENT,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'ignore',
      timeout: PS_MS,
    });
    return await child.stdout.text();
  } catch {
    return '';
  }
};

let boot: Promise<string> | undefined;
/** Ticks begin anew with every start of the system, and so do process ids; this tells the starts apart. Empty: it cannot. */
export const bootId = (): Promise<string> => {
  boot ??= process.platform === 'linux' ? linuxBoot() : psStart(FIRST_PID).then(([, start = '']) => start);
  return boot;
};

const linuxBoot = (): Promise<string> =>
  Bun.file(`${PROC}/sys/kernel/random/boot_id`)
    .text()
    .then(
      (text) => text.trim().slice(0, 8),
      () => '',
    );

/** When a process began, as text to be compared; undefined when there is none, or only its remains. */
export const processStart = async (pid: number): Promise<string | undefined> => {
  if (process.platform === 'linux') {
    const line = await statOf(pid);
    return line === undefined || line.hasEnded ? undefined : `${await bootId()}:${line.start}`;
  }
  const [state, start] = await psStart(pid);
  return state === undefined || isDead(state) ? undefined : `${await bootId()}:${start}`;
};

/** Its state and the time of its start, without colons; empty when there is none. */
const psStart = async (pid: number): Promise<readonly string[]> => {
  const [state, ...start] = (await ps('-o', 'stat=,lstart=', '-p', String(pid))).trim().split(/\s+/);
  return state === undefined || state === '' ? [] : [state, start.join(' ').replaceAll(':', '.')];
};

const groupExists = (pid: number): boolean => {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 0);
    return true;
  } catch (error) {
    // Somebody else's, as that of a program that changes its user: it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/**
 * Whether any process of a group still runs. The system's own answer counts zombies, which a container without an init
 * keeps for ever, so the members are looked at.
 */
export const groupLives = async (pid: number): Promise<boolean> => {
  if (pid <= 1 || !groupExists(pid)) return false;
  if (process.platform === 'linux') {
    const names = await readdir(PROC).catch(() => undefined);
    // Nothing to be seen there: the system's answer has to do.
    if (names === undefined) return true;
    const numbers = names.filter((name) => /^[0-9]+$/.test(name));
    const lines = await Promise.all(numbers.map(statOf));
    return lines.some((line) => line !== undefined && line.group === pid && !line.hasEnded);
  }
  const lines = (await ps('-axo', 'pgid=,stat=')).trim().split('\n');
  return lines.some((line) => {
    const [group, state = ''] = line.trim().split(/\s+/);
    return Number(group) === pid && !isDead(state);
  });
};
