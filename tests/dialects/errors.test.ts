/** How are failures told, and whose fault is an upstream's error? Every kind in both dialects, every engine's wording. */
import { describe, expect, test } from 'bun:test';
import { type AttemptFailureKind, type FailureKind, failure, NO_TIER_KINDS, STATUS_OF } from '#core/failure';
import { dialects } from '#dialects/dialect';
import { at } from '#tests/dialects/support';

const chat = dialects['openai-chat'];
const messages = dialects['anthropic-messages'];

describe('a failure', () => {
  const TOLD: Record<FailureKind, readonly [chatType: string, chatCode: string, messagesType: string]> = {
    'bad-json': ['invalid_request_error', 'invalid_request', 'invalid_request_error'],
    'bad-request': ['invalid_request_error', 'invalid_request', 'invalid_request_error'],
    'body-too-large': ['invalid_request_error', 'payload_too_large', 'request_too_large'],
    'too-deep': ['invalid_request_error', 'invalid_request', 'invalid_request_error'],
    'length-required': ['invalid_request_error', 'invalid_request', 'invalid_request_error'],
    unauthorized: ['authentication_error', 'invalid_api_key', 'authentication_error'],
    'not-found': ['invalid_request_error', 'not_found', 'not_found_error'],
    'method-not-allowed': ['invalid_request_error', 'method_not_allowed', 'invalid_request_error'],
    'caller-error': ['invalid_request_error', 'invalid_request', 'invalid_request_error'],
    'over-context': ['invalid_request_error', 'context_length_exceeded', 'invalid_request_error'],
    denied: ['service_unavailable', 'denied', 'overloaded_error'],
    metered: ['service_unavailable', 'metered', 'overloaded_error'],
    uncredentialed: ['service_unavailable', 'uncredentialed', 'overloaded_error'],
    unsupported: ['invalid_request_error', 'unsupported', 'invalid_request_error'],
    unavailable: ['service_unavailable', 'unavailable', 'overloaded_error'],
    'pin-unavailable': ['service_unavailable', 'pin_unavailable', 'overloaded_error'],
    exhausted: ['service_unavailable', 'exhausted', 'overloaded_error'],
    'budget-spent': ['rate_limit_error', 'budget_spent', 'rate_limit_error'],
    overloaded: ['service_unavailable', 'server_busy', 'overloaded_error'],
    draining: ['service_unavailable', 'draining', 'overloaded_error'],
    deadline: ['service_unavailable', 'deadline', 'timeout_error'],
    broken: ['server_error', 'broken', 'api_error'],
    internal: ['server_error', 'internal_error', 'api_error'],
  };
  for (const kind of Object.keys(STATUS_OF) as FailureKind[]) {
    test(`of kind ${kind} has its own words in each dialect`, () => {
      const [type, code, messagesType] = TOLD[kind];
      const told = failure(kind, 'the message', { detail: 'for the operator', param: 'field' });
      expect(chat.errorBody(told, 'req_1')).toEqual({
        error: { message: 'the message', type, param: 'field', code },
        request_id: 'req_1',
      });
      const body = messages.errorBody(told, 'req_1');
      expect(body).toMatchObject({ type: 'error', error: { type: messagesType }, request_id: 'req_1' });
      expect(String(at(body, 'error', 'message'))).toContain('the message');
      expect(JSON.stringify([body, chat.errorBody(told, 'x')])).not.toContain('for the operator');
    });
  }

  test('of a kind that no tier may serve names its reason to a Messages caller too', () => {
    for (const kind of NO_TIER_KINDS) {
      expect(at(messages.errorBody(failure(kind, 'x'), 'r'), 'error', 'details', 'error_code')).toBe(
        kind.replaceAll('-', '_'),
      );
    }
  });

  test('of size is told in the words that make Claude Code compact', () => {
    const plain = messages.errorBody(failure('over-context', 'send less'), 'r');
    expect(at(plain, 'error', 'message')).toBe('prompt is too long: send less');
    const exact = messages.errorBody(failure('over-context', 'prompt is too long: 9 tokens > 8 maximum'), 'r');
    expect(at(exact, 'error', 'message')).toBe('prompt is too long: 9 tokens > 8 maximum');
  });

  test('that a tier blamed on the caller is passed on in the caller’s dialect', () => {
    const upstream = { status: 400, type: 'BadRequestError', message: 'tools[0] is wrong' };
    const told = failure('caller-error', 'refused', { upstream });
    expect(chat.errorBody(told, 'r')).toMatchObject({
      error: { type: 'BadRequestError', message: 'tools[0] is wrong' },
    });
    expect(messages.errorBody(told, 'r')).toMatchObject({
      error: { type: 'invalid_request_error', message: 'tools[0] is wrong' },
    });
    const large = failure('caller-error', 'refused', { upstream: { status: 413, message: 'too big' } });
    expect(at(messages.errorBody(large, 'r'), 'error', 'type')).toBe('request_too_large');
  });

  test('in a stream is one event, and nothing that looks like an end follows', () => {
    const told = failure('broken', 'the answer broke off');
    expect(chat.errorEvent(told, 'r')).toBe(`data: ${JSON.stringify(chat.errorBody(told, 'r'))}\n\n`);
    expect(messages.errorEvent(told, 'r')).toBe(
      `event: error\ndata: ${JSON.stringify(messages.errorBody(told, 'r'))}\n\n`,
    );
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
