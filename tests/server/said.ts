/** What a refusal says, in each dialect, checked to be exactly the document that the dialect's clients read. */
import { expect } from 'bun:test';
import type { DialectName } from '#core/message';
import type { RawResponse } from '#tests/server/raw';

export const CHAT = '/v1/chat/completions';
export const MESSAGES = '/v1/messages';
export const RESPONSES = '/v1/responses';

/** Where each dialect is served. */
export const PATH: Record<DialectName, string> = {
  'openai-chat': CHAT,
  'anthropic-messages': MESSAGES,
  'openai-responses': RESPONSES,
};

export interface Said {
  readonly type: string;
  readonly message: string;
  /** OpenAI's dialects only. */
  readonly param?: string | null;
  /** OpenAI's dialects only. */
  readonly code?: string;
}

const REQUEST_ID = expect.stringMatching(/^dec_[a-p]{24}$/);

/** The error of a refusal. Fails unless the body is exactly that dialect's error document. */
export const errorIn = (dialect: DialectName, body: string): Said => {
  const document = JSON.parse(body) as { readonly error: Said & { readonly details?: unknown } };
  const { details, param, ...error } = document.error;
  if (dialect !== 'anthropic-messages') {
    expect<unknown>({ ...document, error }).toEqual({
      error: { message: expect.any(String), type: expect.any(String), code: expect.any(String) },
      request_id: REQUEST_ID,
    });
    expect(['string', 'object']).toContain(typeof param);
    return document.error;
  }
  expect<unknown>({ ...document, error }).toEqual({
    type: 'error',
    error: { type: expect.any(String), message: expect.any(String) },
    request_id: REQUEST_ID,
  });
  return document.error;
};

/** The error of a response that came over a bare socket. */
export const rawErrorIn = (dialect: DialectName, response: RawResponse | undefined): Said => {
  expect(response?.headers['content-type']).toBe('application/json');
  return errorIn(dialect, response?.body ?? '');
};
