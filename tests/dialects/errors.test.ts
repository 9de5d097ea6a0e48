/** How are failures told, and whose fault is an upstream's error? The envelopes, and every engine's wording. */
import { describe, expect, test } from 'bun:test';
import { sayFailure } from '#core/error-table';
import { type AttemptFailureKind, type Failure, failure, NO_TIER_KINDS } from '#core/failure';
import type { JsonObject } from '#core/message';
import { dialects } from '#dialects/dialect';
import { at } from '#tests/dialects/support';

const chat = dialects['openai-chat'];
const messages = dialects['anthropic-messages'];

/** The error document for a failure, in the words of the table. */
const bodyOf = (dialect: typeof chat | typeof messages, failed: Failure): JsonObject =>
  dialect.errorBody(sayFailure(failed, dialect.name, 'head'), 'r');

describe('a failure', () => {
  test('becomes the envelope of the dialect around the words of the table', () => {
    const told = { param: 'field', detail: 'for the operator' };
    expect(bodyOf(chat, failure('denied', 'the message', told))).toEqual({
      error: { message: 'the message', type: 'service_unavailable', param: 'field', code: 'denied' },
      request_id: 'r',
    });
    expect(bodyOf(messages, failure('denied', 'the message', told))).toEqual({
      type: 'error',
      error: { type: 'overloaded_error', message: 'the message', details: { error_code: 'denied' } },
      request_id: 'r',
    });
  });

  test('of a kind that no tier may serve names its reason to a Messages caller too', () => {
    for (const kind of NO_TIER_KINDS) {
      expect(at(bodyOf(messages, failure(kind, 'x')), 'error', 'details', 'error_code')).toBe(
        kind.replaceAll('-', '_'),
      );
    }
  });

  test('with details of its own hands them to a Messages caller', () => {
    const told = failure('bad-request', 'x', { details: { error_code: 'y', unsupported: ['z'] } });
    expect(at(bodyOf(messages, told), 'error', 'details')).toEqual({ error_code: 'y', unsupported: ['z'] });
  });

  test('to know a model has the code that OpenAI has for it', () => {
    expect(at(bodyOf(chat, failure('not-found', 'x', { param: 'model' })), 'error', 'code')).toBe('model_not_found');
    expect(at(bodyOf(chat, failure('not-found', 'x')), 'error', 'code')).toBe('not_found');
  });

  test('that a tier blamed on the caller is passed on in the caller’s dialect', () => {
    const upstream = { status: 400, type: 'BadRequestError', message: 'tools[0] is wrong' };
    const told = failure('caller-error', 'refused', { upstream });
    expect(bodyOf(chat, told)).toMatchObject({ error: { type: 'BadRequestError', message: 'tools[0] is wrong' } });
    expect(bodyOf(messages, told)).toMatchObject({
      error: { type: 'invalid_request_error', message: 'tools[0] is wrong' },
    });
    const prose = failure('caller-error', 'x', { upstream: { ...upstream, type: 'see http://10.0.0.5/help' } });
    expect(at(bodyOf(chat, prose), 'error', 'type')).toBe('invalid_request_error');
    const large = failure('caller-error', 'refused', { upstream: { status: 413, message: 'too big' } });
    expect(at(bodyOf(messages, large), 'error', 'type')).toBe('request_too_large');
    const native = { status: 400, type: 'permission_error', message: 'not yours' };
    expect(at(bodyOf(messages, failure('caller-error', 'x', { upstream: native })), 'error', 'type')).toBe(
      'permission_error',
    );
  });

  test('in a stream is one event, and nothing that looks like an end follows', () => {
    const told = failure('broken', 'the answer broke off');
    for (const [dialect, event] of [
      [chat, ''],
      [messages, 'event: error\n'],
    ] as const) {
      const said = sayFailure(told, dialect.name, 'stream');
      expect(dialect.errorEvent(said, 'r')).toBe(`${event}data: ${JSON.stringify(dialect.errorBody(said, 'r'))}\n\n`);
    }
  });

  test('in a Responses stream is a failed response under the id that the stream began with', () => {
    const responses = dialects['openai-responses'];
    const said = sayFailure(failure('exhausted', 'nobody is there'), responses.name, 'stream');
    const [event, data, ...rest] = responses.errorEvent(said, 'dec_7').split('\n');
    expect([event, ...rest]).toEqual(['event: response.failed', '', '']);
    expect(JSON.parse(data?.replace(/^data: /, '') ?? '')).toMatchObject({
      type: 'response.failed',
      response: { id: 'resp_7', status: 'failed', error: { code: 'invalid_prompt', message: 'nobody is there' } },
    });
  });

  test('has no part in a keepalive', () => {
    expect(chat.keepalive).toBe(': keep-alive\n\n');
    expect(messages.keepalive).toBe('event: ping\ndata: {"type":"ping"}\n\n');
  });
});

const openAi = (message: string, type = 'invalid_request_error', code: unknown = null): string =>
  JSON.stringify({ error: { message, type, code, param: null } });
const flat = (message: string): string =>
  JSON.stringify({ object: 'error', message, type: 'BadRequestError', code: 400 });
const anthropic = (type: string, message: string): string =>
  JSON.stringify({ type: 'error', error: { type, message } });

describe('a prompt that does not fit is recognised in the words of', () => {
  const OVERFLOWS: readonly (readonly [string, number, string])[] = [
    [
      'vLLM',
      400,
      flat(
        "This model's maximum context length is 8192 tokens. However, you requested 9216 tokens (8192 in the messages, 1024 in the completion).",
      ),
    ],
    [
      'vLLM 0.15',
      400,
      openAi(
        "This model's maximum context length is 2048 tokens. However, your request has 8 input tokens plus 2045 'max_tokens'. Please reduce one or the other.",
        'BadRequestError',
        400,
      ),
    ],
    [
      'vLLM, cap too large',
      400,
      openAi(
        "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is 16384 tokens and your request has 900 input tokens",
      ),
    ],
    ['SGLang', 400, flat("The input (61709 tokens) is longer than the model's context length (40960 tokens).")],
    ['SGLang, total', 400, flat("Requested token count exceeds the model's maximum context length of 202752 tokens.")],
    ['SGLang, allowed', 400, flat('Input length (160062 tokens) exceeds the maximum allowed length (59862 tokens).')],
    [
      'llama.cpp',
      400,
      openAi(
        'request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it',
        'exceed_context_size_error',
        400,
      ),
    ],
    [
      'llama.cpp, older',
      500,
      openAi('the request exceeds the available context size. try increasing the context size', 'server_error', 500),
    ],
    ['llama.cpp, while generating', 500, openAi('Context size has been exceeded.', 'server_error', 500)],
    ['llama-cpp-python', 400, openAi('Requested tokens (2285) exceed context window of 2048')],
    [
      'OpenAI',
      400,
      openAi(
        'Your input exceeds the context window of this model.',
        'invalid_request_error',
        'context_length_exceeded',
      ),
    ],
    ['Anthropic', 400, anthropic('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum')],
    [
      'Anthropic, with cap',
      400,
      anthropic('invalid_request_error', 'input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000'),
    ],
    ['Ollama', 400, openAi('input length exceeds the context length')],
    ['Ollama, maximum', 400, JSON.stringify({ error: 'input length exceeds maximum context length' })],
    [
      'LM Studio',
      400,
      JSON.stringify({
        error:
          'Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens',
      }),
    ],
    [
      'LM Studio, kept',
      400,
      JSON.stringify({
        error: 'The number of tokens to keep from the initial prompt is greater than the context length.',
      }),
    ],
    ['LM Studio, reached', 400, JSON.stringify({ error: 'Reached context length of 32000 tokens with model' })],
  ];
  for (const [engine, status, body] of OVERFLOWS) {
    test(engine, () => expect(chat.classifyError(status, body).kind).toBe('context-overflow'));
  }

  test('nobody, when it is about something else', () => {
    for (const message of [
      'maximum number of tools is 128',
      'the context of the error is unknown',
      'temperature is too long',
    ]) {
      expect(chat.classifyError(400, openAi(message)).kind).toBe('caller-error');
    }
    expect(chat.classifyError(503, openAi('maximum context length')).kind).toBe('server-error');
  });
});

describe('an upstream error', () => {
  const CASES: readonly (readonly [string, number, string, AttemptFailureKind])[] = [
    ['a bad field', 400, openAi("Invalid type for 'tools'"), 'caller-error'],
    ['a body too large', 413, '<html>413</html>', 'caller-error'],
    ['a wrong media type', 415, '', 'caller-error'],
    [
      'a validation list',
      422,
      JSON.stringify({ detail: [{ loc: ['body'], msg: 'field required', type: 'missing' }] }),
      'caller-error',
    ],
    ['a wrong key', 401, openAi('bad key', 'authentication_error'), 'unauthorized'],
    ['a forbidden model', 403, '', 'unauthorized'],
    ['no credit, politely', 402, '', 'unauthorized'],
    [
      'no credit, as a 400',
      400,
      anthropic('invalid_request_error', 'Your credit balance is too low to access the API.'),
      'unauthorized',
    ],
    ['an unknown model', 404, openAi('The model `x` does not exist.', 'NotFoundError', 404), 'server-error'],
    ['an unknown model at Anthropic', 404, anthropic('not_found_error', 'model: claude-x'), 'server-error'],
    [
      'an unknown model at Ollama',
      404,
      openAi('model "qwen9" not found, try pulling it first', 'api_error'),
      'server-error',
    ],
    [
      'an unknown model as a 400',
      400,
      openAi('no such model', 'invalid_request_error', 'model_not_found'),
      'server-error',
    ],
    ['a wrong path', 404, JSON.stringify({ detail: 'Not Found' }), 'server-error'],
    ['a file the caller named', 404, anthropic('not_found_error', 'file_123: File not found'), 'caller-error'],
    ['a wrong method', 405, JSON.stringify({ detail: 'Method Not Allowed' }), 'server-error'],
    ['an upstream timeout', 408, '', 'timeout'],
    ['a rate limit', 429, '', 'rate-limited'],
    ['a crash', 500, openAi('boom', 'internal_error'), 'server-error'],
    ['a gateway', 502, '<html>bad gateway</html>', 'server-error'],
    ['an overload', 529, anthropic('overloaded_error', 'Overloaded'), 'server-error'],
    ['a redirect', 302, '', 'malformed'],
    ['a status nobody expects', 418, '', 'server-error'],
  ];
  for (const [name, status, body, kind] of CASES) {
    test(`${status}, ${name}, is ${kind}`, () => {
      const told = chat.classifyError(status, body);
      expect(told.kind).toBe(kind);
      expect(told.detail).toContain(`HTTP ${status}`);
      expect(told.upstream !== undefined).toBe(kind === 'caller-error');
    });
  }

  test('never puts the upstream’s prose, which may quote the prompt, into the operator’s detail', () => {
    const told = chat.classifyError(400, openAi('bad content: MY SECRET PROMPT', 'bad type with MY SECRET PROMPT'));
    expect(told.detail).not.toContain('SECRET');
    expect(told.upstream?.message).toContain('MY SECRET PROMPT');
  });

  test('reaches the caller without addresses, without keys, and in bounds', () => {
    const text = `at http://10.0.0.7:9000/v1?x=1 with Bearer sk-abcdefghijklmnop1234567890 ${'x'.repeat(5_000)}`;
    const message = chat.classifyError(400, openAi(text)).upstream?.message ?? '';
    expect(message).not.toMatch(/10\.0\.0\.7|sk-abcdef/);
    expect(message.length).toBeLessThan(1_100);
    expect(message).toContain('[address]');
  });

  test('without a message still says something', () => {
    expect(chat.classifyError(400, '').upstream).toEqual({
      status: 400,
      message: 'the model server refused the request',
    });
  });
});
