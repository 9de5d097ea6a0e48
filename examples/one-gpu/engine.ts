#!/usr/bin/env bun
/**
 * A model server that needs no GPU: it speaks the OpenAI and Anthropic APIs, loads, sleeps and fails as it is told to, and
 * names its model in every answer. One file without imports, so that it can be compiled into an image of its own.
 *
 * It takes the command lines of vLLM, SGLang and llama.cpp: --port, --host, --served-model-name or --alias, and --model,
 * --model-path, -m or the word after `serve` as the model's name where no other is given. What else they say is passed
 * over. Each row of SCRIPT below is set by a flag (--script-load-ms 500) or a variable (SCRIPT_LOAD_MS=500).
 */

const SCRIPT = {
  /** Milliseconds until it serves. */
  loadMs: 0,
  /** Lines printed while it loads, evenly spread. */
  loadLines: 4,
  /** Whether it listens while it loads, as llama.cpp does, and answers 503. */
  listenEarly: false,
  /** Exits while loading, after so many milliseconds; -1: never. */
  crashLoadingMs: -1,
  /** Exits when so many requests have been answered; -1: never. */
  crashAfterRequests: -1,
  /** With this code, */
  crashCode: 1,
  /** after printing these lines, separated by |. */
  crashLines: 'RuntimeError: the script says so',
  ignoreSigterm: false,
  /** Names this model in its list instead of its own. */
  wrongModel: '',
  /** Delay of each answer to /health, in milliseconds. */
  healthMs: 0,
  /** Between two tokens of an answer, in milliseconds. */
  tokenMs: 5,
  /** Length of an answer; a request may ask for fewer. */
  tokens: 24,
  /** Milliseconds that falling asleep and waking up take. */
  sleepMs: 0,
  wakeMs: 0,
  /** Whether waking up fails, as it does when the memory has been taken meanwhile. */
  wakeFails: false,
};

type Script = typeof SCRIPT;

/** Largest request body, in bytes. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;
const TOKENS_MAX = 100_000;
/** An answer has left by then, so that a crash that follows it cuts nothing. Milliseconds. */
const LEAVE_MS = 50;
const WORDS = 'the quick brown fox jumps over the lazy dog and then it takes a rest under an old tree'.split(' ');

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const complain = (line: string): boolean => process.stderr.write(`${line}\n`);
const sleep = (ms: number): Promise<void> => (ms > 0 ? Bun.sleep(ms) : Promise.resolve());

/** The value after a flag, or behind its equals sign; undefined when it is not there. */
const flagOf = (argv: readonly string[], ...names: readonly string[]): string | undefined => {
  for (const name of names) {
    const place = argv.indexOf(name);
    if (place >= 0) return argv[place + 1] ?? '';
    const joined = argv.find((word) => word.startsWith(`${name}=`));
    if (joined !== undefined) return joined.slice(name.length + 1);
  }
  return undefined;
};

/** loadMs → load-ms */
const inKebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const valueOf = (name: string, text: string, kind: string): string | number | boolean => {
  if (kind === 'string') return text;
  if (kind === 'boolean') return text === '' || text === '1' || text === 'true';
  const number = Number(text);
  if (text === '' || Number.isNaN(number)) throw new Error(`--script-${name} is "${text}": it has to be a number`);
  return number;
};

const readScript = (argv: readonly string[]): Script => {
  const rows = Object.entries(SCRIPT).map(([key, fallback]) => {
    const name = inKebab(key);
    const flag = flagOf(argv, `--script-${name}`);
    const text = flag?.startsWith('--') === true ? '' : (flag ?? process.env[`SCRIPT_${name.replaceAll('-', '_').toUpperCase()}`]);
    return [key, text === undefined ? fallback : valueOf(name, text, typeof fallback)];
  });
  return Object.fromEntries(rows) as Script;
};

const lastSegment = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) ?? path;

/** As the command lines of the engines name it. */
const modelOf = (argv: readonly string[]): string => {
  const given = flagOf(argv, '--served-model-name', '--alias', '-a');
  if (given !== undefined) return given;
  const served = argv.indexOf('serve');
  const path = flagOf(argv, '--model-path', '--model', '-m') ?? (served < 0 ? undefined : argv[served + 1]);
  return path === undefined ? 'scripted' : lastSegment(path);
};

const argv = process.argv.slice(2);
const script = readScript(argv);
const model = modelOf(argv);
const port = Number(flagOf(argv, '--port') ?? process.env.PORT ?? 8000);
const hostname = flagOf(argv, '--host') ?? '127.0.0.1';

const state = { loaded: false, asleep: false, running: 0, requests: 0 };

const crash = async (when: string): Promise<never> => {
  complain(`${model}: crashes ${when}`);
  for (const line of script.crashLines.split('|')) complain(line);
  process.exit(script.crashCode);
};

const failure = (status: number, type: string, message: string): Response =>
  Response.json({ error: { type, message, code: status } }, { status });

/** What it says, word by word; the first ones name the model, so that a test sees who answered. */
const wordsOf = (count: number): readonly string[] => {
  const opening = `I am ${model} and I say:`.split(' ');
  return Array.from({ length: count }, (_, place) => {
    const word = opening[place] ?? WORDS[(place - opening.length) % WORDS.length] ?? '';
    return place === 0 ? word : ` ${word}`;
  });
};

interface Wanted {
  readonly stream: boolean;
  readonly words: readonly string[];
  readonly promptTokens: number;
}

const readWanted = async (request: Request): Promise<Wanted | undefined> => {
  const text = await request.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof body !== 'object' || body === null) return undefined;
  const fields = body as Record<string, unknown>;
  const asked = [fields.max_tokens, fields.max_completion_tokens].find((value) => typeof value === 'number');
  const count = Math.min(script.tokens, typeof asked === 'number' ? asked : TOKENS_MAX, TOKENS_MAX);
  return { stream: fields.stream === true, words: wordsOf(Math.max(1, count)), promptTokens: Math.ceil(text.length / 4) };
};

/** How one API puts an answer: whole, and as the events around and between its words. */
interface Dialect {
  whole(wanted: Wanted): unknown;
  /** Each is the text of one server-sent event, without the blank line. */
  before(wanted: Wanted): readonly string[];
  word(text: string): string;
  after(wanted: Wanted): readonly string[];
}

const dataOf = (value: unknown): string => `data: ${JSON.stringify(value)}`;
const eventOf = (type: string, rest: object): string => `event: ${type}\n${dataOf({ type, ...rest })}`;

const openAiUsage = ({ words, promptTokens }: Wanted) => ({
  prompt_tokens: promptTokens,
  completion_tokens: words.length,
  total_tokens: promptTokens + words.length,
});

const chatChunk = (delta: object, finish_reason: string | null, usage?: object): string =>
  dataOf({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model,
    choices: [{ index: 0, delta, finish_reason }],
    ...(usage === undefined ? {} : { usage }),
  });

const chat: Dialect = {
  whole: (wanted) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model,
    choices: [{ index: 0, message: { role: 'assistant', content: wanted.words.join('') }, finish_reason: 'stop' }],
    usage: openAiUsage(wanted),
  }),
  before: () => [chatChunk({ role: 'assistant', content: '' }, null)],
  word: (text) => chatChunk({ content: text }, null),
  after: (wanted) => [chatChunk({}, 'stop', openAiUsage(wanted)), 'data: [DONE]'],
};

const completionChunk = (text: string, finish_reason: string | null, usage?: object): string =>
  dataOf({
    id: 'cmpl-1',
    object: 'text_completion',
    created: 1,
    model,
    choices: [{ index: 0, text, logprobs: null, finish_reason }],
    ...(usage === undefined ? {} : { usage }),
  });

const completion: Dialect = {
  whole: (wanted) => ({
    id: 'cmpl-1',
    object: 'text_completion',
    created: 1,
    model,
    choices: [{ index: 0, text: wanted.words.join(''), logprobs: null, finish_reason: 'stop' }],
    usage: openAiUsage(wanted),
  }),
  before: () => [],
  word: (text) => completionChunk(text, null),
  after: (wanted) => [completionChunk('', 'stop', openAiUsage(wanted)), 'data: [DONE]'],
};

const messageHead = ({ promptTokens }: Wanted) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model,
  stop_sequence: null,
  usage: { input_tokens: promptTokens, output_tokens: 0 },
});

const message: Dialect = {
  whole: (wanted) => ({
    ...messageHead(wanted),
    content: [{ type: 'text', text: wanted.words.join('') }],
    stop_reason: 'end_turn',
    usage: { input_tokens: wanted.promptTokens, output_tokens: wanted.words.length },
  }),
  before: (wanted) => [
    eventOf('message_start', { message: { ...messageHead(wanted), content: [], stop_reason: null } }),
    eventOf('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  ],
  word: (text) => eventOf('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
  after: ({ words }) => [
    eventOf('content_block_stop', { index: 0 }),
    eventOf('message_delta', {
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: words.length },
    }),
    eventOf('message_stop', {}),
  ],
};

/** Called once per request, however it ended. */
const answered = (): void => {
  state.running--;
  if (script.crashAfterRequests < 0 || state.requests < script.crashAfterRequests) return;
  setTimeout(() => void crash('after its last answer'), LEAVE_MS);
};

/** Word by word, at its pace; a caller who goes away ends it. */
const streamOf = (dialect: Dialect, wanted: Wanted): Response => {
  const encoder = new TextEncoder();
  const events = [...dialect.before(wanted), ...wanted.words.map(dialect.word), ...dialect.after(wanted)];
  let place = 0;
  let isOver = false;
  const end = (): void => {
    if (!isOver) answered();
    isOver = true;
  };
  const body = new ReadableStream({
    async pull(controller) {
      if (place > 0) await sleep(script.tokenMs);
      const event = events[place++];
      if (event !== undefined) controller.enqueue(encoder.encode(`${event}\n\n`));
      if (place < events.length) return;
      controller.close();
      end();
    },
    cancel: end,
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' } });
};

const answer = async (request: Request, dialect: Dialect): Promise<Response> => {
  if (!state.loaded) return failure(503, 'unavailable_error', 'Loading model');
  if (state.asleep) return failure(503, 'unavailable_error', `${model} is asleep`);
  const wanted = await readWanted(request);
  if (wanted === undefined) return failure(400, 'invalid_request_error', 'the body is no JSON object');
  state.requests++;
  state.running++;
  if (wanted.stream) return streamOf(dialect, wanted);
  await sleep(script.tokenMs * wanted.words.length);
  answered();
  return Response.json(dialect.whole(wanted));
};

const fallAsleep = async (): Promise<Response> => {
  await sleep(script.sleepMs);
  state.asleep = true;
  say(`${model}: asleep`);
  return new Response(null, { status: 200 });
};

const wakeUp = async (): Promise<Response> => {
  await sleep(script.wakeMs);
  if (script.wakeFails) return failure(500, 'internal_error', 'CUDA out of memory');
  state.asleep = false;
  say(`${model}: awake`);
  return new Response(null, { status: 200 });
};

const health = async (): Promise<Response> => {
  await sleep(script.healthMs);
  return state.loaded ? new Response(null, { status: 200 }) : failure(503, 'unavailable_error', 'Loading model');
};

const models = (): Response =>
  state.loaded
    ? Response.json({
        object: 'list',
        data: [{ id: script.wrongModel || model, object: 'model', created: 1, owned_by: 'scripted' }],
      })
    : failure(503, 'unavailable_error', 'Loading model');

const metrics = (): Response =>
  new Response(`vllm:num_requests_running ${state.running}\nscripted:requests_total ${state.requests}\n`, {
    headers: { 'content-type': 'text/plain; version=0.0.4' },
  });

type Handler = (request: Request) => Response | Promise<Response>;

const ROUTES: Readonly<Record<string, Handler>> = {
  'GET /health': health,
  'GET /v1/models': models,
  'GET /metrics': metrics,
  'GET /is_sleeping': () => Response.json({ is_sleeping: state.asleep }),
  'POST /sleep': fallAsleep,
  'POST /wake_up': wakeUp,
  'POST /crash': () => crash('on demand'),
  'POST /v1/chat/completions': (request) => answer(request, chat),
  'POST /v1/completions': (request) => answer(request, completion),
  'POST /v1/messages': (request) => answer(request, message),
};

const listen = () =>
  Bun.serve({
    port,
    hostname,
    maxRequestBodySize: BODY_BYTES_MAX,
    idleTimeout: 0,
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      return ROUTES[`${request.method} ${pathname}`]?.(request) ?? failure(404, 'not_found', `no ${request.method} ${pathname}`);
    },
  });

const load = async (): Promise<void> => {
  const steps = Math.max(1, script.loadLines);
  for (let step = 1; step <= steps; step++) {
    await sleep(script.loadMs / steps);
    if (script.loadLines > 0) say(`${model}: loading weights, ${Math.round((100 * step) / steps)} %`);
  }
};

process.on('SIGTERM', () => {
  if (script.ignoreSigterm) return void complain(`${model}: ignores SIGTERM`);
  say(`${model}: stops`);
  process.exit(0);
});
process.on('SIGINT', () => process.exit(0));

say(`${model}: starts, process ${process.pid}`);
if (script.crashLoadingMs >= 0) setTimeout(() => void crash('while loading'), script.crashLoadingMs);
let server = script.listenEarly ? listen() : undefined;
if (server !== undefined) say(`${model}: listens on ${hostname}:${server.port}`);
await load();
server ??= listen();
state.loaded = true;
say(`${model}: serves on ${hostname}:${server.port}`);

export {};
