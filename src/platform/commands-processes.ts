/** Which processes run, since when, and which groups of them? */
import { readdir } from 'node:fs/promises';

const PROC = '/proc';

/** What `ps` may take; it answers within milliseconds. */
const PS_MS = 5_000;

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

/** Output of `ps`, empty when it fails. */
const ps = async (...words: readonly string[]): Promise<string> => {
  const child = Bun.spawn(['ps', ...words], { stdin: 'ignore', stdout: 'pipe', stderr: 'ignore', timeout: PS_MS });
  return child.stdout.text().catch(() => '');
};

let bootId: Promise<string> | undefined;
/** Ticks begin anew with every start of the system, and so do process ids; this tells the starts apart. */
const bootOf = (): Promise<string> => {
  bootId ??= Bun.file(`${PROC}/sys/kernel/random/boot_id`)
    .text()
    .then(
      (text) => text.trim().slice(0, 8),
      () => '',
    );
  return bootId;
};

/** When a process began, as text to be compared; undefined when there is none, or only its remains. */
export const processStart = async (pid: number): Promise<string | undefined> => {
  if (process.platform === 'linux') {
    const line = await statOf(pid);
    return line === undefined || line.hasEnded ? undefined : `${await bootOf()}:${line.start}`;
  }
  const [state, ...start] = (await ps('-o', 'stat=,lstart=', '-p', String(pid))).trim().split(/\s+/);
  return state === undefined || state === '' || isDead(state) ? undefined : `:${start.join(' ')}`;
};

const groupExists = (pid: number): boolean => {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 0);
    return true;
  } catch {
    return false;
  }
};

/**
 * Whether any process of a group still runs. The system's own answer counts zombies, which a container without an init
 * keeps for ever, so the members are looked at.
 */
export const groupLives = async (pid: number): Promise<boolean> => {
  if (pid <= 1 || !groupExists(pid)) return false;
  if (process.platform === 'linux') {
    const numbers = (await readdir(PROC)).filter((name) => /^[0-9]+$/.test(name));
    const lines = await Promise.all(numbers.map(statOf));
    return lines.some((line) => line !== undefined && line.group === pid && !line.hasEnded);
  }
  const lines = (await ps('-axo', 'pgid=,stat=')).trim().split('\n');
  return lines.some((line) => {
    const [group, state = ''] = line.trim().split(/\s+/);
    return Number(group) === pid && !isDead(state);
  });
};
