// The words of every builder launch a server that takes them: it has the name, the address and the port they say.
import { expect, setDefaultTimeout, test } from 'bun:test';
import type { EngineWish } from '#core/engine';
import { ENGINES } from '#engines/index';
import { scriptedEngineArgv } from '#tests/support/scripted-image';

/** Real processes, on a machine that may be busy. Milliseconds. */
setDefaultTimeout(30_000);

const WISH: EngineWish = {
  model: '/models/qwen3.gguf',
  servedName: 'qwen3-fast',
  port: 0,
  place: 'machine',
  contextTokens: 4096,
  gpuCount: 2,
  weights: 'read',
  sleeps: true,
  thinking: false,
  parsers: { reasoning: 'qwen3', tools: 'hermes' },
  args: ['--seed', '7'],
};

/** Reads lines until one says on which address the server listens. */
const listening = async (output: ReadableStream<Uint8Array>): Promise<string> => {
  const decoder = new TextDecoder();
  let printed = '';
  for await (const chunk of output) {
    printed += decoder.decode(chunk, { stream: true });
    const found = /serves on (\S+:\d+)/.exec(printed)?.[1];
    if (found !== undefined) return found;
  }
  throw new Error(`it ended: ${printed}`);
};

test.each(['vllm', 'sglang', 'llama.cpp'] as const)('%s', async (engine) => {
  const { args, env } = ENGINES[engine].command(WISH);
  const server = Bun.spawn([...scriptedEngineArgv(...args)], {
    env: { ...process.env, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  try {
    const address = await listening(server.stdout);
    expect(address).toStartWith('127.0.0.1:');
    expect(await (await fetch(`http://${address}/v1/models`)).json()).toMatchObject({ data: [{ id: 'qwen3-fast' }] });
    expect((await fetch(`http://${address}${ENGINES[engine].health}`)).status).toBe(200);
  } finally {
    server.kill('SIGKILL');
    await server.exited;
  }
});
