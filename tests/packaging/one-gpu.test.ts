/** The steps of examples/one-gpu/README.md do what the page says, with a real Docker Engine and the scripted server. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PROGRAM, type ServingProcess, startServing } from '#tests/cli/serving';
import { dockerForTests, IMAGE_BUILD_MS, scriptedEngineImage } from '#tests/support/scripted-image';
import { type TemporaryFolder, tmpdir } from '#tests/support/tmp';

const ROOT = Bun.fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLE = 'examples/one-gpu/';
const { skip } = await dockerForTests('tests/packaging/one-gpu.test.ts');
const STEP_MS = 120_000;

const NAMES = ['coder', 'planner'] as const;
const container = (name: string): string => `anvil-one-gpu-${process.pid}-${name}`;

const freePort = (): number => {
  const held = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
  held.stop(true);
  return held.port;
};

/** The page's own files, hurried, with an image, ports and containers that nobody else has. */
const hurried = (text: string, image: string, ports: ReadonlyMap<string, number>): string =>
  [...ports]
    .reduce((all, [from, to]) => all.replaceAll(from, String(to)), text)
    .replaceAll('anvil-scripted-engine:example', image)
    .replaceAll('one-gpu-planner', container('served'))
    .replace(/^name = "(coder|planner)"$/gm, (line, name) =>
      text.includes('[[models]]') ? `${line}\ncontainer = "${container(name)}"` : line,
    )
    .replace(/^(load_seconds|swap_worth|linger_seconds|min_resident_seconds) = .*$/gm, '$1 = 0.5')
    .replace(/SCRIPT_LOAD_MS = "\d{4}"/g, 'SCRIPT_LOAD_MS = "300"')
    // Sleeping has to be quicker than loading, or the model is stopped after all.
    .replace('SCRIPT_LOAD_MS = "12000"', 'SCRIPT_LOAD_MS = "7000"')
    .replace(/SCRIPT_TOKEN_MS = "\d+"/g, 'SCRIPT_TOKEN_MS = "10"');

const docker = async (...words: readonly string[]): Promise<string> => {
  const child = Bun.spawn(['docker', ...words], { stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' });
  const [text] = await Promise.all([child.stdout.text(), child.exited]);
  return text.trim();
};

/** Containers of this run, whatever state they are in. */
const containers = (): Promise<string> =>
  docker('ps', '--all', '--format', '{{.Names}}', '--filter', `name=^anvil-one-gpu-${process.pid}-`);

/** The page's commands, and those that a test has run. */
const README = await Bun.file(`${ROOT}${EXAMPLE}README.md`).text();
const COMMANDS = new Set([...README.matchAll(/^npx bun (.+)$/gm)].map(([, command = '']) => command));
const ran = new Set<string>();

let folder: TemporaryFolder;

/** The command as it runs here: in the copied folder, with the binary's own path. */
const wordsOf = (command: string): readonly string[] => {
  expect(COMMANDS).toContain(command);
  ran.add(command);
  return command
    .replace(/^run (?:anvil |(?=serve))/, 'anvil ')
    .split(' ')
    .flatMap((word) => (word === 'anvil' ? PROGRAM : [word.replace(EXAMPLE, `${folder.path}/`)]));
};

const run = async (command: string, more: readonly string[] = []) => {
  const [first = '', ...rest] = [...wordsOf(command), ...more];
  const argv = first.endsWith('.ts') ? [process.execPath, first, ...rest] : [first, ...rest];
  // The page calls bun, which npx puts on PATH.
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
  const child = Bun.spawn(argv, { cwd: ROOT, env, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, out, all: `${out}${err}` };
};

/** Starts a program of the page that goes on running, on a port of its own. */
const start = (command: string): Promise<ServingProcess> => {
  const [, , verb, ...flags] = wordsOf(command);
  return startServing(flags, PROGRAM, verb === 'serve' ? 'serve' : 'multiplexer');
};

const ask = (url: string, path: string, model: string, more: object = {}): Promise<Response> =>
  fetch(`${url}/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 12, messages: [{ role: 'user', content: 'Who are you?' }], ...more }),
  });

/** What had to happen first. */
const needed = async (url: string, model: string): Promise<string | null> => {
  const response = await ask(url, 'chat/completions', model);
  expect(await response.text()).toContain(`I am ${model}`);
  return response.headers.get('x-anvil-slot-needed');
};

const MULTIPLEXER = 'run anvil multiplexer --registry examples/one-gpu/multiplexer.toml';

describe.skipIf(skip)('the example with one GPU', () => {
  beforeAll(async () => {
    folder = await tmpdir();
    const image = await scriptedEngineImage();
    const ports = new Map(['18001', '18002', '18011', '18012'].map((port) => [port, freePort()]));
    for (const name of await readdir(`${ROOT}${EXAMPLE}`)) {
      if (!/\.(?:toml|ts)$/.test(name)) continue;
      const text = await Bun.file(`${ROOT}${EXAMPLE}${name}`).text();
      await folder.write(name, name.endsWith('.toml') ? hurried(text, image, ports) : text);
    }
  }, IMAGE_BUILD_MS);

  // What a failing test leaves must not fail the next one.
  afterEach(async () => {
    for (const name of [...NAMES, 'served']) await docker('rm', '--force', '--volumes', container(name));
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  test(
    'checks itself, answers for both models, swaps under load without cutting, is taken over after a kill',
    async () => {
      const check = await run(`${MULTIPLEXER} --self-check`, ['--port', String(freePort())]);
      expect(check.all).toContain('self-check OK');
      await using first = await start(MULTIPLEXER);
      expect(await needed(first.url, 'coder')).toBe('load');
      const message = await ask(first.url, 'messages', 'planner');
      expect(message.headers.get('x-anvil-slot-needed')).toBe('swap');
      expect(await message.text()).toContain('I am planner');

      const load = await run('examples/one-gpu/load.ts', ['--url', first.url, '--late-ms', '1500']);
      expect(load.all).toContain('10 streams, 0 cut or failed');
      expect(load.code).toBe(0);
      const status = await run('run anvil multiplexer status', ['--url', first.url]);
      expect(status.out).toMatch(/swaps: [4-9] .*answers cut: 0/);

      const resident = /^(\w+) +ready/m.exec(status.out)?.[1] ?? '';
      const second = await run(`${MULTIPLEXER} --port 8002`);
      expect(second.all).toContain('another multiplexer holds this registry');
      expect(second.code).toBe(2);
      await first.end('SIGKILL');
      expect(await containers()).toBe(container(resident));

      await using third = await start(MULTIPLEXER);
      await third.logged('it ran already');
      expect(await needed(third.url, resident)).toBe('nothing');
      expect(await third.end('SIGTERM')).toBe(0);
      expect(await containers()).toBe('');
    },
    STEP_MS,
  );

  test(
    'the router keeps its callers awake while a model loads, says what they waited for, and takes what is ready',
    async () => {
      // A registry of which no load has been measured yet, so that what it declares counts: slow enough to be avoided.
      const models = await folder.read('multiplexer.toml');
      await folder.write('slow.toml', models.replace('load_seconds = 0.5', 'load_seconds = 30'));
      const config = (await folder.read('router.toml')).replace('"multiplexer.toml"', '"slow.toml"');
      await folder.write('router.toml', config.replace('_after_seconds = 2', '_after_seconds = 0.1'));
      await using router = await start('run serve --config examples/one-gpu/router.toml');
      const streamed = await (await ask(router.url, 'messages', 'chat', { stream: true })).text();
      expect(streamed.indexOf('event: ping')).toBe(0);
      expect(streamed).toContain('message_stop');
      const explained = await run('run anvil explain latest', ['--url', router.url]);
      expect(explained.out).toMatch(/waited .* for its model to be loaded/);
      expect(explained.out).toContain('1. planner');

      const edit = await ask(router.url, 'chat/completions', 'quick-edit');
      expect(edit.headers.get('x-anvil-tier')).toBe('planner');
      const health = (await (await fetch(`${router.url}/healthz?verbose`)).json()) as {
        readonly slots: Readonly<Record<string, { readonly slots: readonly { readonly state: string }[] }>>;
      };
      expect(health.slots.gpu0?.slots.map(({ state }) => state)).toEqual(['empty', 'ready']);
      await router.end('SIGTERM');
      expect(await containers()).toBe('');
    },
    STEP_MS,
  );

  test(
    'a model that sleeps is woken instead of loaded',
    async () => {
      await using multiplexer = await start('run anvil multiplexer --registry examples/one-gpu/sleep.toml');
      expect(await needed(multiplexer.url, 'coder')).toBe('load');
      expect(await needed(multiplexer.url, 'planner')).toBe('swap');
      expect(multiplexer.log()).toContain('"to":"asleep"');
      expect(await needed(multiplexer.url, 'coder')).toBe('swap');
      expect(multiplexer.log()).toContain('model woken');
      await multiplexer.end('SIGTERM');
    },
    STEP_MS,
  );

  test(
    'the servers that stay come up, are as declared, and go',
    async () => {
      const serves = (verb: string) => run(`run anvil serves ${verb} --manifest examples/one-gpu/serves.toml`.trim());
      const up = await run('run anvil serves up --manifest examples/one-gpu/serves.toml --wait');
      try {
        expect(up.all).toMatch(/coder: started .*ready after/);
        expect(up.all).toMatch(/planner: ran .*ready after/);
        const status = await serves('status');
        expect(status.out).toMatch(/^coder .* running +200 +coder +-/m);
        expect(status.out).toMatch(/^planner .* running +200 +planner +-/m);
        expect((await serves('logs coder')).out).toContain('coder: serves on');
      } finally {
        const down = await serves('down');
        expect(down.all).toContain('coder: stopped the process');
        await serves('rm planner');
      }
      expect(await containers()).toBe('');
    },
    STEP_MS,
  );

  test('every command of the page has been run above, but for the one that builds the image', () => {
    const left = [...COMMANDS].filter((command) => !ran.has(command));
    expect(left).toEqual(['scripts/scripted-image.ts --tag anvil-scripted-engine:example']);
  });
});

test('the rows for real GPUs are sound: nothing is missing but what they need', async () => {
  const argv = [...PROGRAM, 'multiplexer', '--registry', `${EXAMPLE}gpu.toml`, '--self-check', '--port', '0'];
  const child = Bun.spawn(argv, { cwd: ROOT, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [, out] = await Promise.all([child.exited, child.stdout.text()]);
  expect(out).toMatch(/^ok +registry +3 models on 1 GPU$/m);
});
