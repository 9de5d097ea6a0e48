// What models, GPUs and policy come to once every default is applied.
import { describe, expect, test } from 'bun:test';
import { dockerLaunch, modelToml, onlyModel, registryOf } from '#tests/config/registry-support';

describe('a model that says nothing', () => {
  const model = onlyModel('model_path = "/m"', 'port = 30001');
  test('has every default', () => {
    expect(model).toEqual({
      swap: { name: 'm', gpus: ['0'], exclusive: [], pinned: false },
      serve: {
        name: 'm',
        engine: 'sglang',
        launch: expect.objectContaining({ driver: 'docker', containerPort: 30001, gpuAccess: 'nvidia' }),
        container: 'anvil-m',
        servedModel: 'm',
        port: 30001,
        health: '/health',
        gpus: [],
        env: {},
        envFrom: [],
        loadTimeoutMs: 600_000,
        stopMs: 10_000,
      },
      times: { loadMs: 60_000, wakeMs: 5000, unloadMs: 5000, sleepMs: 5000 },
      preload: false,
      priority: 0,
    });
  });
});

describe('a model that says everything', () => {
  test('is taken at its word', () => {
    const model = onlyModel(
      ...['model_path = "/m"', 'port = 30001', 'container_port = 8000', 'engine = "vllm"', 'served_name = "n"'],
      ...['vram_mib = 20000', 'exclusive = ["a", "b"]', 'pinned = true', 'preload = true', 'priority = -3'],
      ...['max_concurrency = 4', 'idle_seconds = 60', 'min_resident_seconds = 0', 'sleep_level = 2'],
      ...['sleep_vram_mib = 900', 'est_weight_gb = 13.5', 'load_seconds = 90', 'wake_seconds = 0.5'],
      ...['load_timeout_seconds = 1200', 'stop_seconds = 3', 'health = "/ping"', 'image = "i:1"', 'entrypoint = "a b"'],
      ...[
        'container = "c"',
        'env = { A = "1", VLLM_USE_V2_MODEL_RUNNER = "1" }',
        'env_from = ["HF_TOKEN"]',
        'gpu = "GPU-1-2"',
      ],
    );
    expect(model.swap).toEqual({
      name: 'm',
      gpus: ['GPU-1-2'],
      vramMib: 20_000,
      asleepMib: 900,
      exclusive: ['a', 'b'],
      pinned: true,
      minResidentMs: 0,
      idleMs: 60_000,
      maxConcurrency: 4,
    });
    expect(model).toMatchObject({
      weightGb: 13.5,
      times: { loadMs: 90_000, wakeMs: 500 },
      preload: true,
      priority: -3,
      sleepLevel: 2,
    });
    expect(model.serve).toMatchObject({
      container: 'c',
      servedModel: 'n',
      gpus: ['GPU-1-2'],
      health: '/ping',
      env: { A: '1', VLLM_USE_V2_MODEL_RUNNER: '1', VLLM_SERVER_DEV_MODE: '1' },
      envFrom: ['HF_TOKEN'],
      loadTimeoutMs: 1_200_000,
      stopMs: 3000,
    });
    expect(dockerLaunch(model)).toMatchObject({ image: 'i:1', entrypoint: ['a', 'b'], containerPort: 8000 });
    expect(dockerLaunch(model).args.slice(-2)).toEqual(['--port', '8000']);
  });
});

describe('shared memory', () => {
  test.each([
    [['engine = "vllm"'], true, undefined],
    [['engine = "vllm"', 'shm_size = "8g"'], false, '8g'],
    [['engine = "vllm"', 'ipc = "private"'], false, undefined],
    [['engine = "sglang"'], false, '16g'],
    [['engine = "sglang"', 'ipc = "host"'], true, undefined],
    [['engine = "llama.cpp"'], false, undefined],
  ])('%j', (lines, ipcHost, shmSize) => {
    const launch = dockerLaunch(onlyModel('model_path = "/m"', 'port = 1', ...lines));
    expect([launch.ipcHost, launch.shmSize]).toEqual([ipcHost, shmSize]);
  });
});

describe('mounts', () => {
  const mounts = (...lines: readonly string[]) =>
    dockerLaunch(onlyModel('port = 1', ...lines)).mounts.map(({ source, target, readOnly }) =>
      [source, target, readOnly ? 'ro' : 'rw'].join(':'),
    );
  test.each([
    [['model_path = "/m/x"'], ['/m/x:/m/x:ro']],
    [['model_path = "/m/x"', 'host_path = "../weights"'], ['/etc/anvil/../weights:/m/x:ro']],
    [['model_path = "/m/x"', 'host_path = "~/weights"'], ['/home/ann/weights:/m/x:ro']],
    [['model_path = "/m/x"', 'host_path = ""'], []],
    [['model_path = "Qwen/Qwen3-8B"'], []],
    [['model_path = "Qwen/Qwen3-8B"', 'cache_volume = "c"'], ['c:/root/.cache:rw']],
    [['model_path = "/m/x"', 'engine = "custom"', 'image = "i"'], []],
    [['model_path = "/m/x"', 'engine = "custom"', 'image = "i"', 'volume = "v"'], ['v:/m:ro']],
  ])('%j', (lines, expected) => {
    expect(mounts(...lines)).toEqual([...expected]);
  });
});

describe('a custom container', () => {
  test('is launched by its own words, filled in', () => {
    const launch = dockerLaunch(
      onlyModel(
        'engine = "custom"',
        'image = "i"',
        'port = 7',
        'container_port = 80',
        'model_path = "/w"',
        'args = "--p {port} --m {model_path} --n {name} {other}"',
      ),
    );
    expect(launch).toEqual({
      driver: 'docker',
      image: 'i',
      args: ['--p', '80', '--m', '/w', '--n', 'm', '{other}'],
      containerPort: 80,
      mounts: [],
      ipcHost: false,
      gpuAccess: 'none',
    });
  });
});

describe('a process', () => {
  test('is its command and arguments, filled in, in the folder of the registry', () => {
    const { serve } = onlyModel(
      'command = ["srv", "--port", "{port}", "{model_path}"]',
      'args = "--name {name}"',
      'port = 7',
      'model_path = "~/w"',
    );
    expect(serve.launch).toEqual({
      driver: 'process',
      argv: ['srv', '--port', '7', '/home/ann/w', '--name', 'm'],
      cwd: '/etc/anvil',
    });
    expect(serve.engine).toBe('custom');
  });
  test.each([
    ['./srv', '/etc/anvil/srv'],
    ['../bin/srv', '/etc/anvil/../bin/srv'],
    ['~/bin/srv', '/home/ann/bin/srv'],
    ['/usr/bin/srv', '/usr/bin/srv'],
  ])('%s beside the registry is %s', (program, found) => {
    const { serve } = onlyModel(`command = "${program} x"`, 'port = 7', 'cwd = "run"');
    expect(serve.launch).toEqual({ driver: 'process', argv: [found, 'x'], cwd: '/etc/anvil/run' });
  });
  test('of an engine is launched by its builder, on loopback', () => {
    const { serve } = onlyModel('driver = "process"', 'engine = "llama.cpp"', 'model_path = "~/q.gguf"', 'port = 7');
    expect(serve.launch).toMatchObject({
      argv: [
        'llama-server',
        '--model',
        '/home/ann/q.gguf',
        '--metrics',
        '--alias',
        'm',
        '--host',
        '127.0.0.1',
        '--port',
        '7',
      ],
    });
  });
});

describe('a compose service', () => {
  test('is named by file, service and project', () => {
    const { serve } = onlyModel(
      'compose_file = "c/compose.yml"',
      'compose_service = "s"',
      'compose_project = "p"',
      'port = 7',
      'engine = "vllm"',
      'sleep_level = 1',
    );
    expect(serve).toMatchObject({
      engine: 'vllm',
      launch: { driver: 'compose', file: '/etc/anvil/c/compose.yml', service: 's', project: 'p' },
      gpus: [],
    });
  });
});

describe('the id that is checked', () => {
  test.each([
    [[], 'm'],
    [['served_name = "n"'], 'n'],
    [['served_name = ""'], undefined],
  ])('%j', (lines, expected) => {
    const { serve } = onlyModel('model_path = "/m"', 'port = 1', ...lines);
    expect(serve.servedModel).toBe(expected as string);
  });
});

describe('GPUs', () => {
  /** Those that it is counted on, those that its server is given, and how. */
  const gpus = (...lines: readonly string[]) => {
    const { swap, serve } = onlyModel('port = 1', ...lines);
    const access = serve.launch.driver === 'docker' ? serve.launch.gpuAccess : '-';
    return `${swap.gpus.join('+') || 'none'} | ${serve.gpus.join('+') || 'none'} | ${access}`;
  };
  const sglang = 'model_path = "/m"';
  const custom = ['engine = "custom"', 'image = "i"'];
  test.each([
    [[sglang], '0 | none | nvidia'],
    [[sglang, 'gpu = 1'], '1 | 1 | nvidia'],
    [[sglang, 'gpu = "GPU-1-2"'], 'GPU-1-2 | GPU-1-2 | nvidia'],
    [[sglang, 'gpus = [1, 0]'], '1+0 | 1+0 | nvidia'],
    [[sglang, 'gpus = []'], 'none | none | none'],
    [[sglang, 'gpu_access = "none"'], 'none | none | none'],
    [[sglang, 'gpu_access = "none"', 'gpu = 0'], '0 | none | none'],
    [custom, 'none | none | none'],
    [[...custom, 'gpu = 0'], '0 | 0 | nvidia'],
    [['command = "srv"'], '0 | none | -'],
    [['command = "srv"', 'gpu_access = "none"'], 'none | none | -'],
    [['compose_file = "c"', 'compose_service = "s"', 'gpu = 1'], '1 | none | -'],
  ])('%j', (lines, expected) => {
    expect(gpus(...lines)).toBe(expected);
  });

  test('spread a model over them', () => {
    const { args } = dockerLaunch(onlyModel('port = 1', 'model_path = "/m"', 'gpus = [0, 1]'));
    expect(args.join(' ')).toContain('--tensor-parallel-size 2');
  });

  test('are those declared and those that models name besides, and a single one is everyone’s', () => {
    const { gpus: all, models } = registryOf(
      ['[[gpus]]', 'id = 3', 'vram_mib = 24000', modelToml('a', 'model_path = "/m"', 'port = 1')].join('\n'),
    );
    expect(all).toEqual([{ id: '3', vramMib: 24_000 }]);
    expect(models.map(({ swap, serve }) => [swap.gpus, serve.gpus])).toEqual([[['3'], ['3']]]);
  });
});

describe('sleep', () => {
  test.each([
    [[], undefined],
    [['sleep_level = 1'], 2048],
    [['sleep_level = 1', 'vram_mib = 3000'], 1500],
    [['sleep_level = 1', 'vram_mib = 30000'], 2048],
    [['sleep_level = 1', 'sleep_vram_mib = 700'], 700],
  ])('%j keeps', (lines, mib) => {
    const { swap } = onlyModel('port = 1', 'model_path = "/m"', 'engine = "vllm"', ...lines);
    expect(swap.asleepMib).toBe(mib as number);
  });
});

describe('parsers and thinking', () => {
  const words = (...lines: readonly string[]) => dockerLaunch(onlyModel('port = 1', ...lines)).args.join(' ');
  const qwen = ['model_path = "/models/qwen3-14b"', 'engine = "vllm"'];
  test('are chosen by the name of the weights', () => {
    expect(words(...qwen, 'tool_parser = "auto"', 'reasoning_parser = "auto"')).toContain(
      '--reasoning-parser qwen3 --enable-auto-tool-choice --tool-call-parser hermes',
    );
  });
  test('are those written, or none', () => {
    expect(words(...qwen, 'tool_parser = "pythonic"', 'reasoning_parser = "none"')).toContain(
      '--enable-auto-tool-choice --tool-call-parser pythonic --served',
    );
  });
  test('are none where nobody says', () => {
    expect(words(...qwen)).not.toContain('parser');
  });
  test('thinking is switched by the word of the family', () => {
    expect(words('model_path = "/models/DeepSeek-V3.2"', 'engine = "sglang"', 'thinking = true')).toContain(
      '--default-chat-template-kwargs {"thinking":true}',
    );
  });
});

describe('the policy', () => {
  const model = modelToml('m', 'model_path = "/m"', 'port = 1');
  test('is that of the file', () => {
    const lines = ['wait_bound_seconds = 9', 'drain_timeout_seconds = 0', 'linger_seconds = 0.5', 'swap_worth = 2.5'];
    const more = [
      'min_resident_seconds = 7',
      'queue_max = 3',
      'retry_seconds = 1',
      'retry_max_seconds = 8',
      'ram_cap_gb = 40',
    ];
    const { settings, models } = registryOf(['[multiplexer]', ...lines, ...more, model].join('\n'));
    expect(settings).toEqual({
      waitBoundMs: 9000,
      drainMs: 0,
      lingerMs: 500,
      worth: 2.5,
      queueMax: 3,
      retryMs: 1000,
      retryMsMax: 8000,
      ramCapGb: 40,
    });
    expect(models[0]?.swap.minResidentMs).toBe(7000);
  });
  test('yields to the command line', () => {
    const text = ['[multiplexer]', 'drain_timeout_seconds = 5', 'ram_cap_gb = 4', model].join('\n');
    expect(registryOf(text, { drainTimeoutSeconds: 0, ramCapGb: 9 }).settings).toMatchObject({
      drainMs: 0,
      ramCapGb: 9,
    });
  });
});

test('the digest is that of the text', () => {
  const text = modelToml('m', 'model_path = "/m"', 'port = 1');
  expect(registryOf(text).digest).toMatch(/^[0-9a-f]{16}$/);
  expect(registryOf(text).digest).not.toBe(registryOf(`${text}\n`).digest);
});
