/** What does each official client make of one answer: its words, its calls, why it ended, and what it was told went wrong? */
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import type { DialectName } from '#core/message';

const PARAMETERS = {
  type: 'object' as const,
  properties: { path: { type: 'string' } },
  required: ['path'],
  additionalProperties: false,
};
const TOOL = { name: 'read_file', description: 'Reads a file.' };

export interface ToldCall {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

/** What a client has put together by itself. */
export interface Told {
  readonly text: string;
  readonly calls: readonly ToldCall[];
  readonly finish: string | null | undefined;
  /** The bytes it was made of, as text. */
  readonly raw: string;
  readonly headers: Headers;
}

export interface Asking {
  /** `chat` when absent. */
  readonly model?: string;
  readonly stream: boolean;
  readonly tools?: boolean;
  /** Called with each piece of text as it comes. */
  readonly onText?: (text: string) => void;
  /** Called with what comes over the wire, as it comes. */
  readonly onBytes?: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface Caller {
  readonly dialect: DialectName;
  /** Resolves with the whole answer; rejects as the client does. */
  ask(asking: Asking): Promise<Told>;
}

type Listened = Pick<Told, 'headers'> & { readonly raw: Promise<string> };

/** Each call opens a conversation of its own: an old one would stay with the tier that served it last. */
let opened = 0;
const opening = (): { role: 'user'; content: string }[] => [
  { role: 'user', content: `hello for the ${++opened}. time` },
];

interface Listening {
  readonly fetch: typeof fetch;
  readonly heard: () => Listened;
  readonly tell: (onBytes: Asking['onBytes']) => void;
}

/** A fetch that keeps what came over the wire. */
const listening = (): Listening => {
  let last: Listened | undefined;
  let onBytes: Asking['onBytes'];
  const keep = async (body: ReadableStream<Uint8Array>): Promise<string> => {
    const decoder = new TextDecoder();
    let raw = '';
    for await (const chunk of body) {
      const text = decoder.decode(chunk, { stream: true });
      raw += text;
      onBytes?.(text);
    }
    return raw;
  };
  const listen = async (...words: Parameters<typeof fetch>): Promise<Response> => {
    const response = await fetch(...words);
    if (!response.body) return response;
    const [one, other] = response.body.tee();
    last = { headers: response.headers, raw: keep(other).catch(() => '') };
    return new Response(one, { status: response.status, headers: response.headers });
  };
  const heard = (): Listened => {
    if (!last) throw new Error('nothing was heard yet');
    return last;
  };
  const tell = (listener: Asking['onBytes']): void => {
    onBytes = listener;
  };
  return { fetch: Object.assign(listen, { preconnect: fetch.preconnect }), heard, tell };
};

const told = async (answer: Omit<Told, 'raw' | 'headers'>, { headers, raw }: Listened): Promise<Told> => ({
  ...answer,
  headers,
  raw: await raw,
});

const anthropicCaller = (url: string): Caller => {
  const { fetch, heard, tell } = listening();
  const client = new Anthropic({ baseURL: url, apiKey: 'any', fetch, maxRetries: 0 });
  return {
    dialect: 'anthropic-messages',
    async ask({ model = 'chat', stream, tools, onText, onBytes, signal }) {
      tell(onBytes);
      const body = {
        model,
        max_tokens: 10_000,
        messages: opening(),
        ...(tools ? { tools: [{ ...TOOL, input_schema: PARAMETERS }] } : {}),
      };
      const snapshots: unknown[] = [];
      const words: string[] = [];
      const finished = async (): Promise<Anthropic.Message> => {
        if (!stream) return client.messages.create(body);
        const streaming = client.messages.stream(body, signal ? { signal } : {});
        streaming.on('text', (piece) => {
          words.push(piece);
          onText?.(piece);
        });
        streaming.on('inputJson', (_piece, snapshot) => snapshots.push(snapshot));
        return streaming.finalMessage();
      };
      const message = await finished();
      const calls = message.content.flatMap((block) => (block.type === 'tool_use' ? [block] : []));
      const text = message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
      if (stream && words.join('') !== text) throw new Error('the pieces are not the text');
      if (stream && calls.length > 0 && !Bun.deepEquals(snapshots.at(-1), calls.at(-1)?.input))
        throw new Error('the last piece of input is not the input');
      return told({ text, calls, finish: message.stop_reason }, heard());
    },
  };
};

const chatCaller = (url: string): Caller => {
  const { fetch, heard, tell } = listening();
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', fetch, maxRetries: 0 });
  return {
    dialect: 'openai-chat',
    async ask({ model = 'chat', stream, tools, onText, onBytes, signal }) {
      tell(onBytes);
      const body = {
        model,
        messages: opening(),
        ...(tools ? { tools: [{ type: 'function' as const, function: { ...TOOL, parameters: PARAMETERS } }] } : {}),
      };
      const finished = async (): Promise<OpenAI.ChatCompletion> => {
        if (!stream) return client.chat.completions.create(body);
        const streaming = client.chat.completions.stream(body, signal ? { signal } : {});
        streaming.on('content', (piece) => onText?.(piece));
        return streaming.finalChatCompletion();
      };
      const [choice] = (await finished()).choices;
      const calls = (choice?.message.tool_calls ?? []).flatMap((call) =>
        call.type === 'function'
          ? [{ id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) }]
          : [],
      );
      return told({ text: choice?.message.content ?? '', calls, finish: choice?.finish_reason }, heard());
    },
  };
};

const responsesCaller = (url: string): Caller => {
  const { fetch, heard, tell } = listening();
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', fetch, maxRetries: 0 });
  return {
    dialect: 'openai-responses',
    async ask({ model = 'chat', stream, tools, onText, onBytes, signal }) {
      tell(onBytes);
      const body = {
        model,
        input: opening(),
        ...(tools ? { tools: [{ type: 'function' as const, ...TOOL, parameters: PARAMETERS, strict: false }] } : {}),
      };
      const done: string[] = [];
      const numbers: number[] = [];
      let failed: string | undefined;
      const finished = async (): Promise<OpenAI.Responses.Response> => {
        if (!stream) return client.responses.create(body);
        const streaming = client.responses.stream(body, signal ? { signal } : {});
        streaming.on('event', (event) => {
          if (event.type === 'response.failed') failed = event.response.error?.message ?? 'failed without a word';
          else numbers.push(event.sequence_number);
        });
        streaming.on('response.output_text.delta', ({ delta }) => onText?.(delta));
        streaming.on('response.function_call_arguments.done', ({ arguments: words }) => done.push(words));
        return streaming.finalResponse();
      };
      const response = await finished();
      // The client hands on the failure that a stream ends in, and makes nothing of it.
      if (failed !== undefined) throw new Error(failed);
      const items = response.output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
      if (
        stream &&
        !Bun.deepEquals(
          done,
          items.map((item) => item.arguments),
        )
      )
        throw new Error('arguments differ');
      if (numbers.some((number, at) => number !== at)) throw new Error(`events are numbered ${numbers}`);
      const calls = items.map((item) => ({ id: item.call_id, name: item.name, input: JSON.parse(item.arguments) }));
      return told({ text: response.output_text, calls, finish: response.status }, heard());
    },
  };
};

/** The official clients, each with a conversation of its own for every question. */
export const callersOf = (url: string): readonly Caller[] => [
  anthropicCaller(url),
  chatCaller(url),
  responsesCaller(url),
];
