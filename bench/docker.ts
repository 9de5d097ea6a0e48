/** Engine socket or command line: what does each question to Docker cost? Runs as bun run bench:docker [--json] [--rounds N]. */
import { parseArgs } from 'node:util';
import { bunEffects } from '#platform/bun-effects';
import type { DockerEngine } from '#platform/docker-engine';
import { openDockerEngine } from '#platform/docker-socket';
import { scriptedImage } from '#scripts/scripted-image';
import { median, shown } from './numbers';

const ROUNDS = 15;
const ROUNDS_MAX = 200;
/** Calls of one kind in one round, so that a quick one is not lost in the clock's grain. */
const CALLS = 5;
/** Containers are slow; one life per round is enough. */
const LIVES = 1;
const NAME = `anvil-bench-${process.pid}`;
const LABEL = 'dev.anvil-serving.bench';
/** Grace when stopping, in seconds; the scripted server goes at once. */
const GRACE_S = 5;

const TASKS = ['version', 'inspect', 'list', 'last 50 lines', 'create, start, stop, remove'] as const;
type Task = (typeof TASKS)[number];

/** One task in one round. Times in milliseconds per call. */
interface Sample {
  readonly wallMs: number;
  /** Of our process and of the programs that it started; the engine's own is the same for both. */
  readonly cpuMs: number;
}

type Ways = Readonly<Record<Task, () => Promise<void>>>;

const socketWays = (engine: DockerEngine, image: string, watched: string): Ways => ({
  version: async () => void (await engine.version()),
  inspect: async () => void (await engine.inspect(watched)),
  list: async () => void (await engine.list(LABEL)),
  'last 50 lines': async () => {
    for await (const _ of engine.logs(watched, { tail: 50, follow: false }));
  },
  'create, start, stop, remove': async () => {
    const id = await engine.create(NAME, { Image: image, Cmd: ['--port', '8000'] });
    await engine.start(id);
    await engine.stop(id, GRACE_S * 1000);
    await engine.remove(id);
  },
});

/** CPU of the programs that have been started, in microseconds. */
let programsCpu = 0;

const docker = async (...words: readonly string[]): Promise<string> => {
  const child = Bun.spawn(['docker', ...words], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  programsCpu += Number(child.resourceUsage()?.cpuTime.total ?? 0);
  if (code !== 0) throw new Error(`docker ${words[0]} failed (${code}): ${err}`);
  return out;
};

const programWays = (image: string, watched: string): Ways => ({
  version: async () => void (await docker('version', '--format', '{{json .}}')),
  inspect: async () => void JSON.parse(await docker('inspect', watched)),
  // As much as the socket tells: ids first, then each of them.
  list: async () => {
    const ids = (await docker('ps', '--all', '--quiet', '--filter', `label=${LABEL}`)).split('\n').filter(Boolean);
    JSON.parse(await docker('inspect', ...ids));
  },
  'last 50 lines': async () => void (await docker('logs', '--tail', '50', '--timestamps', watched)),
  'create, start, stop, remove': async () => {
    await docker('create', '--name', NAME, image, '--port', '8000');
    await docker('start', NAME);
    await docker('stop', '--time', String(GRACE_S), NAME);
    await docker('rm', '--force', '--volumes', NAME);
  },
});

const measure = async (work: () => Promise<void>, calls: number): Promise<Sample> => {
  programsCpu = 0;
  const before = process.cpuUsage();
  const start = performance.now();
  for (let call = 0; call < calls; call++) await work();
  const wallMs = (performance.now() - start) / calls;
  const { user, system } = process.cpuUsage(before);
  return { wallMs, cpuMs: (user + system + programsCpu) / 1000 / calls };
};

interface Row {
  readonly task: Task;
  readonly socket: Sample;
  readonly program: Sample;
  /** Medians of the ratios within one round, command line to socket. */
  readonly wallRatio: number;
  readonly cpuRatio: number;
}

const rowOf = (task: Task, sockets: readonly Sample[], programs: readonly Sample[]): Row => {
  const middle = (samples: readonly Sample[]): Sample => ({
    wallMs: median(samples.map(({ wallMs }) => wallMs)),
    cpuMs: median(samples.map(({ cpuMs }) => cpuMs)),
  });
  const ratio = (key: keyof Sample): number =>
    median(programs.map((sample, round) => sample[key] / (sockets[round]?.[key] ?? Number.NaN)));
  return {
    task,
    socket: middle(sockets),
    program: middle(programs),
    wallRatio: ratio('wallMs'),
    cpuRatio: ratio('cpuMs'),
  };
};

/** Both ways in turn, the first one changing every round, so that noise falls on both alike. */
const run = async (socket: Ways, program: Ways, rounds: number): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  for (const task of TASKS) {
    const calls = task === 'create, start, stop, remove' ? LIVES : CALLS;
    const sockets: Sample[] = [];
    const programs: Sample[] = [];
    await measure(socket[task], 1);
    await measure(program[task], 1);
    for (let round = 0; round < rounds; round++) {
      if (round % 2 === 0) sockets.push(await measure(socket[task], calls));
      programs.push(await measure(program[task], calls));
      if (round % 2 === 1) sockets.push(await measure(socket[task], calls));
    }
    rows.push(rowOf(task, sockets, programs));
  }
  return rows;
};

const tableOf = (rows: readonly Row[], rounds: number, version: string): string =>
  [
    `Docker Engine ${version}, medians of ${rounds} rounds, milliseconds per call; CPU without the engine's own`,
    '',
    '| task | socket | command line | ratio | socket CPU | command line CPU | ratio |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(({ task, socket, program, wallRatio, cpuRatio }) => {
      const cells = [socket.wallMs, program.wallMs, wallRatio, socket.cpuMs, program.cpuMs, cpuRatio].map(shown);
      return `| ${[task, ...cells].join(' | ')} |`;
    }),
    '',
  ].join('\n');

const { values } = parseArgs({ options: { json: { type: 'boolean' }, rounds: { type: 'string' } } });
const rounds = Math.min(ROUNDS_MAX, Math.max(2, Number(values.rounds ?? ROUNDS) || ROUNDS));
const engine = await openDockerEngine(bunEffects());
const image = await scriptedImage();
const watched = `${NAME}-watched`;
try {
  const Cmd = ['--script-load-lines', '60'];
  await engine.create(watched, { Image: image, Cmd, Labels: { [LABEL]: '1' } });
  await engine.start(watched);
  const rows = await run(socketWays(engine, image, watched), programWays(image, watched), rounds);
  const version = await engine.version();
  process.stdout.write(
    values.json ? `${JSON.stringify({ version, rounds, rows }, null, 2)}\n` : tableOf(rows, rounds, version),
  );
} finally {
  await engine.remove(watched);
  await engine.remove(NAME);
}
