/** How does a test put programs of its own in the place of nvidia-smi, docker and others? Real scripts, first on PATH. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Commands, createCommands } from '#platform/commands';
import { type TemporaryFolder, tmpdir } from '#tests/support/tmp';

export interface FakePrograms extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  /** Runs programs with these in front of the system's. */
  readonly commands: Commands;
  /** The words of every call of a program so far, in order. */
  calls(program: string): Promise<readonly (readonly string[])[]>;
  /** Replaces one. */
  put(program: string, script: string): Promise<void>;
}

/** Between the words of a call, and behind each call: neither stands in any argument. */
const WORD_END = '\u001F';
const CALL_END = '\u001E';

/** Writes down the words, then runs the body, in which `$*` and `$1` are those of the call. */
const scriptOf = (log: string, body: string): string => `#!/bin/sh
{ for word in "$@"; do printf '%s\\037' "$word"; done; printf '\\036'; } >> '${log}'
${body}
`;

/**
 * `{ docker: 'echo hello' }` by name; each body is for /bin/sh. Their PATH holds them alone and, unless `only`, the
 * system's programs behind.
 */
export const fakePrograms = async (
  bodies: Readonly<Record<string, string>>,
  { only = false, env = {} }: { readonly only?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<FakePrograms> => {
  const folder = await tmpdir();
  const bin = folder.file('bin');
  await mkdir(bin);
  const logOf = (program: string): string => folder.file(`${program}.calls`);
  const put = async (program: string, body: string): Promise<void> => {
    const path = join(bin, program);
    await writeFile(path, scriptOf(logOf(program), body));
    await chmod(path, 0o755);
  };
  for (const [program, body] of Object.entries(bodies)) await put(program, body);
  const PATH = only ? bin : `${bin}:${process.env.PATH ?? ''}`;
  return {
    folder,
    commands: createCommands({ ...process.env, ...env, PATH }),
    put,
    calls: async (program) => {
      const text = await readFile(logOf(program), 'utf8').catch(() => '');
      return text
        .split(CALL_END)
        .slice(0, -1)
        .map((call) => call.split(WORD_END).slice(0, -1));
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
};
