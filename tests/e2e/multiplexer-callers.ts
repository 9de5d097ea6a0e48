/** Callers of a multiplexer: requests and streams in both dialects, and what a whole answer of the scripted server is. */
import { chatSeen, messagesSeen, readerOf, type StreamReader, type StreamSeen } from '#tests/support/sse';

export interface Asked {
  readonly stream?: boolean;
  /** Words of the answer. */
  readonly tokens?: number;
  readonly dialect?: 'chat' | 'messages';
  readonly signal?: AbortSignal;
}

const PATHS = { chat: '/v1/chat/completions', messages: '/v1/messages' } as const;

export const ask = (
  url: string,
  model: string,
  { stream = false, tokens = 24, dialect = 'chat', signal }: Asked = {},
): Promise<Response> =>
  fetch(`${url}${PATHS[dialect]}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream, max_tokens: tokens, messages: [{ role: 'user', content: 'Hello?' }] }),
    ...(signal === undefined ? {} : { signal }),
  });

export interface ErrorSeen {
  readonly status: number;
  readonly type: string;
  readonly code: string;
  readonly message: string;
  readonly lines: readonly string[];
}

/** The error document of an answer that is one. */
export const errorOf = async (response: Response): Promise<ErrorSeen> => {
  const { error } = (await response.json()) as { error: Partial<ErrorSeen> };
  const { type = '', code = '', message = '', lines = [] } = error;
  return { status: response.status, type, code, message, lines };
};

/** A stream whose first word has come. */
export const openStream = async (url: string, model: string, asked: Asked): Promise<StreamReader> => {
  const response = await ask(url, model, { ...asked, stream: true });
  const reader = readerOf(response);
  await reader.until('"I"');
  return reader;
};

export const seenIn = (text: string, dialect: Asked['dialect'] = 'chat'): StreamSeen =>
  dialect === 'chat' ? chatSeen(text) : messagesSeen(text);

/** What of a stream shows whether it is whole, for `toEqual`. */
export const gist = ({ text, terminal, error, usage }: StreamSeen) => ({
  by: /^I am (\S+) and I say:/.exec(text)?.[1],
  words: text.split(' ').length,
  counted: usage?.completion_tokens ?? usage?.output_tokens,
  terminal,
  error,
});

export const wholeAnswer = (model: string, tokens: number) => ({
  by: model,
  words: tokens,
  counted: tokens,
  terminal: true,
  error: undefined,
});

/** Streams the answer to its end. */
export const streamed = async (url: string, model: string, asked: Asked = {}) => {
  const response = await ask(url, model, { ...asked, stream: true });
  const text = await response.text();
  return response.status === 200 ? gist(seenIn(text, asked.dialect)) : { status: response.status, text };
};
