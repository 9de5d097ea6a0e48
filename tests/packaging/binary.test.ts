/** The self-contained binary does what the source does, and runs nothing that lies in its working directory. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { VERSION } from '#core/version';
import { build } from '#scripts/build';
import { startServing } from '#tests/cli/serving';
import { type TemporaryFolder, tmpdir } from '#tests/support/tmp';

const BUILD_MS = 120_000;
const SERVE_MS = 60_000;
const NAME = process.platform === 'win32' ? 'anvil-serving.exe' : 'anvil-serving';

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await tmpdir();
  await build({ outfile: folder.file(NAME) });
}, BUILD_MS);
afterAll(() => folder[Symbol.asyncDispose]());

const runBinary = async (words: readonly string[], cwd = folder.path) => {
  const child = Bun.spawn([folder.file(NAME), ...words], { cwd, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [exit, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { exit, out, err };
};

describe('the binary', () => {
  test('knows its version and its verbs', async () => {
    expect(await runBinary(['--version'])).toEqual({ exit: 0, out: `${VERSION}\n`, err: '' });
    expect((await runBinary(['--help'])).out).toContain('config check');
    expect((await runBinary(['serv'])).exit).toBe(2);
  });

  test('is not led astray by a .env or a bunfig.toml where it is started', async () => {
    await using trap = await tmpdir();
    await trap.write('.env', 'ANVIL_CONFIG=/trap/from/dotenv.toml\n');
    await trap.write('bunfig.toml', 'preload = ["./trap.ts"]\n');
    await trap.write('trap.ts', 'process.stdout.write("trapped"); process.exit(7);\n');
    const { exit, out, err } = await runBinary(['config', 'check'], trap.path);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toContain('no configuration named');
  });

  test(
    'serves the demo: routes, rejects an answer, escalates, takes a head of 40 KB, and leaves on SIGTERM',
    async () => {
      await using serving = await startServing(['--demo'], [folder.file(NAME)]);
      const answer = await fetch(`${serving.url}/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-padding': 'x'.repeat(40_000) },
        body: JSON.stringify({ model: 'chat', max_tokens: 400, messages: [{ role: 'user', content: 'hello' }] }),
      });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-anvil-tier')).toBe('demo-heavy');
      expect(answer.headers.get('x-anvil-attempts')).toBe('2');
      expect(((await answer.json()) as { type: string }).type).toBe('message');
      expect((await runBinary(['health', '--url', serving.url])).exit).toBe(0);
      expect((await runBinary(['explain', 'latest', '--url', serving.url])).out).toContain('demo-heavy');
      if (process.platform !== 'win32') expect(await serving.end('SIGTERM')).toBe(0);
    },
    SERVE_MS,
  );
});
