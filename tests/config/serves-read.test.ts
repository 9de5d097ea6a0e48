/** A `serves.toml` says what it declares: defaults, words, drivers, files of v0.9, and every mistake with its line. */
import { describe, expect, test } from 'bun:test';
import { readServes, type ServesResult } from '#config/serves';
import { parseToml } from '#platform/toml';
import { shipped } from '#tests/config/support';

const read = (text: string, env: Readonly<Record<string, string>> = {}): ServesResult => {
  const parsed = parseToml(text);
  if (!parsed.ok) throw new Error(`the test's own TOML is broken: ${parsed.problem.message}`);
  const { document, locate } = parsed;
  return readServes({ path: 'serves.toml', folder: '/srv/my models', document, locate, env: (name) => env[name] });
};

const serve = (...lines: readonly string[]): string => `[[serve]]\n${lines.join('\n')}\n`;
const only = (text: string) => {
  const result = read(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.manifest.serves[0];
};

const V09 = serve(
  'name = "heavy"',
  'container = "vllm-heavy"',
  'port = 30000',
  'model = "heavy-local"',
  `up = "docker compose -f '{dir}/docker compose.yml' up -d vllm"`,
);

describe('a file of v0.9', () => {
  test('means what it meant, with the defaults filled in', () => {
    expect(read(V09)).toEqual({
      ok: true,
      manifest: {
        path: 'serves.toml',
        folder: '/srv/my models',
        serves: [
          {
            name: 'heavy',
            driver: 'compose',
            container: 'vllm-heavy',
            port: 30000,
            health: '/health',
            model: 'heavy-local',
            up: ['docker', 'compose', '-f', '/srv/my models/docker compose.yml', 'up', '-d', 'vllm'],
            envFrom: [],
            gpus: [],
            waitMs: 600_000,
            stopMs: 10_000,
          },
        ],
      },
      warnings: [],
    });
  });

  test('may have keys that nobody knows: each is a warning with the nearest name', () => {
    const result = read(`${V09}healthz = "/x"\n[serves]\nx = 1\n`);
    expect(result.ok && result.warnings).toEqual([
      { key: 'serves', line: 8, message: 'unknown key, overlooked — did you mean "serve"?' },
      { key: 'serve[0].healthz', line: 7, message: 'unknown key, overlooked — did you mean "health"?' },
    ]);
  });

  test('may be empty, and may lack up and model', () => {
    expect(read('')).toMatchObject({ ok: true, manifest: { serves: [] } });
    const bare = only(serve('name = "a"', 'container = "c"', 'port = 1', 'model = ""', 'up = ""'));
    expect([bare?.driver, bare?.up, bare?.model]).toEqual(['script', undefined, undefined]);
  });
});

describe('the driver', () => {
  const cases: readonly (readonly [lines: readonly string[], driver: string])[] = [
    [['container = "c"', 'up = "docker compose up -d x"'], 'compose'],
    [['container = "c"', 'up = "docker-compose up -d x"'], 'compose'],
    [['container = "c"', 'up = "./up.sh docker compose"'], 'script'],
    [['container = "c"', 'up = "docker run -d x"'], 'script'],
    [['container = "c"', 'up = "./up.sh"', 'driver = "compose"'], 'compose'],
    [['command = "llama-server"'], 'process'],
  ];
  for (const [lines, driver] of cases) {
    test(`of ${lines.join(', ')} is ${driver}`, () => {
      expect(only(serve('name = "a"', 'port = 1', ...lines))?.driver).toBe(driver as 'compose');
    });
  }
});

describe('words', () => {
  test('are split before {dir} is filled in, so that a folder with blanks stays one word', () => {
    const found = only(serve('name = "a"', 'port = 1', 'container = "c"', 'up = "{dir}/up.sh --in={dir} {port}"'));
    expect(found?.up).toEqual(['/srv/my models/up.sh', '--in=/srv/my models', '{port}']);
  });

  test('of a command know port, model and name as well', () => {
    const found = only(serve('name = "a"', 'port = 7', 'command = "x {port} {model} {name} {other} {dir}"'));
    expect(found?.up).toEqual(['x', '7', 'a', 'a', '{other}', '/srv/my models']);
    expect(found?.cwd).toBe('/srv/my models');
  });
});

test('a folder lies beside the file, or below home', () => {
  const text = serve('name = "a"', 'port = 1', 'container = "c"', 'up = "x"', 'cwd = "~/m"');
  const result = read(text, { HOME: '/home/me' });
  expect(result.ok && result.manifest.serves[0]?.cwd).toBe('/home/me/m');
  expect(only(text.replace('~/m', './m'))?.cwd).toBe('/srv/my models/m');
});

describe('what is wrong', () => {
  const cases: readonly (readonly [text: string, line: number | undefined, key: string, message: string])[] = [
    [serve('name = "a"'), 1, 'serve[0]', 'serve "a": required key is missing: port'],
    [serve('port = 1', 'container = "c"'), 1, 'serve[0]', 'required key is missing: name'],
    [serve('name = "a"', 'port = 1'), 1, 'serve[0]', 'serve "a": required key is missing: container'],
    [
      serve('name = "a"', 'container = "c"', 'port = 70000'),
      4,
      'serve[0].port',
      'must be a whole number from 1 to 65535',
    ],
    [
      serve('name = "a"', 'container = "c"', 'port = 1', 'up = "x \'y"'),
      5,
      'serve[0].up',
      "has a ' that is never closed",
    ],
    [serve('name = "a"', 'container = "c"', 'port = 1', 'health = "ok"'), 5, 'serve[0].health', 'must start with /'],
    [serve('name = "a"', 'port = 1', 'driver = "process"'), 1, 'serve[0]', 'a process needs a command'],
    [
      serve('name = "a"', 'port = 1', 'container = "c"', 'command = "x"'),
      4,
      'serve[0].container',
      'a process has no container',
    ],
    [
      serve('name = "a"', 'port = 1', 'container = "c"', 'up = "x"', 'command = "x"'),
      6,
      'serve[0].command',
      'exclude each other',
    ],
    [
      serve('name = "a"', 'port = 1', 'command = "x"', 'env_from = ["sk-123"]'),
      5,
      'serve[0].env_from[0]',
      'NAME of an environment variable',
    ],
    [
      serve('name = "a"', 'port = 1', 'command = "x"', 'modes = ["agentik"]'),
      5,
      'serve[0].modes[0]',
      'must be one of "agentic"',
    ],
    ['[serve]\nname = "a"\n', 1, 'serve', 'must be an array of tables'],
    ['[modes]\nactive_mode = "x"\n', 2, 'modes.active_mode', 'must be one of "agentic"'],
  ];
  for (const [text, line, key, message] of cases) {
    test(`${key}: ${message}`, () => {
      const result = read(text);
      const found = result.ok ? [] : result.problems.filter((problem) => problem.key === key);
      expect(found).toMatchObject([{ file: 'serves.toml', line }]);
      expect(found[0]?.message).toContain(message);
      expect(found[0]?.remedy).not.toBe('');
      expect(JSON.stringify(result)).not.toContain('sk-123');
    });
  }

  test('is told all at once, in the order of the text', () => {
    const result = read(`${serve('name = "a"')}${serve('name = "b"', 'port = "x"', 'container = "c"')}`);
    expect(result.ok ? [] : result.problems.map(({ line }) => line)).toEqual([1, 5]);
  });
});

test('two serves with one name or container are a warning', () => {
  const one = (name: string, container: string) => serve(`name = "${name}"`, `container = "${container}"`, 'port = 1');
  const result = read(one('a', 'c') + one('b', 'c') + one('c', 'd'));
  expect(result.ok && result.warnings.map(({ line }) => line)).toEqual([5, 9]);
});

describe('the example', () => {
  test('declares one serve of each driver, without a warning', async () => {
    const result = read(await shipped('serves.example.toml'));
    expect(result.ok && result.manifest.serves.map(({ driver }) => driver)).toEqual(['compose', 'script', 'process']);
    expect(result.ok && result.warnings).toEqual([]);
  });

  test('shows every key of a serve', async () => {
    const { serveSchema } = await import('#config/serves-schema');
    const text = await shipped('serves.example.toml');
    const missing = Object.keys(serveSchema.properties).filter((key) => !new RegExp(`^#?${key} = `, 'm').test(text));
    expect(missing).toEqual([]);
  });
});
