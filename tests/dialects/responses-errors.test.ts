/** How does a Responses caller hear of a failure, before an answer and within one? */
import { describe, expect, test } from 'bun:test';
import { ERROR_TABLE, sayFailure } from '#core/error-table';
import { type Failure, type FailureKind, failure, STATUS_OF } from '#core/failure';
import { openaiResponses as dialect } from '#dialects/openai-responses/dialect';
import { at, payloadsOf } from '#tests/dialects/support';

const REQUEST_ID = 'req_0123456789abcdef01234567';
const KINDS = Object.keys(STATUS_OF) as FailureKind[];

const bodyOf = (told: Failure): unknown => dialect.errorBody(sayFailure(told, dialect.name, 'head'), REQUEST_ID);
const eventOf = (told: Failure): string => dialect.errorEvent(sayFailure(told, dialect.name, 'stream'), REQUEST_ID);

test('the table has a row for every outcome of this dialect', () => {
  expect(Object.keys(ERROR_TABLE['openai-responses']).length).toBe(Object.keys(ERROR_TABLE['openai-chat']).length);
});

describe('before an answer', () => {
  test('every failure is OpenAI’s envelope with the field at fault, and no word for the operator', () => {
    for (const kind of KINDS) {
      const body = bodyOf(failure(kind, 'the message', { detail: 'for the operator', param: 'input' }));
      expect(Object.keys(body as object)).toEqual(['error', 'request_id']);
      expect(String(at(body, 'error', 'message'))).toContain('the message');
      expect(at(body, 'error', 'param')).toBe('input');
      for (const name of ['type', 'code']) expect(String(at(body, 'error', name))).toMatch(/^[a-z_]+$/);
      expect(JSON.stringify(body)).not.toContain('for the operator');
    }
  });

  test('an overflow has the code that clients compact at', () => {
    expect(at(bodyOf(failure('over-context', 'x')), 'error', 'code')).toBe('context_length_exceeded');
  });

  test('a tier’s own refusal keeps its type as long as that is a word', () => {
    const refused = (type: string): unknown =>
      bodyOf(failure('caller-error', 'refused', { upstream: { status: 400, type, message: 'tools[0] is wrong' } }));
    expect(bodyOf(failure('caller-error', 'refused'))).toMatchObject({ error: { message: 'refused' } });
    expect(refused('BadRequestError')).toMatchObject({
      error: { type: 'BadRequestError', message: 'tools[0] is wrong' },
    });
    expect(at(refused('a sentence, not a type'), 'error', 'type')).toBe('invalid_request_error');
  });
});

describe('within an answer', () => {
  test('every failure is one failed response, named as the answer was, and nothing follows', () => {
    for (const kind of KINDS) {
      const text = eventOf(failure(kind, 'the message', { detail: 'for the operator' }));
      const [event, ...rest] = payloadsOf(text);
      expect(rest).toEqual([]);
      expect(text).toStartWith('event: response.failed\ndata: ');
      expect(event).toMatchObject({
        type: 'response.failed',
        response: { id: 'resp_0123456789abcdef01234567', object: 'response', status: 'failed', output: [] },
      });
      expect(String(at(event, 'response', 'error', 'message'))).toContain('the message');
      expect(typeof at(event, 'response', 'error', 'code')).toBe('string');
      expect(text).not.toContain('for the operator');
    }
  });

  test('one that no tier may serve ends a turn of Codex after one request, with our message', () => {
    const [event] = payloadsOf(eventOf(failure('exhausted', 'no tier')));
    expect(at(event, 'response', 'error')).toEqual({ code: 'invalid_prompt', message: 'no tier' });
  });

  test('has a number behind all others', () => {
    const [event] = payloadsOf(eventOf(failure('broken', 'x')));
    expect(at(event, 'sequence_number')).toBe(2_147_483_647);
  });

  test('is heard as an error by our own decoder, with its code', () => {
    const parts = dialect
      .decoder()
      .event({ event: undefined, data: eventOf(failure('broken', 'x')).split('data: ')[1] ?? '' });
    expect(parts).toMatchObject([{ type: 'error', kind: 'server_error' }]);
  });
});

test('a keepalive is a comment, which no client takes for an event', () => {
  expect(dialect.keepalive).toBe(': keep-alive\n\n');
});

test('a tier’s error reply is read as any other OpenAI error', () => {
  const body = JSON.stringify({
    error: { message: 'Your input exceeds the context window of this model.', code: 'x' },
  });
  expect(dialect.classifyError(400, body).kind).toBe('context-overflow');
  expect(dialect.classifyError(429, '{}').kind).toBe('rate-limited');
});
