/** What runs is compared with what is declared: the served name, the compose service, the image. */
import { describe, expect, test } from 'bun:test';
import { composeWords, driftOf, modelInArguments } from '#ops/serves/drift';
import { container, fakeMachine, serveNamed } from '#tests/ops/serves-fake-world';

describe('the model in the arguments of a server', () => {
  const cases: readonly (readonly [words: readonly string[], model: string | undefined])[] = [
    [['vllm', 'serve', '/m/x', '--served-model-name', 'fast'], 'fast'],
    [['vllm', 'serve', '/m/x', '--served-model-name=fast', '--port', '1'], 'fast'],
    [['python3', '-m', 'sglang.launch_server', '--model-path', '/m/x'], '/m/x'],
    [['--model', 'org/x', '--served-model-name', 'fast'], 'fast'],
    [['llama-server', '-m', 'x.gguf', '--alias', 'small'], 'small'],
    [['llama-server', '-m', 'x.gguf'], 'x.gguf'],
    [['vllm', 'serve', 'org/x', '--port', '1'], 'org/x'],
    [['sh', '-c', "exec vllm serve /m/x --served-model-name 'my model'"], 'my model'],
    [['vllm', 'serve', '--config', 'x.yaml'], undefined],
    [['--served-model-name', 'a', '--served-model-name', 'b'], 'b'],
    [['--served-model-name'], undefined],
    [['/entry.sh'], undefined],
  ];
  for (const [words, model] of cases) {
    test(`${words.join(' ')} is ${model}`, () => expect(modelInArguments(words)).toBe(model));
  }
});

test('what stands before up chooses file and project', () => {
  const up = ['docker', 'compose', '-p', 'up', '-f', 'a.yml', 'up', '-d', 'up'] as const;
  expect(composeWords(up)).toEqual(['docker', 'compose', '-p', 'up', '-f', 'a.yml']);
});

const COMPOSE = serveNamed('a', { driver: 'compose', up: ['docker', 'compose', '-f', 'c.yml', 'up', '-d', 'vllm'] });
const LABELS = { 'com.docker.compose.service': 'vllm', 'com.docker.compose.config-hash': 'abc' };
const HASH = 'docker compose -f c.yml config --hash vllm';

describe('a compose service', () => {
  test('is as declared while its hash is the same', async () => {
    const { world, programs } = fakeMachine();
    programs.set(HASH, { out: 'vllm abc\n' });
    const facts = container('a-box', 'running', { labels: LABELS });
    expect(await driftOf(COMPOSE, facts, world)).toEqual({ found: [], unknown: [] });
  });

  test('has drifted when the hash is another one', async () => {
    const { world, programs } = fakeMachine();
    programs.set(HASH, { out: 'vllm def\n' });
    const facts = container('a-box', 'running', { labels: LABELS });
    expect((await driftOf(COMPOSE, facts, world)).found).toEqual(['its service vllm is declared otherwise by now']);
  });

  test('cannot be compared when compose fails, which is no drift', async () => {
    const { world, programs } = fakeMachine();
    programs.set(HASH, { code: 1, err: 'x\nunknown command: docker compose\n' });
    const facts = container('a-box', 'running', { labels: LABELS });
    const { found, unknown } = await driftOf(COMPOSE, facts, world);
    expect(found).toEqual([]);
    expect(unknown).toEqual(['compose service: docker compose config --hash vllm: unknown command: docker compose']);
  });

  test('that compose did not make is drift', async () => {
    const { found } = await driftOf(COMPOSE, container('a-box', 'running'), fakeMachine().world);
    expect(found).toEqual(['container a-box was not made by docker compose']);
  });
});

test('a tag that leads to another image by now is drift; an image that is gone is not', async () => {
  const { world, images } = fakeMachine();
  const facts = container('a-box', 'running');
  images.set('image:1', 'sha256:two');
  expect((await driftOf(serveNamed('a'), facts, world)).found).toEqual(['image image:1 is another one by now']);
  images.clear();
  expect((await driftOf(serveNamed('a'), facts, world)).found).toEqual([]);
});

test('the environment of a container is never told', async () => {
  const { world } = fakeMachine();
  const drift = await driftOf(
    serveNamed('a', { model: 'x' }),
    container('a-box', 'running', { args: ['-m', 'y'] }),
    world,
  );
  expect(drift.found.length).toBe(1);
  expect(JSON.stringify(drift)).not.toContain('never-shown');
});
