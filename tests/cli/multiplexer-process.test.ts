/** The verb `multiplexer` as a person runs it: real servers, real signals, and nothing left behind that should not be. */
import { describe, expect, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import { run } from '#tests/cli/fake-terminal';
import { PROGRAM, type ServingProcess, startServing } from '#tests/cli/serving';
import { freePort } from '#tests/drivers/process-support';
import { readerOf } from '#tests/support/sse';
import { type TemporaryFolder, tmpdir } from '#tests/support/tmp';

const ENGINE = Bun.fileURLToPath(new URL('../../examples/one-gpu/engine.ts', import.meta.url));
const LIMIT_MS = 60_000;

interface Row {
  readonly name: string;
  readonly port: number;
  readonly script?: readonly string[];
}

const row = ({ name, port, script = [] }: Row): string => {
  const command = [process.execPath, ENGINE, '--port', '{port}', '--served-model-name', '{name}', ...script];
  return `[[models]]
name = "${name}"
engine = "custom"
driver = "process"
command = ${JSON.stringify(command)}
port = ${port}
gpu = 0
health = "/health"
load_timeout_seconds = 20
stop_seconds = 5
`;
};

const POLICY = `[multiplexer]
drain_timeout_seconds = 40
min_resident_seconds = 0
linger_seconds = 0
retry_seconds = 1

[[gpus]]
id = 0
`;

interface Place extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly registry: string;
  readonly ports: readonly number[];
}

/** A folder with a registry of two models that share one GPU. */
const place = async (scripts: readonly (readonly string[])[] = []): Promise<Place> => {
  const folder = await tmpdir();
  const first = await freePort();
  let second = first;
  while (second === first) second = await freePort();
  const ports = [first, second];
  const rows = ports.map((port, index) =>
    row({ name: index === 0 ? 'alpha' : 'beta', port, script: scripts[index] ?? [] }),
  );
  const registry = await folder.write('multiplexer.toml', [POLICY, ...rows].join('\n'));
  return {
    folder,
    registry,
    ports,
    async [Symbol.asyncDispose]() {
      // What a failed test has left running ends itself.
      const crash = (port: number) =>
        fetch(`http://127.0.0.1:${port}/crash`, { method: 'POST' }).catch(() => undefined);
      await Promise.all(ports.map(crash));
      await folder[Symbol.asyncDispose]();
    },
  };
};

const start = ({ registry }: Place, ...flags: readonly string[]): Promise<ServingProcess> =>
  startServing(['--registry', registry, ...flags], PROGRAM, 'multiplexer');

const ask = (url: string, model: string, fields: Record<string, unknown> = {}): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello?' }], max_tokens: 4, ...fields }),
  });

const answers = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/health`).then(
    ({ ok }) => ok,
    () => false,
  );

test(
  'models are swapped on demand, and nothing is left when it is told to leave',
  async () => {
    await using where = await place();
    await using multiplexer = await start(where);
    for (const model of ['alpha', 'beta', 'alpha']) {
      const response = await ask(multiplexer.url, model);
      expect([response.status, await response.json()]).toMatchObject([200, { model }]);
      expect(await (await fetch(`${multiplexer.url}/healthz`)).json()).toMatchObject({ resident: model });
    }
    const status = await run(['multiplexer', 'status', '--url', multiplexer.url]);
    expect(status.out).toMatch(/alpha +ready[\s\S]*beta +empty[\s\S]*swaps: 3/);
    const second = await run(['multiplexer', '--registry', where.registry, '--port', '0', '--log-level', 'silent']);
    expect([second.exit, second.err.includes('another multiplexer holds this registry')]).toEqual([2, true]);
    expect(await multiplexer.end('SIGTERM')).toBe(0);
    expect(await Promise.all(where.ports.map(answers))).toEqual([false, false]);
    expect(multiplexer.log()).toContain('"model vacated"');
  },
  LIMIT_MS,
);

test(
  'a model that cannot be loaded: 503 with the last lines of its server, and the log has them too',
  async () => {
    await using where = await place([
      ['--script-load-ms', '5000', '--script-crash-loading-ms', '50', '--script-crash-lines', 'one|CUDA out of memory'],
    ]);
    await using multiplexer = await start(where);
    const response = await ask(multiplexer.url, 'alpha');
    const { error } = (await response.json()) as { error: { type: string; code: string; lines: readonly string[] } };
    expect([response.status, error.type, error.code]).toEqual([503, 'backend_unavailable', 'load_failed']);
    expect(error.lines.at(-1)).toBe('CUDA out of memory');
    await multiplexer.logged('CUDA out of memory');
    expect((await ask(multiplexer.url, 'beta')).status).toBe(200);
    expect(await multiplexer.end('SIGINT')).toBe(0);
  },
  LIMIT_MS,
);

describe('the end', () => {
  const LONG = ['--script-tokens', '100000', '--script-token-ms', '20'];

  test(
    'waits for running answers; a second signal cuts them, and servers are stopped all the same',
    async () => {
      await using where = await place([LONG]);
      await using multiplexer = await start(where);
      const reader = readerOf(await ask(multiplexer.url, 'alpha', { stream: true, max_tokens: 100_000 }));
      await reader.until('"content":"I"');
      multiplexer.send('SIGTERM');
      await multiplexer.logged('"leaving"');
      const late = await ask(multiplexer.url, 'alpha');
      expect([late.status, await late.json()]).toMatchObject([503, { error: { type: 'backend_unavailable' } }]);
      expect((await fetch(`${multiplexer.url}/readyz`)).status).toBe(503);
      const ended = multiplexer.end('SIGTERM');
      expect(await reader.rest()).toContain('the answer was cut');
      expect(await ended).toBe(1);
      expect(await answers(where.ports[0] ?? 0)).toBe(false);
    },
    LIMIT_MS,
  );

  test(
    'with --keep-serves leaves the servers to the next start, and so does kill -9',
    async () => {
      await using where = await place();
      let serve: string | undefined;
      for (const signal of ['SIGTERM', 'SIGKILL', 'SIGTERM'] as const) {
        const last = serve !== undefined && signal === 'SIGTERM';
        await using multiplexer = await start(where, ...(last ? [] : ['--keep-serves']));
        if (serve !== undefined) await multiplexer.logged('taken over');
        expect((await ask(multiplexer.url, 'alpha')).status).toBe(200);
        const { slots } = (await (await fetch(`${multiplexer.url}/v1/slots`)).json()) as {
          slots: readonly { serve?: string }[];
        };
        expect(slots[0]?.serve).toBeDefined();
        if (serve !== undefined) expect(slots[0]?.serve).toBe(serve);
        serve = slots[0]?.serve;
        await multiplexer.end(signal);
        expect(await answers(where.ports[0] ?? 0)).toBe(!last);
      }
    },
    LIMIT_MS,
  );
});

describe('a start that is refused ends with 2 and a remedy', () => {
  test('another address without a token', async () => {
    await using where = await place();
    const words = ['multiplexer', '--registry', where.registry, '--port', '0'];
    const open = await run([...words, '--host', '0.0.0.0']);
    expect([open.exit, open.err]).toEqual([2, expect.stringContaining('--auth-env NAME')]);
    const blank = await run([...words, '--host', '0.0.0.0', '--auth-env', 'ANVIL_TEST_UNSET']);
    expect([blank.exit, blank.err]).toEqual([2, expect.stringContaining('unset or blank')]);
  });

  test('no registry, a missing one, a broken one', async () => {
    await using folder = await tmpdir();
    const none = Bun.spawnSync([...PROGRAM, 'multiplexer'], { cwd: folder.path, stderr: 'pipe' });
    expect([none.exitCode, none.stderr.toString()]).toEqual([2, expect.stringContaining('give --registry PATH')]);
    const missing = await run(['multiplexer', '--registry', folder.file('none.toml')]);
    expect([missing.exit, missing.err]).toEqual([2, expect.stringContaining('there is no such file')]);
    const path = await folder.write('bad.json', '{"models": [{"name": "x"}]}');
    const broken = await run(['multiplexer', '--registry', path]);
    expect(broken.exit).toBe(2);
    expect(broken.err).toContain('bad.json');
  });

  test('numbers that are none', async () => {
    for (const flag of ['--ram-cap-gb', '--drain-timeout']) {
      const { exit, err } = await run(['multiplexer', flag, 'much']);
      expect([exit, err]).toEqual([2, `anvil-serving multiplexer: ${flag} much is not a number\n`]);
    }
  });

  test('--json without the self-check that it is about', async () => {
    const { exit, err } = await run(['multiplexer', '--json']);
    expect([exit, err]).toEqual([
      2,
      'anvil-serving multiplexer: --json prints the self-check; give --self-check as well\n',
    ]);
  });
});

describe('--self-check', () => {
  test('says OK when all of it would work, and starts nothing', async () => {
    await using where = await place();
    const words = ['multiplexer', '--registry', where.registry, '--port', '0', '--self-check'];
    const { exit, out, err } = await run(words);
    expect([exit, err]).toEqual([0, '']);
    expect(out).toMatch(/ok +registry +2 models on 1 GPU/);
    expect(out).toMatch(/ok +model alpha +process, port \d+: can be started/);
    expect(out).toEndWith('self-check OK\n');
    expect(await Promise.all(where.ports.map(answers))).toEqual([false, false]);
    expect(await readdir(where.folder.path)).toEqual(['multiplexer.toml']);
    expect(JSON.parse((await run([...words, '--json'])).out)).toMatchObject({ ok: true, checks: { length: 7 } });
  });

  test('heeds what the command line says besides: access, limits, the folder of the state', async () => {
    await using where = await place();
    const file = await where.folder.write('no-folder', '');
    const words = ['multiplexer', '--registry', where.registry, '--port', '0', '--self-check'];
    const open = await run([...words, '--host', '0.0.0.0', '--auth-env', 'ANVIL_TEST_UNSET', '--state-dir', file]);
    expect([open.exit, open.err]).toEqual([1, 'self-check found 2 problems\n']);
    expect(open.out).toMatch(/^problem +access +--auth-env ANVIL_TEST_UNSET: .* set it$/m);
    expect(open.out).toMatch(/^problem +state +.*no-folder is no folder.*--state-dir$/m);
    const endless = await run([...words, '--drain-timeout', '1e9', '--state-dir', `${where.folder.path}/a/b`]);
    expect(endless.exit).toBe(1);
    expect(endless.out).toMatch(/^problem +registry +.*--drain-timeout: must be a number from 0 to 86400; remedy: /m);
    expect((await run([...words, '--drain-timeout', 'soon'])).exit).toBe(2);
    expect((await readdir(where.folder.path)).sort()).toEqual(['multiplexer.toml', 'no-folder']);
  });

  test('lists every problem with its remedy', async () => {
    await using where = await place();
    using stranger = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() }) as Disposable & {
      port: number;
    };
    const docker =
      '[[models]]\nname = "boxed"\nengine = "vllm"\nmodel_path = "/models/x"\nvolume = "v"\nport = 18001\ngpu = 0\n';
    const registry = await where.folder.write(
      'bad.toml',
      [
        POLICY,
        row({ name: 'taken', port: stranger.port }),
        row({ name: 'absent', port: where.ports[0] ?? 0 }).replace(
          JSON.stringify(process.execPath),
          '"no-such-program"',
        ),
        row({ name: 'keyless', port: where.ports[1] ?? 0 }).replace(
          'gpu = 0',
          'gpu = 0\nenv_from = ["ANVIL_TEST_UNSET"]',
        ),
        docker,
      ].join('\n'),
    );
    const before = process.env.DOCKER_HOST;
    process.env.DOCKER_HOST = `unix://${where.folder.file('no.sock')}`;
    const { exit, out, err } = await run([
      'multiplexer',
      '--registry',
      registry,
      '--port',
      String(stranger.port),
      '--self-check',
    ]);
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
    const problem = (what: string, detail: string): RegExp => new RegExp(`^problem +${what} +.*${detail}`, 'm');
    expect(out).toMatch(problem(`port ${stranger.port}`, '--port'));
    expect(out).toMatch(problem('docker', 'no\\.sock'));
    expect(out).toMatch(problem('model taken', 'is taken by'));
    expect(out).toMatch(problem('model absent', 'no program no-such-program'));
    expect(out).toMatch(problem('model keyless', 'ANVIL_TEST_UNSET'));
    expect(out).toMatch(problem('model boxed', ''));
    expect([exit, err]).toEqual([1, expect.stringMatching(/^self-check found [67] problems\n$/)]);
  });
});
