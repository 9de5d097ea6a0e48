/** How does a verb ask a running router, or a multiplexer, over HTTP: address, token, deadline, a bounded reply, a remedy? */
import type { Io } from '#cli/io';
import { CliError, EXIT } from '#cli/output';

export const DEFAULT_URL = 'http://127.0.0.1:8000';

/** A page of 500 decisions is about 2 MB. */
const REPLY_BYTES_MAX = 32 * 1024 * 1024;

export interface Reply {
  readonly status: number;
  readonly text: string;
}

export interface AskOptions {
  /** Base address, such as http://127.0.0.1:8000. */
  readonly url: string;
  /** Path with its query. */
  readonly path: string;
  readonly timeoutMs: number;
  /** NAME of the variable that holds the access token; unset sends none. */
  readonly tokenEnv?: string | undefined;
  /** POST sends no body. */
  readonly method?: 'GET' | 'POST';
  /** Verb that starts what should answer; `serve` when absent. */
  readonly startedBy?: string;
  /** Said when the time is over, where that does not mean that nobody is there. */
  readonly late?: string;
}

/**
 * One request. An HTTP error status is an answer like any other.
 * @throws CliError when the address is none, nobody answers in time, or the reply is too large
 */
export const ask = async (options: AskOptions, io: Io): Promise<Reply> => {
  const target = targetOf(options);
  const token = options.tokenEnv === undefined ? undefined : io.effects.env(options.tokenEnv);
  const session = io.effects.openSession();
  try {
    const response = await session.fetch(target, {
      method: options.method ?? 'GET',
      headers: { accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      redirect: 'manual',
      signal: AbortSignal.timeout(options.timeoutMs),
    });
    return { status: response.status, text: await readBounded(response, target) };
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (options.late !== undefined && error instanceof Error && error.name === 'TimeoutError')
      throw new CliError(options.late, EXIT.failed);
    throw new CliError(`no answer from ${target}: ${causeOf(error, options)}`, EXIT.failed);
  } finally {
    session.close();
  }
};

export const targetOf = ({ url, path }: Pick<AskOptions, 'url' | 'path'>): string => {
  const base = /^https?:\/\//i.test(url) ? url : `http://${url}`;
  if (!URL.canParse(base)) throw new CliError(`--url ${url} is not an address; write http://HOST:PORT`, EXIT.usage);
  return `${base.replace(/\/+$/, '')}${path}`;
};

const readBounded = async (response: Response, target: string): Promise<string> => {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > REPLY_BYTES_MAX) throw new CliError(`the answer of ${target} is larger than 32 MiB`, EXIT.failed);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
};

const causeOf = (error: unknown, { timeoutMs, startedBy = 'serve' }: AskOptions): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `nothing within ${timeoutMs} ms`;
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ConnectionRefused' || code === 'ECONNREFUSED') {
    return `connection refused — start it with \`anvil-serving ${startedBy}\`, or give its address with --url`;
  }
  return error.message;
};
