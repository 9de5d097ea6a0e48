/** How do clients run where they see no network but loopback, and where nothing that they start outlives them? */
import { runChild } from '#scripts/harness/child';

/** Set in the process that runs the cases; its value is what the process outside has found out, as JSON. */
export const INSIDE = 'ANVIL_HARNESS_INSIDE';

/** A network namespace with nothing but loopback in it. */
const NETWORK = ['unshare', '--map-root-user', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'inside'];

/** A process namespace: daemons that leave their group end with its first process, which is the shell. */
const PROCESSES = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', '"$@"; exit $?', 'client'];

/** The command in a process namespace of its own, where this process is inside one of the network already. */
export const alone = (command: readonly string[]): readonly string[] =>
  process.env[INSIDE] === undefined ? command : [...PROCESSES, ...command];

/**
 * Runs a program of ours again where only loopback exists, with the same words.
 * @returns its exit code; undefined where the system cannot do that
 */
export const runInside = async (
  program: string,
  words: readonly string[],
  found: string,
): Promise<number | undefined> => {
  const env = { PATH: process.env.PATH ?? '' };
  const probe = [...NETWORK, ...PROCESSES, 'true'];
  const can = await runChild({ command: probe, cwd: '/', env, limitMs: 5_000 }).catch(() => undefined);
  if (can?.exit !== 0) return undefined;
  const child = Bun.spawn([...NETWORK, process.execPath, program, ...words], {
    env: { ...process.env, [INSIDE]: found },
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
  });
  const stop = (): void => child.kill('SIGTERM');
  // A signal ends this process through its own handler; the one inside must not be left behind.
  process.on('exit', stop);
  return child.exited;
};
