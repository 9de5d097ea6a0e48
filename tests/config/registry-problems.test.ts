// Everything that can be wrong with a registry is said at once, each with its line and what to do about it.
import { describe, expect, test } from 'bun:test';
import { modelToml, problemLines, readJsonRegistry, readTomlRegistry } from '#tests/config/registry-support';

const problemsOf = (...lines: readonly string[]): readonly string[] => problemLines(readTomlRegistry(lines.join('\n')));
/** Of one model on lines 1 to 2, whose further lines begin at 3. */
const ofModel = (...lines: readonly string[]): readonly string[] => problemsOf(modelToml('m', ...lines));

const SGLANG = ['model_path = "/m"', 'port = 1'];

describe('a model', () => {
  const cases: readonly (readonly [what: string, lines: readonly string[], problems: readonly string[]])[] = [
    [
      'with an unknown key',
      [...SGLANG, 'prot = 2'],
      ['5 models[0].prot: model "m": unknown key | did you mean "port"?'],
    ],
    [
      'with a key of another table',
      [...SGLANG, 'queue_max = 2'],
      ['5 models[0].queue_max: model "m": unknown key | this key belongs to [multiplexer]'],
    ],
    [
      'without a port',
      ['model_path = "/m"'],
      ['1 models[0]: model "m": required key is missing: port | add port: a whole number from 1 to 65535'],
    ],
    [
      'with an impossible port',
      ['model_path = "/m"', 'port = 70000'],
      [
        '4 models[0].port: model "m": must be a whole number from 1 to 65535, not 70000 | write a whole number from 1 to 65535. Port on 127.0.0.1. Models that share one are never loaded together.',
      ],
    ],
    [
      'with an unknown engine',
      [...SGLANG, 'engine = "vlm"'],
      ['5 models[0].engine: model "m": must be one of "vllm", "sglang", "llama.cpp", "custom" | did you mean "vllm"?'],
    ],
    [
      'without a model',
      ['port = 1'],
      ['1 models[0]: model "m": required key is missing: model_path | add model_path: what the engine is to load'],
    ],
    [
      'of a custom container without an image',
      ['port = 1', 'engine = "custom"'],
      ['1 models[0]: model "m": required key is missing: image | add image: the server that is to run'],
    ],
    [
      'of compose without its service',
      ['port = 1', 'compose_file = "c.yml"'],
      ['1 models[0]: model "m": required key is missing: compose_service | name the compose file and its service'],
    ],
    [
      'of a process without a command',
      ['port = 1', 'driver = "process"'],
      [
        '1 models[0]: model "m": required key is missing: command | add command = ["llama-server", "--port", "{port}", …], or the engine and model_path',
      ],
    ],
    [
      'of a process without weights',
      ['port = 1', 'driver = "process"', 'engine = "llama.cpp"'],
      ['1 models[0]: model "m": required key is missing: model_path | add model_path: what the engine is to load'],
    ],
    [
      'of a process with keys of containers',
      ['port = 1', 'command = "srv"', 'image = "i"', 'shm_size = "1g"'],
      [
        '5 models[0].image: model "m": is for driver docker, and this model has process | remove it, or write driver = "docker"',
        '6 models[0].shm_size: model "m": is for driver docker, and this model has process | remove it, or write driver = "docker"',
      ],
    ],
    [
      'of compose with arguments',
      ['port = 1', 'compose_file = "c.yml"', 'compose_service = "s"', 'args = "--x"'],
      [
        '6 models[0].args: model "m": is for driver docker or process, and this model has compose | remove it, or write driver = "docker"',
      ],
    ],
    [
      'with a volume and a relative model',
      ['model_path = "Qwen/Qwen3-8B"', 'port = 1', 'volume = "v"'],
      [
        '3 models[0].model_path: model "m": must be an absolute path for a volume to be mounted there | write model_path as it is inside the container, such as /models/qwen3',
      ],
    ],
    [
      'with a secret in its environment',
      [...SGLANG, 'env = { HF_TOKEN = "x", OPENAI_API_KEY = "x", DB_PASSWORD = "x", MONKEY = "fine" }'],
      [
        '5 models[0].env.HF_TOKEN: model "m": a secret has no place in this file | remove it, set HF_TOKEN in the environment and write env_from = ["HF_TOKEN"]',
        '5 models[0].env.OPENAI_API_KEY: model "m": a secret has no place in this file | remove it, set OPENAI_API_KEY in the environment and write env_from = ["OPENAI_API_KEY"]',
        '5 models[0].env.DB_PASSWORD: model "m": a secret has no place in this file | remove it, set DB_PASSWORD in the environment and write env_from = ["DB_PASSWORD"]',
      ],
    ],
    [
      'with odd variables',
      [...SGLANG, 'env = { "A-B" = "x", C = "x" }', 'env_from = ["C"]'],
      [
        '5 models[0].env.A-B: model "m": is no name of a variable | use letters, digits and _ only',
        '5 models[0].env.C: model "m": is in env_from as well | keep one of them',
      ],
    ],
    [
      'with gpu and gpus',
      [...SGLANG, 'gpu = 0', 'gpus = [1]'],
      ['6 models[0].gpus: model "m": gpu and gpus exclude each other | keep one of them'],
    ],
    [
      'that cannot sleep',
      ['model_path = "/m.gguf"', 'port = 1', 'engine = "llama.cpp"', 'sleep_level = 1'],
      [
        '6 models[0].sleep_level: model "m": llama.cpp has no sleep of level 1 (it has none) | remove it, or use vLLM (1 and 2) or SGLang (1)',
      ],
    ],
    [
      'that cannot sleep so deep',
      [...SGLANG, 'sleep_level = 2'],
      [
        '5 models[0].sleep_level: model "m": sglang has no sleep of level 2 (it has 1) | remove it, or use vLLM (1 and 2) or SGLang (1)',
      ],
    ],
    [
      'whose weights would hide the whole container',
      ['model_path = "/qwen.gguf"', 'port = 1', 'volume = "weights"'],
      [
        '3 models[0].model_path: model "m": would be mounted on the container\'s root folder, which Docker refuses | put it into a folder of its own, as in /models/qwen3',
      ],
    ],
    [
      'whose variables are no table',
      [...SGLANG, 'env = "A=1"'],
      ['5 models[0].env: model "m": must be a table, not text | write for example env = { NAME = "value" }'],
    ],
    [
      'with more digits than anybody reads',
      ['model_path = "/m"', `port = ${'9'.repeat(5_000)}`],
      [
        `4 models[0].port: model "m": must be a whole number from 1 to 65535, not ${'9'.repeat(24)}… | write a whole number from 1 to 65535. Port on 127.0.0.1. Models that share one are never loaded together.`,
      ],
    ],
    [
      'that sleeps in vain',
      [...SGLANG, 'sleep_level = 1', 'vram_mib = 1000', 'sleep_vram_mib = 1000'],
      [
        '7 models[0].sleep_vram_mib: model "m": is not less than vram_mib (1000): sleeping would free nothing | correct it, or remove sleep_level',
      ],
    ],
  ];
  test.each(cases)('%s', (_what, lines, problems) => {
    expect(ofModel(...lines)).toEqual([...problems]);
  });
});

describe('models together', () => {
  test('of one name', () => {
    expect(problemsOf(modelToml('m', ...SGLANG), modelToml('m', 'model_path = "/n"', 'port = 2'))).toEqual([
      '6 models[1].name: model "m": a second model is called "m" | give every model its own name',
    ]);
  });
  test('of one container, written or made of the name', () => {
    expect(
      problemsOf(
        modelToml('a/b', ...SGLANG),
        modelToml('a:b', 'model_path = "/n"', 'port = 2'),
        modelToml('c', 'model_path = "/n"', 'port = 2', 'container = "anvil-a-b"'),
      ),
    ).toEqual([
      '6 models[1].name: model "a:b": a second model has the container "anvil-a-b" | give one of the models a container of its own',
      '13 models[2].container: model "c": a second model has the container "anvil-a-b" | give one of the models a container of its own',
    ]);
  });
  test('one that sleeps on the port of the other', () => {
    const [a, b] = [modelToml('a', ...SGLANG, 'sleep_level = 1'), modelToml('b', 'model_path = "/n"', 'port = 1')];
    expect(problemsOf(a, b)).toEqual([
      '5 models[0].sleep_level: model "a": asleep it keeps its port 1, which "b" needs to be loaded | give it a port of its own, or remove sleep_level',
    ]);
    expect(problemsOf(a, modelToml('b', 'model_path = "/n"', 'port = 2'))).toEqual([]);
  });
  test('of one compose service', () => {
    const service = ['compose_file = "c.yml"', 'compose_service = "s"'];
    expect(problemsOf(modelToml('a', 'port = 1', ...service), modelToml('b', 'port = 2', ...service))).toEqual([
      '10 models[1].compose_service: model "b": "a" is the same service: stopping one would stop both | give each model a service of its own',
    ]);
    const lab = modelToml('b', 'port = 2', ...service, 'compose_project = "lab"');
    expect(problemsOf(modelToml('a', 'port = 1', ...service), lab)).toEqual([]);
  });
  test('one pinned where the other has no room', () => {
    expect(
      problemsOf(modelToml('a', ...SGLANG, 'pinned = true'), modelToml('b', 'model_path = "/n"', 'port = 2')),
    ).toEqual([
      '6 models[1]: model "b": does not fit beside "a", which is pinned: it could never be loaded | remove pinned of "a", or give both a vram_mib that fits',
    ]);
  });
  test('two pinned on one card are told once', () => {
    const pinned = (name: string, port: number) =>
      modelToml(name, 'model_path = "/m"', `port = ${port}`, 'pinned = true');
    expect(problemsOf(pinned('a', 1), pinned('b', 2))).toEqual([
      '6 models[1]: model "b": does not fit beside "a", which is pinned: it could never be loaded | remove pinned of "a", or give both a vram_mib that fits',
    ]);
  });
  test('one pinned beside another that fits, or has another card, are fine', () => {
    const gpus = ['[[gpus]]', 'id = 0', 'vram_mib = 24000', '[[gpus]]', 'id = 1'];
    const rest = ['model_path = "/m"', 'vram_mib = 10000'];
    expect(
      problemsOf(
        ...gpus,
        modelToml('a', ...rest, 'port = 1', 'gpu = 0', 'pinned = true'),
        modelToml('b', ...rest, 'port = 2', 'gpu = 0'),
        modelToml('c', 'model_path = "/m"', 'port = 3', 'gpu = 1'),
      ),
    ).toEqual([]);
  });
});

describe('GPUs', () => {
  const gpus = ['[[gpus]]', 'id = 0', 'vram_mib = 24000', '[[gpus]]', 'id = "GPU-aa-bb"'];
  test('that are not declared', () => {
    expect(
      problemsOf(
        ...gpus,
        modelToml('m', ...SGLANG, 'gpu = 1'),
        modelToml('n', 'model_path = "/m"', 'port = 2', 'gpus = [0, "GPU-aa-bc"]'),
      ),
    ).toEqual([
      '10 models[0].gpu: model "m": no [[gpus]] has the id "1" | did you mean "0"?',
      '15 models[1].gpus: model "n": no [[gpus]] has the id "GPU-aa-bc" | did you mean "GPU-aa-bb"?',
    ]);
  });
  test('of which one has to be named', () => {
    expect(problemsOf(...gpus, modelToml('m', ...SGLANG))).toEqual([
      '6 models[0]: model "m": required key is missing: gpu, since there are several | add gpu = "0" or another of 0, GPU-aa-bb',
    ]);
  });
  test('too small for a model', () => {
    expect(problemsOf(...gpus, modelToml('m', ...SGLANG, 'gpu = 0', 'vram_mib = 24001'))).toEqual([
      '11 models[0].vram_mib: model "m": is more than GPU 0 has (24000 MiB): it can never be loaded | use a smaller model or context, more GPUs, or correct the numbers',
    ]);
  });
  test('listed twice', () => {
    expect(problemsOf('[[gpus]]', 'id = 0', '[[gpus]]', 'id = "0"', modelToml('m', ...SGLANG))).toContainEqual(
      '4 gpus[1].id: a second GPU is called "0" | list each GPU once',
    );
  });
});

describe('the policy', () => {
  test('has limits', () => {
    expect(problemsOf('[multiplexer]', 'wait_bound_seconds = 0', 'queue_max = 0', modelToml('m', ...SGLANG))).toEqual([
      '2 multiplexer.wait_bound_seconds: must be a number above 0, at most 86400, not 0 | write for example wait_bound_seconds = 120, which is the default',
      '3 multiplexer.queue_max: must be a whole number from 1 to 100000, not 0 | write for example queue_max = 256, which is the default',
    ]);
  });
  test('cannot begin with a longer rest than its longest', () => {
    expect(
      problemsOf('[multiplexer]', 'retry_seconds = 10', 'retry_max_seconds = 5', modelToml('m', ...SGLANG)),
    ).toEqual(['2 multiplexer.retry_seconds: is longer than retry_max_seconds (5) | shorten it']);
  });
});

describe('a whole file', () => {
  test('has all its problems told, in the order of the text', () => {
    const lines = problemsOf(
      '[multiplexer]',
      'x = 1',
      modelToml('a', 'port = 0'),
      modelToml('b', 'port = 1'),
      modelToml('c', ...SGLANG, 'gpus = [0]', 'gpu = 0'),
    );
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['2', '5', '6', '13']);
  });
  test('with too many models', () => {
    const many = Array.from({ length: 501 }, (_, index) => modelToml(`m${index}`, ...SGLANG));
    expect(problemsOf(...many)).toEqual(['1 models: has 501 models, more than 500 | split the file']);
  });
  test('with too many problems', () => {
    const many = Array.from({ length: 120 }, (_, index) => modelToml(`m${index}`, 'port = 1'));
    const lines = problemsOf(...many);
    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toBe('- : 20 more problems | correct those above first');
  });
  test('in JSON, where unknown keys are overlooked, says which of them may be the missing one', () => {
    const rows = [{ name: 'a', model_path: '/m', prot: 1, note: 'mine' }];
    expect(problemLines(readJsonRegistry(JSON.stringify(rows, undefined, 1)))).toEqual([
      '2 [0]: model "a": required key is missing: port | add port: a whole number from 1 to 65535',
      '5 [0].prot: model "a": unknown key | did you mean "port"?',
    ]);
  });
  test('hands nothing to the terminal that it would act on', () => {
    const [line = ''] = problemsOf('[[models]]', 'name = "a\\u001b[2Jb"', 'port = 0', 'model_path = "/m"');
    expect(line).toBe(
      '2 models[0].name: model "a·[2Jb": must have no blanks | write text in quotes, not empty. Name that requests ask for, unique.',
    );
  });
  test('without models', () => {
    expect(problemsOf('[multiplexer]', 'queue_max = 3')).toEqual([
      '- : no models | add [[models]] with name, model_path and port; see configs/multiplexer.example.toml',
    ]);
  });
});
