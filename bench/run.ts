/** Runs the benchmark: bun run bench [--quick] [--binary] [--json FILE]. One run, all processes, every target judged. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killAll, type Program, ROOT, startProgram } from './children';
import type { MicroResult } from './commands';
import { type Extent, QUICK, USUAL } from './extent';
import { type MemoryReading, measureMemory } from './memory';
import { median, shown } from './numbers';
import { loadAverage } from './process-stats';
import { loadTables, memoryTable, microTable, targetTable } from './report';
import { checkTarget, runRounds, type Sample, type Scenario, type Target, warmUp } from './rounds';
import { BINARY, type Build, type Mode, routerToml, startRouter } from './router-process';
import { summarise } from './summary';
import { type Findings, judge, type Verdict } from './targets';

const MODES: readonly Mode[] = ['none', 'block', 'all'];
/** The whole run may take so long, in milliseconds. */
const RUN_WITHIN_MS = 600_000;
const MICRO_WITHIN_MS = 120_000;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const progress = (text: string): void => {
  process.stderr.write(`bench: ${text}\n`);
};

interface Stage {
  readonly extent: Extent;
  readonly build: Build;
  readonly folder: string;
  readonly upstream: Program;
  readonly load: Program;
}

const configFor = async ({ folder, upstream }: Stage, mode: Mode, name: string): Promise<string> => {
  const path = join(folder, `${name}.toml`);
  await Bun.write(path, routerToml(mode, upstream.port, `${name}.sqlite`));
  return path;
};

const floorOf = ({ upstream }: Stage): Promise<Program> =>
  startProgram('floor-program.ts', `http://127.0.0.1:${upstream.port}`);

/** Load on every target at once alive, so that all see the same machine. */
const runLoad = async (stage: Stage): Promise<{ samples: readonly Sample[]; names: readonly string[] }> => {
  const { extent, build, upstream, load } = stage;
  const floor = await floorOf(stage);
  const targets: Target[] = [
    { name: 'direct', port: upstream.port, pid: undefined },
    { name: 'floor', port: floor.port, pid: floor.pid },
  ];
  const routers = [];
  for (const mode of MODES) {
    const router = await startRouter({ build, configPath: await configFor(stage, mode, `load-${mode}`) });
    routers.push(router);
    targets.push({ name: mode, port: router.port, pid: router.pid });
  }
  const sizes = new Map<string, ReadonlyMap<Scenario, number>>();
  for (const target of targets) sizes.set(target.name, await checkTarget(load, target, extent));
  progress('warming up');
  await warmUp(load, targets, extent);
  const samples = await runRounds(load, targets, extent, sizes, progress);
  await Promise.all([floor.stop(), ...routers.map((router) => router.stop())]);
  return { samples, names: targets.map(({ name }) => name) };
};

const runMemory = async (stage: Stage): Promise<readonly MemoryReading[]> => {
  progress('memory');
  const readings = [await measureMemory('floor', () => floorOf(stage), stage.load, stage.extent)];
  for (const mode of ['none', 'block'] as const) {
    const configPath = await configFor(stage, mode, `memory-${mode}`);
    const start = () => startRouter({ build: stage.build, configPath });
    readings.push(await measureMemory(mode, start, stage.load, stage.extent));
  }
  return readings;
};

const coldStarts = async (stage: Stage, build: Build): Promise<readonly number[]> => {
  progress(`cold start from ${build}`);
  const times: number[] = [];
  for (let index = 0; index < stage.extent.coldStarts; index++) {
    const router = await startRouter({ build, configPath: await configFor(stage, 'none', `start-${build}-${index}`) });
    times.push(router.startMs);
    await router.stop();
  }
  return times;
};

const runMicro = async ({ extent, folder }: Stage): Promise<readonly MicroResult[]> => {
  progress('steps within one process');
  const program = await startProgram('micro-program.ts');
  const results = await program.ask({ kind: 'micro', folder, rounds: extent.microRounds }, MICRO_WITHIN_MS);
  await program.stop();
  return results;
};

const printReport = (
  findings: Findings,
  names: readonly string[],
  starts: string,
  verdicts: readonly Verdict[],
): void => {
  say(`\n${loadTables(names, findings.summary)}`);
  say(`\n### Memory\n\n${memoryTable(findings.memory)}`);
  say(`\n### Cold start\n\n${starts}`);
  say(`\n### Steps\n\n${microTable(findings.micro)}`);
  say(`\n### Targets\n\n${targetTable(verdicts)}`);
};

const startsText = (times: Readonly<Record<Build, readonly number[] | undefined>>): string =>
  (['source', 'binary'] as const)
    .map((build) => {
      const found = times[build];
      if (!found) return `${build}: not measured (bun run build makes ${BINARY})`;
      return `${build}: median ${shown(median(found))} ms, ${shown(Math.min(...found))} to ${shown(Math.max(...found))} of ${found.length}`;
    })
    .join('\n');

const run = async (stage: Stage, hasBinary: boolean, jsonPath: string | undefined): Promise<void> => {
  const startedAt = performance.now();
  const loadBefore = await loadAverage();
  const { samples, names } = await runLoad(stage);
  const memory = await runMemory(stage);
  const times = {
    source: await coldStarts(stage, 'source'),
    binary: hasBinary ? await coldStarts(stage, 'binary') : undefined,
  };
  const micro = await runMicro(stage);
  const findings: Findings = {
    summary: summarise(samples),
    memory,
    coldStart: { source: median(times.source), binary: times.binary && median(times.binary) },
    micro,
  };
  const verdicts = judge(findings);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const machine = `${navigator.hardwareConcurrency} cores, shared with the load and the upstream and with whatever else runs`;
  const loads = { before: loadBefore, after: await loadAverage() };
  say(`Router from ${stage.build}, Bun ${Bun.version}, ${stage.extent.rounds} rounds, ${seconds} s.`);
  say(`${machine}; load average ${loads.before} before, ${loads.after} after.`);
  say('Values are medians over the rounds; ratios are medians of the ratios within each round.');
  printReport(findings, names, startsText(times), verdicts);
  if (jsonPath === undefined) return;
  const document = {
    build: stage.build,
    bun: Bun.version,
    machine,
    loads,
    seconds,
    samples,
    memory,
    times,
    micro,
    verdicts,
  };
  await Bun.write(jsonPath, `${JSON.stringify(document, null, 2)}\n`);
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean' }, binary: { type: 'boolean' }, json: { type: 'string' } },
  });
  if (process.platform !== 'linux') throw new Error('the benchmark reads /proc and runs on Linux only');
  const hasBinary = await Bun.file(ROOT + BINARY).exists();
  if (values.binary && !hasBinary) throw new Error(`there is no ${BINARY}: make it with bun run build`);
  const folder = await mkdtemp(join(tmpdir(), 'anvil-bench-'));
  const giveUp = setTimeout(() => {
    killAll();
    process.stderr.write(`bench: not finished within ${RUN_WITHIN_MS / 1000} s\n`);
    process.exit(1);
  }, RUN_WITHIN_MS);
  try {
    const stage: Stage = {
      extent: values.quick ? QUICK : USUAL,
      build: values.binary ? 'binary' : 'source',
      folder,
      upstream: await startProgram('upstream-program.ts'),
      load: await startProgram('load-program.ts'),
    };
    await run(stage, hasBinary, values.json);
  } finally {
    clearTimeout(giveUp);
    killAll();
    await rm(folder, { recursive: true, force: true });
  }
};

process.on('SIGINT', () => {
  killAll();
  process.exit(130);
});
main().catch((error) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
