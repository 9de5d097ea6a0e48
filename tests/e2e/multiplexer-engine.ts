/** A Docker Engine of a test's own, in a network of its own, that may be stopped and killed without harm to any other. */
import { existsSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { bunEffects } from '#platform/bun-effects';
import type { DockerEngine } from '#platform/docker-engine';
import { createDockerEngine } from '#platform/docker-socket';
import { type Program, SOURCE } from '#tests/e2e/program';
import { scriptedEngineImage } from '#tests/support/scripted-image';
import { tmpdir } from '#tests/support/tmp';

/** It answers within a second, or after a look at what it finds running. */
const START_MS = 30_000;
const LOOK_MS = 50;

export interface OwnEngine extends AsyncDisposable {
  readonly engine: DockerEngine;
  /** Address under which programs in its network can be reached from outside. */
  readonly host: string;
  /** The multiplexer, in that network: ports that containers publish on loopback are there. */
  readonly program: Program;
  /** SIGTERM lets it leave in order; resolves when it has gone. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts it again, with all it had. */
  start(): Promise<void>;
}

const TOOLS = ['dockerd', 'ip', 'nsenter', 'iptables'] as const;

/** Why there can be no such engine here; undefined when there can. */
export const whyNoOwnEngine = (): string | undefined => {
  if (process.platform !== 'linux') return 'it takes Linux';
  if (process.getuid?.() !== 0) return 'it takes root';
  const missing = TOOLS.filter((tool) => Bun.which(tool) === null);
  return missing.length === 0 ? undefined : `there is no ${missing.join(', no ')}`;
};

const run = async (words: readonly string[]): Promise<string> => {
  const child = Bun.spawn([...words], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  if (code !== 0) throw new Error(`${words.join(' ')} failed (${code}): ${out}${err}`);
  return out;
};

let networks = 0;

/** A network namespace joined to ours by one wire. */
const makeNetwork = async () => {
  const own = networks++;
  const name = `anvil-e2e-${process.pid}-${own}`;
  const wire = `ae${process.pid}${own}`.slice(0, 14);
  const subnet = `10.213.${(process.pid >> 3) % 256}.`;
  const first = ((process.pid % 8) * 8 + (own % 8)) * 4;
  const remove = async (): Promise<void> => {
    await run(['ip', 'netns', 'delete', name]).catch(() => undefined);
    await run(['ip', 'link', 'delete', `${wire}a`]).catch(() => undefined);
  };
  try {
    await run(['ip', 'netns', 'add', name]);
    await run(['ip', 'link', 'add', `${wire}a`, 'type', 'veth', 'peer', 'name', `${wire}b`, 'netns', name]);
    await run(['ip', 'addr', 'add', `${subnet}${first + 1}/30`, 'dev', `${wire}a`]);
    await run(['ip', 'link', 'set', `${wire}a`, 'up']);
    await run(['ip', '-n', name, 'addr', 'add', `${subnet}${first + 2}/30`, 'dev', `${wire}b`]);
    await run(['ip', '-n', name, 'link', 'set', `${wire}b`, 'up']);
    await run(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
  } catch (error) {
    await remove();
    throw error;
  }
  // Not `ip netns exec`, which hides the control groups from the engine.
  return { host: `${subnet}${first + 2}`, enter: ['nsenter', `--net=/run/netns/${name}`], remove };
};

/** The image of the scripted server, from the engine that has it. */
const copyImage = async (address: string): Promise<void> => {
  const save = Bun.spawn(['docker', 'save', await scriptedEngineImage()], { stdout: 'pipe', stderr: 'ignore' });
  const load = Bun.spawn(['docker', '--host', address, 'load'], {
    stdin: save.stdout,
    stdout: 'ignore',
    stderr: 'pipe',
  });
  const [code, err] = await Promise.all([load.exited, load.stderr.text()]);
  if (code !== 0) throw new Error(`the image could not be copied: ${err}`);
};

/** @param liveRestore whether containers and their ports outlive the engine */
export const startOwnEngine = async (liveRestore: boolean): Promise<OwnEngine> => {
  const folder = await tmpdir();
  const network = await makeNetwork();
  const pidFile = folder.file('pid');
  const address = `unix://${folder.file('docker.sock')}`;
  const engine = createDockerEngine({ address, clock: bunEffects().clock });
  const places = ['--data-root', folder.file('data'), '--exec-root', folder.file('exec'), '--pidfile', pidFile];
  // Without a proxy process of the engine for each port, ports outlive it as containers do.
  const restore = liveRestore ? ['--live-restore', '--userland-proxy=false'] : [];
  const log = openSync(folder.file('log'), 'a');
  let child: Bun.Subprocess | undefined;

  const answers = (): Promise<boolean> =>
    engine.version().then(
      () => true,
      () => false,
    );
  const start = async (): Promise<void> => {
    const words = [...network.enter, 'dockerd', '--host', address, ...places, ...restore];
    const started = Bun.spawn(words, { stdin: 'ignore', stdout: log, stderr: log });
    child = started;
    // Whether an engine answers is told by nobody.
    for (const due = performance.now() + START_MS; !(await answers()); await Bun.sleep(LOOK_MS)) {
      if (started.exitCode === null && performance.now() < due) continue;
      await stop('SIGKILL');
      throw new Error(`no engine of our own: ${(await folder.read('log')).slice(-2_000)}`);
    }
  };
  /** What a killed engine leaves of itself dies a moment later, and must not be met by the next one. */
  const untilAllGone = async (): Promise<void> => {
    const lives = (pid: string): boolean => pid !== '' && existsSync(`/proc/${pid}`);
    const pid = await folder.read('exec/containerd/containerd.pid').catch(() => '');
    if (lives(pid)) process.kill(Number(pid), 'SIGKILL');
    for (const due = performance.now() + START_MS; lives(pid); await Bun.sleep(LOOK_MS)) {
      if (performance.now() > due) throw new Error(`process ${pid} of the engine survives SIGKILL`);
    }
    await rm(folder.file('exec/containerd/containerd.pid'), { force: true });
    // It would be taken for another engine that runs.
    await rm(pidFile, { force: true });
  };
  const stop: OwnEngine['stop'] = async (signal) => {
    child?.kill(signal);
    await child?.exited;
    child = undefined;
    await untilAllGone();
  };
  /** Whatever comes of it, so that the rest goes on; one that is away is started to remove what it has left. */
  const removeContainers = async (): Promise<void> => {
    if (child === undefined) await start();
    const ids = (await run(['docker', '--host', address, 'ps', '--all', '--quiet']))
      .split('\n')
      .filter((id) => id !== '');
    if (ids.length > 0) await run(['docker', '--host', address, 'rm', '--force', ...ids]);
  };
  const dispose = async (): Promise<void> => {
    await removeContainers().catch((error) => process.stderr.write(`containers are left behind: ${error}\n`));
    await stop('SIGTERM');
    // It mounts its folder onto itself, and a killed one leaves more.
    for (const place of ['data', 'exec']) {
      await run(['sh', '-c', `grep -o '${folder.file(place)}[^ ]*' /proc/mounts | sort -ru | xargs -r umount -l`]);
    }
    await network.remove();
    await folder[Symbol.asyncDispose]();
  };
  try {
    await start();
    await copyImage(address);
  } catch (error) {
    await dispose();
    throw error;
  }
  const command = async (): Promise<readonly string[]> => [...network.enter, ...(await SOURCE.command())];
  return {
    engine,
    host: network.host,
    program: { name: 'source', command },
    start,
    stop,
    [Symbol.asyncDispose]: dispose,
  };
};
