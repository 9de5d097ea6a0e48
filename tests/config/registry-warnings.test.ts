// What a sound registry warns of.
import { describe, expect, test } from 'bun:test';
import { modelToml, readTomlRegistry, warningLines } from '#tests/config/registry-support';

const warnings = (...lines: readonly string[]): readonly string[] => warningLines(readTomlRegistry(lines.join('\n')));
const ofModel = (...lines: readonly string[]): readonly string[] => warnings(modelToml('m', 'port = 1', ...lines));

describe('a model', () => {
  const cases: readonly (readonly [what: string, lines: readonly string[], expected: readonly string[]])[] = [
    ['that is fine', ['model_path = "/m"'], []],
    [
      'with keys its engine has no words for',
      ['model_path = "/m.gguf"', 'engine = "llama.cpp"', 'gpu_memory_share = 0.5', 'tool_parser = "auto"'],
      [
        '6 models[0].gpu_memory_share: model "m": gpu_memory_share is without effect: llama.cpp has no such setting',
        '7 models[0].tool_parser: model "m": tool_parser is without effect: llama.cpp has no such setting',
      ],
    ],
    [
      'with keys for a launch that is not ours',
      ['compose_file = "c"', 'compose_service = "s"', 'engine = "vllm"', 'thinking = false'],
      ['7 models[0].thinking: model "m": thinking is without effect: the server is launched by its compose file'],
    ],
    [
      'that its server knows by another name',
      ['model_path = "/m"', 'served_name = "n"'],
      ['5 models[0].served_name: model "m": requests carry "m" unchanged, and its server knows itself as "n" only'],
    ],
    [
      'with a volume and weights read whole',
      ['model_path = "/m/m"', 'volume = "v"', 'mmap = false'],
      ['6 models[0].mmap: model "m": reading weights whole from a volume takes longer than mapping them'],
    ],
    [
      'with two sources of weights',
      ['model_path = "/m/m"', 'volume = "v"', 'host_path = "/h"'],
      ['6 models[0].host_path: model "m": host_path is without effect: volume is mounted instead'],
    ],
    [
      'with a key on the command line',
      ['model_path = "/m"', 'args = "--api-key abc"'],
      [
        '5 models[0].args: model "m": the value of --api-key can be read by everyone on this machine: hand it on with env_from',
      ],
    ],
    [
      'that has less time to load than it takes',
      ['model_path = "/m"', 'load_seconds = 90', 'load_timeout_seconds = 60'],
      ['6 models[0].load_timeout_seconds: model "m": is shorter than load_seconds (90)'],
    ],
    [
      'that never sleeps',
      ['model_path = "/m"', 'sleep_vram_mib = 90'],
      ['5 models[0].sleep_vram_mib: model "m": it never sleeps: sleep_level is not set'],
    ],
    [
      'of a family nobody knows',
      ['model_path = "/rocket"', 'tool_parser = "auto"'],
      ['5 models[0].tool_parser: model "m": no parser is known for a model of this name, so none is named'],
    ],
    [
      'of a family that needs one parser only',
      ['model_path = "/gpt-oss-20b"', 'engine = "vllm"', 'reasoning_parser = "auto"'],
      [],
    ],
  ];
  test.each(cases)('%s', (_what, lines, expected) => {
    expect(ofModel(...lines)).toEqual([...expected]);
  });

  test('with a value that has the shape of a key is told so, whatever the variable is called', () => {
    const key = ['hf', 'abcdefghijklmnopqrstuvwxyz'].join('_');
    const lines = ofModel(
      'model_path = "/m"',
      `args = ["--tp", "2", "${key}"]`,
      `env = { ACCESS = "${key}", SIZE = "2" }`,
    );
    const remedy = 'looks like a secret, which everyone on this machine can read: hand it on with env_from';
    expect(lines).toEqual([
      `6 models[0].env.ACCESS: model "m": its value ${remedy}`,
      `5 models[0].args: model "m": word 3 of args ${remedy}`,
    ]);
    expect(lines.join()).not.toContain(key);
  });

  test('never has its secret told', () => {
    expect(ofModel('model_path = "/m"', 'args = ["--api-key=s3cret"]').join()).not.toContain('s3cret');
  });
});

describe('models together', () => {
  test('whose bound is shorter than a load', () => {
    const slow = modelToml('slow', 'model_path = "/m"', 'port = 1', 'load_seconds = 200');
    const other = modelToml('other', 'model_path = "/m"', 'port = 2');
    expect(warnings('[multiplexer]', 'wait_bound_seconds = 100', slow, other)).toEqual([
      '2 multiplexer.wait_bound_seconds: a request may wait 100 s for its turn, but loading "slow" and draining it again takes 235 s: requests for other models will be refused meanwhile',
    ]);
    expect(warnings('[multiplexer]', 'wait_bound_seconds = 235', slow, other)).toEqual([]);
  });
  test('that share nothing wait for nobody', () => {
    const slow = modelToml('slow', 'model_path = "/m"', 'port = 1', 'load_seconds = 200', 'gpu = 1');
    expect(warnings(slow, modelToml('other', 'model_path = "/m"', 'port = 2', 'gpu = 0'))).toEqual([]);
  });
  test('that name cards by index and by UUID', () => {
    const one = modelToml('a', 'model_path = "/m"', 'port = 1', 'gpu = 0');
    expect(warnings(one, modelToml('b', 'model_path = "/m"', 'port = 2', 'gpu = "GPU-1-2"'))).toEqual([
      '1 models: some GPUs are named by index and some by UUID: two names of one card would count as two cards',
    ]);
  });
});
