/** The router as a process of its own, run from source or as the compiled binary, with everything it says at hand. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processStart } from '#platform/commands-processes';
import { build } from '#scripts/build';

const MAIN = Bun.fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** A process that has not done what a test waits for by then is killed, and the test fails. */
const HANG_MS = 30_000;

export interface Program {
  readonly name: 'source' | 'binary';
  /** The start of the command line; the binary is built when first asked for, once per process of tests. */
  command(): Promise<readonly string[]>;
}

let built: Promise<readonly string[]> | undefined;

/** Nothing is called when all tests are over, so each run takes away the binaries of those that have ended. */
const sweepBinaries = async (): Promise<void> => {
  for (const name of await readdir(tmpdir())) {
    const [, pid] = /^anvil-binary-([0-9]+)-/.exec(name) ?? [];
    if (pid === undefined || (await processStart(Number(pid))) !== undefined) continue;
    await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
};

const buildBinary = async (): Promise<readonly string[]> => {
  await sweepBinaries();
  const folder = await mkdtemp(join(tmpdir(), `anvil-binary-${process.pid}-`));
  const outfile = join(folder, process.platform === 'win32' ? 'anvil-serving.exe' : 'anvil-serving');
  await build({ outfile });
  return [outfile];
};

export const SOURCE: Program = { name: 'source', command: async () => [process.execPath, MAIN] };
export const BINARY: Program = {
  name: 'binary',
  command: () => {
    built ??= buildBinary();
    return built;
  },
};
export const PROGRAMS = [SOURCE, BINARY] as const;

export interface RunOptions {
  readonly program?: Program;
  /** The whole environment beside PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Life of the process at most, where half a minute is too short. */
  readonly hangMs?: number;
}

export interface Run extends AsyncDisposable {
  readonly pid: number;
  /** Everything written to standard output and standard error so far. */
  out(): string;
  err(): string;
  /** Waits until standard error matches, from `after` characters on; rejects when the process ends before. */
  logged(pattern: RegExp, after?: number): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  readonly exited: Promise<number>;
}

export interface Serving extends Run {
  readonly url: string;
}

/** Runs the program with these words. */
export const run = async (words: readonly string[], options: RunOptions = {}): Promise<Run> => {
  const { program = SOURCE, env = {}, cwd, hangMs = HANG_MS } = options;
  const child = Bun.spawn([...(await program.command()), ...words], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: { PATH: process.env.PATH ?? '', ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const said = { out: '', err: '' };
  let ended = false;
  let news = Promise.withResolvers<void>();
  const tell = (): void => {
    news.resolve();
    news = Promise.withResolvers();
  };
  const listen = async (stream: ReadableStream<Uint8Array>, name: 'out' | 'err'): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      said[name] += decoder.decode(chunk, { stream: true });
      tell();
    }
  };
  const exited = (async () => {
    const [code] = await Promise.all([child.exited, listen(child.stdout, 'out'), listen(child.stderr, 'err')]);
    ended = true;
    tell();
    return code;
  })();
  const guard = setTimeout(() => child.kill('SIGKILL'), hangMs);
  void exited.finally(() => clearTimeout(guard));
  return {
    pid: child.pid,
    out: () => said.out,
    err: () => said.err,
    async logged(pattern, after = 0) {
      for (;;) {
        const found = pattern.exec(said.err.slice(after));
        if (found) return found;
        if (ended) throw new Error(`the program ended without logging ${pattern}:\n${said.err}${said.out}`);
        await news.promise;
      }
    },
    signal: (name) => child.kill(name),
    exited,
    async [Symbol.asyncDispose]() {
      if (!ended) child.kill('SIGKILL');
      await exited;
    },
  };
};

/** Runs `serve` on a free port and waits until it listens; logs JSON unless the flags say otherwise. */
export const serve = async (flags: readonly string[], options: RunOptions = {}): Promise<Serving> => {
  const format = flags.includes('--log-format') ? [] : ['--log-format', 'json'];
  const running = await run(['serve', '--port', '0', ...format, ...flags], options);
  const [line] = await running.logged(/^.*\blistening\b.*$/m);
  const [, url = ''] = /(http:[^"\s]+)/.exec(line) ?? [];
  return Object.assign(running, { url });
};
