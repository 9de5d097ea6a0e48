/** Builds the image of the scripted model server (examples/one-gpu/engine.ts): bun scripts/scripted-image.ts [--tag NAME]. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkPlatform, layOutProgram } from '#scripts/scratch-image';

const ROOT = Bun.fileURLToPath(new URL('..', import.meta.url));
/** The program as it is: `bun PATH --port 8000` runs it without an image. */
export const SCRIPTED_ENGINE = `${ROOT}examples/one-gpu/engine.ts`;
const REPOSITORY = 'anvil-scripted-engine';

/** Names under which the engines' own images have their servers, so that their entrypoints start this one. */
const NAMES: readonly string[] = ['/bin/vllm', '/bin/sglang', '/bin/python3', '/bin/llama-server', '/app/llama-server'];
const PROGRAM = '/bin/engine';

const DOCKERFILE = `FROM scratch
COPY root/ /
ENV PATH=/bin
ENTRYPOINT ["${PROGRAM}"]
`;

/** @throws Error with what the command said */
const run = async (argv: readonly string[], cwd = ROOT): Promise<string> => {
  const child = Bun.spawn([...argv], { cwd, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  if (code !== 0) throw new Error(`${argv.slice(0, 3).join(' ')} failed (${code}):\n${out}${err}`);
  return out.trim();
};

/** Another one for every change of the program, of its surroundings, or of Bun. */
const contentTag = async (): Promise<string> => {
  const hash = new Bun.CryptoHasher('sha256').update(`${Bun.version} ${process.arch} ${DOCKERFILE} ${NAMES}`);
  for (const path of [SCRIPTED_ENGINE, `${ROOT}scripts/scratch-image.ts`]) hash.update(await Bun.file(path).text());
  return `${REPOSITORY}:${hash.digest('hex').slice(0, 16)}`;
};

const buildInto = async (folder: string, tag: string): Promise<void> => {
  const binary = join(folder, 'engine');
  const flags = ['--compile', '--minify', '--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'];
  await run([process.execPath, 'build', ...flags, SCRIPTED_ENGINE, '--outfile', binary]);
  const root = join(folder, 'context', 'root');
  await layOutProgram(binary, root, PROGRAM);
  await mkdir(join(root, 'app'), { recursive: true });
  for (const name of NAMES) await symlink(PROGRAM, `${root}${name}`);
  await writeFile(join(folder, 'context', 'Dockerfile'), DOCKERFILE);
  await run(['docker', 'build', '--tag', tag, join(folder, 'context')]);
};

/**
 * The image, built unless it is there already. A tag by content is shared by everybody on this machine.
 * @returns its tag
 */
export const scriptedImage = async (tag?: string): Promise<string> => {
  checkPlatform();
  const wanted = tag ?? (await contentTag());
  if (tag === undefined && (await run(['docker', 'image', 'ls', '--quiet', wanted])) !== '') return wanted;
  const folder = await mkdtemp(join(tmpdir(), 'anvil-scripted-'));
  try {
    await buildInto(folder, wanted);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return wanted;
};

if (import.meta.main) {
  const { values } = parseArgs({ options: { tag: { type: 'string' } } });
  process.stdout.write(`${await scriptedImage(values.tag)}\n`);
}
