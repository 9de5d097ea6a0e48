/** Whose fault is an error that a tier tells inside its stream? Judged like the HTTP reply it is elsewhere. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { AttemptFailureKind, ToldFailure } from '#core/failure';
import type { DialectName, StreamPart } from '#core/message';
import { dialects } from '#dialects/dialect';
import { statusInWords, waitInWords } from '#dialects/error-words';
import { decodeText } from '#tests/dialects/support';

const failureIn = (parts: readonly StreamPart[]): ToldFailure | undefined =>
  parts.flatMap((part) => (part.type === 'error' ? [part.failure] : []))[0];

const told = (name: DialectName, event: string, payload: object): ToldFailure | undefined =>
  failureIn(
    decodeText(dialects[name], `${event === '' ? '' : `event: ${event}\n`}data: ${JSON.stringify(payload)}\n\n`),
  );

const messages = (type: string, message = 'x') =>
  told('anthropic-messages', 'error', { type: 'error', error: { type, message } });
const chat = (error: object) => told('openai-chat', '', { error });
const failed = (error: object) =>
  told('openai-responses', 'response.failed', { type: 'response.failed', response: { status: 'failed', error } });
const event = (fields: object) => told('openai-responses', 'error', { type: 'error', ...fields });

const CASES: readonly (readonly [string, () => ToldFailure | undefined, AttemptFailureKind | undefined])[] = [
  ['Messages rate_limit_error', () => messages('rate_limit_error'), 'rate-limited'],
  ['Messages overloaded_error', () => messages('overloaded_error'), 'server-error'],
  ['Messages api_error', () => messages('api_error'), 'server-error'],
  ['Messages timeout_error', () => messages('timeout_error'), 'timeout'],
  ['Messages authentication_error', () => messages('authentication_error'), 'unauthorized'],
  ['Messages permission_error', () => messages('permission_error'), 'unauthorized'],
  ['Messages billing_error', () => messages('billing_error'), 'unauthorized'],
  ['Messages invalid_request_error', () => messages('invalid_request_error'), 'caller-error'],
  ['Messages request_too_large', () => messages('request_too_large'), 'caller-error'],
  ['Messages no credit', () => messages('invalid_request_error', 'Your credit balance is too low'), 'unauthorized'],
  ['Messages unknown model', () => messages('not_found_error', 'model: claude-x'), 'server-error'],
  ['Messages overflow', () => messages('invalid_request_error', 'prompt is too long: 9 > 8'), 'context-overflow'],
  ['Messages unknown word', () => messages('strange_thing'), undefined],
  [
    'Messages without a type of event',
    () => told('anthropic-messages', '', { error: { type: 'overloaded_error', message: 'x' } }),
    'server-error',
  ],
  [
    'Chat rate limit by code',
    () => chat({ type: 'tokens', code: 'rate_limit_exceeded', message: 'x' }),
    'rate-limited',
  ],
  ['Chat number as code', () => chat({ code: 429, message: 'x' }), 'rate-limited'],
  ['Chat number as text', () => chat({ code: '503', message: 'x' }), 'server-error'],
  ['Chat vLLM', () => chat({ object: 'error', type: 'BadRequestError', code: 400, message: 'x' }), 'caller-error'],
  ['Chat vLLM crash', () => chat({ type: 'InternalServerError', code: 500, message: 'x' }), 'server-error'],
  ['Chat quota', () => chat({ type: 'insufficient_quota', code: 'insufficient_quota', message: 'x' }), 'unauthorized'],
  ['Chat key', () => chat({ type: 'invalid_request_error', code: 'invalid_api_key', message: 'x' }), 'unauthorized'],
  ['Chat model', () => chat({ type: 'invalid_request_error', code: 'model_not_found', message: 'x' }), 'server-error'],
  ['Chat bare text', () => told('openai-chat', '', { error: 'boom' }), undefined],
  ['Responses server_error', () => failed({ code: 'server_error', message: 'x' }), 'server-error'],
  ['Responses rate_limit_exceeded', () => failed({ code: 'rate_limit_exceeded', message: 'x' }), 'rate-limited'],
  ['Responses invalid_prompt', () => failed({ code: 'invalid_prompt', message: 'x' }), 'caller-error'],
  ['Responses image', () => failed({ code: 'image_parse_error', message: 'x' }), 'caller-error'],
  ['Responses overloaded', () => failed({ code: 'server_is_overloaded', message: 'x' }), 'server-error'],
  ['Responses overflow', () => failed({ code: 'context_length_exceeded', message: 'x' }), 'context-overflow'],
  ['Responses error event', () => event({ code: 'rate_limit_exceeded', message: 'x' }), 'rate-limited'],
  ['Responses error event without a code', () => event({ code: null, message: 'boom' }), undefined],
  [
    'Responses failed without an error',
    () => told('openai-responses', '', { type: 'response.failed', response: { status: 'failed', error: null } }),
    'server-error',
  ],
];

describe('an error event is read as', () => {
  for (const [name, read, kind] of CASES) {
    test(`${kind ?? 'nothing known'}: ${name}`, () => {
      const failure = read();
      expect(failure?.kind).toBe(kind);
      expect(failure?.upstream !== undefined).toBe(kind === 'caller-error');
    });
  }

  test('the same in a whole reply with status 200', () => {
    const error = { type: 'rate_limit_error', message: 'slow down' };
    for (const name of ['anthropic-messages', 'openai-chat', 'openai-responses'] as const)
      expect(failureIn(dialects[name].decoder().whole({ type: 'error', error }))?.kind).toBe('rate-limited');
  });

  test('one that does not quote the tier to the operator', () => {
    const failure = chat({ type: 'bad SECRET prose', code: 400, message: 'SECRET' });
    expect(failure?.detail).not.toContain('SECRET');
    expect(failure?.upstream).toMatchObject({ status: 400, message: 'SECRET' });
  });
});

describe('the wait that a tier asks for', () => {
  for (const [message, ms] of [
    ['Rate limit reached. Please try again in 1.5s. Visit x', 1_500],
    ['Please try again in 250ms.', 250],
    ['Please try again in 6m0s.', 360_000],
    ['Please try again in 1m2.5s', 62_500],
    ['please retry after 59 seconds.', 59_000],
    ['Try again in 2 minutes', 120_000],
    ['try again in 1h2m', 3_720_000],
    ['try again later', undefined],
    ['try again in 5 tokens', undefined],
    ['', undefined],
  ] as const) {
    test(`is ${ms ?? 'not told'} ms in "${message}"`, () => expect(waitInWords({}, message)).toBe(ms));
  }

  test('may be a member of the error', () => {
    expect(waitInWords({ retry_after: 2 }, '')).toBe(2_000);
    expect(waitInWords({ retry_after_ms: 40, retry_after: 9 }, '')).toBe(40);
    expect(chat({ code: 429, message: 'busy', retry_after: 3 })?.retryAfterMs).toBe(3_000);
    expect(failed({ code: 'rate_limit_exceeded', message: 'Please try again in 2s.' })?.retryAfterMs).toBe(2_000);
  });

  test('is of no interest where waiting does not help', () => {
    expect(messages('invalid_request_error', 'try again in 5s')?.retryAfterMs).toBeUndefined();
  });
});

test('no words and no members make it throw', () => {
  fc.assert(
    fc.property(fc.string(), fc.option(fc.string(), { nil: undefined }), fc.jsonValue(), (code, type, error) => {
      const status = statusInWords({ code, type });
      expect(status === undefined || (status >= 400 && status < 600)).toBe(true);
      expect(waitInWords(error, code) ?? 0).toBeGreaterThanOrEqual(0);
    }),
  );
});
