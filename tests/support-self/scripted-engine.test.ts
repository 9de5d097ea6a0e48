/** The scripted model server of examples/one-gpu says what it is told to, in every dialect, and fails as it is told to. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { scriptedEngineArgv } from '#tests/support/scripted-image';

/** Real processes, on a machine that may be busy. Milliseconds. */
setDefaultTimeout(30_000);

interface Running extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly exited: Promise<number>;
  /** Everything printed, once it has ended. */
  output(): Promise<string>;
}

const start = async (args: readonly string[], until = /serves on 127\.0\.0\.1:(\d+)/): Promise<Running> => {
  const child = Bun.spawn([...scriptedEngineArgv('--port', '0', ...args)], {
    env: { ...process.env, SCRIPT_TOKEN_MS: '0' },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const stderr = child.stderr.text();
  const decoder = new TextDecoder();
  const reader = child.stdout.getReader();
  let printed = '';
  while (!until.test(printed)) {
    const { done, value } = await reader.read();
    if (done) break;
    printed += decoder.decode(value, { stream: true });
  }
  const rest = (async (): Promise<string> => {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      printed += decoder.decode(read.value, { stream: true });
    }
    return printed;
  })();
  return {
    url: `http://127.0.0.1:${until.exec(printed)?.[1]}`,
    exited: child.exited,
    output: async () => `${await rest}${await stderr}`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
};

const ask = (url: string, path: string, body: object = {}): Promise<Response> =>
  fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) });

const NAMES: readonly (readonly [title: string, args: readonly string[], model: string])[] = [
  ['vLLM', ['serve', '/models/a', '--served-model-name', 'fast', '--gpu-memory-utilization', '0.9'], 'fast'],
  ['SGLang', ['-m', 'sglang.launch_server', '--model-path', '/models/a', '--served-model-name=fast'], 'fast'],
  ['llama.cpp', ['-m', '/models/a.gguf', '--alias', 'fast', '-ngl', '99'], 'fast'],
  ['vLLM without a name', ['serve', '/models/a'], 'a'],
];

describe('the scripted server', () => {
  for (const [title, args, model] of NAMES) {
    test(`takes the command line of ${title}`, async () => {
      await using server = await start(args);
      expect(await (await fetch(`${server.url}/v1/models`)).json()).toMatchObject({ data: [{ id: model }] });
    });
  }

  test('answers each dialect whole and as a stream, naming its model', async () => {
    await using server = await start(['--alias', 'fast']);
    const { url } = server;
    const chat = await (await ask(url, '/v1/chat/completions', { max_tokens: 7 })).json();
    expect(chat).toMatchObject({
      choices: [{ message: { content: 'I am fast and I say: the' } }],
      usage: { completion_tokens: 7 },
    });
    expect(await (await ask(url, '/v1/completions', { max_tokens: 3 })).json()).toMatchObject({
      choices: [{ text: 'I am fast' }],
    });
    expect(await (await ask(url, '/v1/messages', { max_tokens: 3 })).json()).toMatchObject({
      content: [{ text: 'I am fast' }],
    });
    const streamed = await (await ask(url, '/v1/chat/completions', { stream: true, max_tokens: 3 })).text();
    expect([...streamed.matchAll(/"content":"([^"]*)"/g)].map(([, text]) => text).join('')).toBe('I am fast');
    expect(streamed).toEndWith('data: [DONE]\n\n');
    const messages = await (await ask(url, '/v1/messages', { stream: true, max_tokens: 3 })).text();
    expect([...messages.matchAll(/"text_delta","text":"([^"]*)"/g)].map(([, text]) => text).join('')).toBe('I am fast');
    expect(messages).toContain('event: message_stop');
    expect((await ask(url, '/v1/responses')).status).toBe(404);
    expect((await fetch(`${url}/v1/completions`, { method: 'POST', body: '[' })).status).toBe(400);
  });

  test('falls asleep and wakes up', async () => {
    await using server = await start(['--alias', 'fast']);
    const isSleeping = async (): Promise<unknown> => (await fetch(`${server.url}/is_sleeping`)).json();
    await ask(server.url, '/sleep?level=1');
    expect(await isSleeping()).toEqual({ is_sleeping: true });
    expect((await ask(server.url, '/v1/completions')).status).toBe(503);
    await ask(server.url, '/wake_up');
    expect(await isSleeping()).toEqual({ is_sleeping: false });
    expect((await ask(server.url, '/v1/completions')).status).toBe(200);
  });

  test('crashes while loading, with its last lines and code', async () => {
    const lines = 'CUDA error|out of memory';
    await using server = await start([
      ...['--alias', 'fast', '--script-load-ms', '60000', '--script-crash-loading-ms', '0'],
      ...['--script-crash-code', '9', '--script-crash-lines', lines],
    ]);
    expect(await server.exited).toBe(9);
    expect(await server.output()).toEndWith('CUDA error\nout of memory\n');
  });

  test('crashes after so many answers, the last one complete', async () => {
    await using server = await start(['--alias', 'fast', '--script-crash-after-requests', '2']);
    expect((await ask(server.url, '/v1/completions')).status).toBe(200);
    expect(await (await ask(server.url, '/v1/completions', { stream: true })).text()).toEndWith('data: [DONE]\n\n');
    expect(await server.exited).toBe(1);
  });

  test('names a wrong model in its list when told to', async () => {
    await using server = await start(['--alias', 'fast', '--script-wrong-model', 'slow']);
    expect(await (await fetch(`${server.url}/v1/models`)).json()).toMatchObject({ data: [{ id: 'slow' }] });
  });

  test('answers 503 while it loads when it listens early', async () => {
    const args = ['--alias', 'fast', '--port', '0', '--script-listen-early', '--script-load-ms', '60000'];
    await using server = await start(args, /listens on 127\.0\.0\.1:(\d+)/);
    expect((await fetch(`${server.url}/health`)).status).toBe(503);
    expect((await ask(server.url, '/v1/chat/completions')).status).toBe(503);
  });

  test('refuses a script that makes no sense', async () => {
    await using server = await start(['--script-load-ms', 'soon']);
    expect(await server.exited).toBe(1);
    expect(await server.output()).toContain('it has to be a number');
  });
});
