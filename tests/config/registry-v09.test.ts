// A registry of v0.9 loads as it is: its rows mean what they meant, apart from the weak points that were mended.
import { describe, expect, test } from 'bun:test';
import {
  dockerLaunch,
  problemLines,
  readJsonRegistry,
  registryOfRows,
  warningLines,
} from '#tests/config/registry-support';

/** The built-in table of v0.9, as it would stand in a file. */
const THREE_ROWS = [
  {
    name: 'qwen3-coder-local',
    engine: 'sglang',
    model_path: '/models/qwen3-coder',
    volume: 'weights',
    gpu: 1,
    port: 30000,
    est_weight_gb: 18,
  },
  {
    name: 'gpt-oss-20b',
    engine: 'vllm',
    model_path: '/models/gpt-oss-20b',
    volume: 'weights',
    gpu: 0,
    port: 30001,
    est_weight_gb: 13,
  },
  {
    name: 'qwen3-14b-fast',
    engine: 'sglang',
    model_path: '/models/qwen3-14b',
    volume: 'weights',
    gpu: 0,
    port: 30001,
    est_weight_gb: 9,
  },
];

describe("v0.9's three rows", () => {
  const { models, gpus } = registryOfRows(THREE_ROWS);

  test('become containers of the same names, images and words', () => {
    const shown = models.map((model) => {
      const { image, entrypoint, args } = dockerLaunch(model);
      return [model.serve.container, image, [...(entrypoint ?? []), ...args].join(' ')];
    });
    expect(shown).toEqual([
      [
        'anvil-qwen3-coder-local',
        'lmsysorg/sglang:latest',
        'python3 -m sglang.launch_server --model-path /models/qwen3-coder --enable-metrics --enable-cache-report --max-running-requests 16 --served-model-name qwen3-coder-local --host 0.0.0.0 --port 30000',
      ],
      [
        'anvil-gpt-oss-20b',
        'vllm/vllm-openai:latest',
        'vllm serve /models/gpt-oss-20b --enable-prompt-tokens-details --served-model-name gpt-oss-20b --host 0.0.0.0 --port 30001',
      ],
      [
        'anvil-qwen3-14b-fast',
        'lmsysorg/sglang:latest',
        'python3 -m sglang.launch_server --model-path /models/qwen3-14b --enable-metrics --enable-cache-report --max-running-requests 16 --served-model-name qwen3-14b-fast --host 0.0.0.0 --port 30001',
      ],
    ]);
  });

  test('mount their volume read-only on the folder of the model', () => {
    expect(models.map((model) => dockerLaunch(model).mounts)).toEqual(
      models.map(() => [{ source: 'weights', target: '/models', readOnly: true }]),
    );
  });

  test('share memory as their engines need it', () => {
    expect(models.map((model) => dockerLaunch(model)).map(({ ipcHost, shmSize }) => [ipcHost, shmSize])).toEqual([
      [false, '16g'],
      [true, undefined],
      [false, '16g'],
    ]);
  });

  test('have one place per GPU, and those of one port are never loaded together', () => {
    expect(models.map(({ swap }) => [swap.gpus, swap.exclusive])).toEqual([
      [['1'], []],
      [['0'], ['port:30001']],
      [['0'], ['port:30001']],
    ]);
    expect(gpus).toEqual([{ id: '1' }, { id: '0' }]);
  });

  test('keep their GPU, port, weight and health path', () => {
    expect(models.map(({ serve, weightGb }) => [serve.gpus, serve.port, weightGb, serve.health])).toEqual([
      [['1'], 30000, 18, '/health'],
      [['0'], 30001, 13, '/health'],
      [['0'], 30001, 9, '/health'],
    ]);
  });

  test('are the same in an object', () => {
    const read = readJsonRegistry(JSON.stringify({ models: THREE_ROWS }));
    expect(read.ok && read.registry.models).toEqual(models);
  });
});

const row = (rest: object): object => ({
  name: 'm',
  model_path: '/models/m',
  est_weight_gb: 1,
  gpu: 0,
  port: 1,
  ...rest,
});

describe('a row of v0.9', () => {
  test('without an engine is SGLang', () => {
    expect(registryOfRows([row({})]).models[0]?.serve.engine).toBe('sglang');
  });

  test('may have its arguments in one text', () => {
    const [one] = registryOfRows([row({ args: ' --tp  2\n--seed 7 ' })]).models;
    const [two] = registryOfRows([row({ args: ['--tp', '2', '--seed', '7'] })]).models;
    expect(one).toEqual(two);
    expect(one?.serve.launch).toMatchObject({ args: expect.arrayContaining(['--tp', '2', '--seed', '7']) });
  });

  test.each([
    [{ host_path: '/srv/m' }, '/srv/m', '/models/m'],
    [{}, '/models/m', '/models/m'],
    [{ volume: 'v', host_path: '/srv/m' }, 'v', '/models'],
    [{ volume: 'v', model_path: '/srv/deep/m/' }, 'v', '/srv/deep'],
  ])('%j is mounted from %s on %s, read-only', (rest, source, target) => {
    const [model] = registryOfRows([row(rest)]).models;
    expect(model === undefined ? [] : dockerLaunch(model).mounts).toEqual([{ source, target, readOnly: true }]);
  });

  test.each([
    ['/mnt/c/models/m', true],
    ['C:\\models\\m', true],
    ['\\\\wsl.localhost\\Ubuntu\\m', true],
    ['/mnt/cold/models', false],
    ['/srv/models', false],
  ])('whose weights lie in %s reads them whole: %p', (host_path, whole) => {
    const [model] = registryOfRows([row({ host_path })]).models;
    expect(model === undefined ? [] : dockerLaunch(model).args.includes('--weight-loader-disable-mmap')).toBe(whole);
  });

  test('with keys that v0.9 overlooked loads, with a warning that has line and nearest name', () => {
    const text =
      '[\n {"name": "m", "model_path": "/m", "est_weight_gb": 1, "gpu": 0, "port": 1,\n  "pined": true,\n  "comment": "x"}\n]';
    expect(warningLines(readJsonRegistry(text))).toEqual([
      '3 [0].pined: unknown key, overlooked: did you mean "pinned"?',
      '4 [0].comment: unknown key, overlooked: did you mean "command"?',
    ]);
  });

  test('no longer needs a GPU and a weight', () => {
    const [model] = registryOfRows([{ name: 'm', model_path: '/m', port: 1 }]).models;
    expect([model?.swap.gpus, model?.serve.gpus, model?.weightGb]).toEqual([['0'], [], undefined]);
  });
});

describe('a file of v0.9 that was refused', () => {
  test.each([
    ['[]', ['- : must not be empty | write an array of tables. The models, one `[[models]]` each.']],
    ['{"models": []}', ['1 models: must not be empty | write an array of tables. The models, one `[[models]]` each.']],
    ['{}', ['- : no models | add [[models]] with name, model_path and port; see configs/multiplexer.example.toml']],
    [
      '[3]',
      [
        '1 [0]: must be a table, not the whole number 3 | write a table. One model and the server that serves it. A row of a v0.9 registry is a row here.',
      ],
    ],
    [
      '[\n{"name": "a"},\n{"model_path": "/m", "port": 1}]',
      [
        '2 [0]: model "a": required key is missing: port | add port: a whole number from 1 to 65535',
        '3 [1]: required key is missing: name | add name: must have no blanks',
      ],
    ],
  ])('%s is refused still', (text, lines) => {
    expect(problemLines(readJsonRegistry(text))).toEqual(lines);
  });
});
