/** How does a test run a writing process and hear what it says, line by line? */
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./writer-program.ts', import.meta.url));

export interface WriterLine {
  readonly problem?: string;
  readonly state?: string;
  readonly queued?: number;
  readonly written?: number;
  readonly failures?: number;
  readonly newest?: string | null;
  readonly closed?: boolean;
}

async function* linesOf(output: ReadableStream<Uint8Array>): AsyncGenerator<WriterLine> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of output) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as WriterLine;
  }
}

/** @param shellPrefix put before the command, for limits that only a shell can set */
export const startWriter = (path: string, first: number, count: number, shellPrefix?: string) => {
  const command = [process.execPath, PROGRAM, path, String(first), String(count)];
  const child = Bun.spawn(shellPrefix ? ['sh', '-c', `${shellPrefix}; exec "$@"`, 'sh', ...command] : command, {
    stdout: 'pipe',
    stderr: 'inherit',
  });
  return { child, lines: linesOf(child.stdout) };
};

/** Everything the process says until it ends. */
export const runWriter = async (path: string, first: number, count: number, shellPrefix?: string) => {
  const { child, lines } = startWriter(path, first, count, shellPrefix);
  const said = await Array.fromAsync(lines);
  return { said, last: said.at(-1), code: await child.exited };
};
