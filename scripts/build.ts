/** Builds the program as one self-contained binary: bun run build [--target bun-linux-arm64] [--outfile PATH]. */
import { parseArgs } from 'node:util';

const ROOT = Bun.fileURLToPath(new URL('..', import.meta.url));

const FLAGS: readonly string[] = [
  '--compile',
  '--minify',
  // Halves the time to the first answer; needs the module format, since the default one has no top-level await.
  '--bytecode',
  '--format=esm',
  // Verbs and the server stay apart, so that the few milliseconds before the process replaces itself load neither.
  '--splitting',
  '--sourcemap',
  // Without these a binary runs the .env and the preload of whatever folder it is started in.
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
  // Bun's own 16 KiB for a request head is less than some harnesses send.
  '--compile-exec-argv=--max-http-header-size=65536',
];

export interface BuildOptions {
  /** From the root of the project. */
  readonly outfile: string;
  /** Such as bun-linux-arm64; absent: this machine. */
  readonly target?: string | undefined;
  /** From the root of the project. */
  readonly entry?: string;
}

/** @throws Error with the compiler's own words */
export const build = async ({ outfile, target, entry = 'src/main.ts' }: BuildOptions): Promise<void> => {
  const targets = target === undefined ? [] : [`--target=${target}`];
  const command = [process.execPath, 'build', ...FLAGS, ...targets, entry, '--outfile', outfile];
  const child = Bun.spawn(command, { cwd: ROOT, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  if (code !== 0) throw new Error(`bun build failed (${code}):\n${out}${err}`);
};

/** Where the binary for this machine lies. */
export const binaryPath = (): string => `dist/anvil-serving${process.platform === 'win32' ? '.exe' : ''}`;

if (import.meta.main) {
  const { values } = parseArgs({ options: { target: { type: 'string' }, outfile: { type: 'string' } } });
  const outfile =
    values.outfile ?? (values.target === undefined ? binaryPath() : `dist/anvil-serving-${values.target}`);
  await build({ outfile, target: values.target });
  const megabytes = Bun.file(`${ROOT}/${outfile}`).size / 1e6;
  process.stdout.write(`${outfile} (${megabytes.toFixed(0)} MB)\n`);
}
