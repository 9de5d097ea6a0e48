/** How each engine words that a prompt does not fit its window: real error replies, numbers aside. */

export interface OverflowReply {
  readonly status: number;
  readonly body: unknown;
}

const openAi = (message: string, type: string, rest: object = { param: null, code: 400 }): OverflowReply => ({
  status: 400,
  body: { error: { message, type, ...rest } },
});

/** The flat form that vLLM used before 0.10 and SGLang still uses. */
const flat = (message: string): OverflowReply => ({
  status: 400,
  body: { object: 'error', message, type: 'BadRequestError', param: null, code: 400 },
});

const REPLIES = {
  vllm: flat(
    "This model's maximum context length is 8192 tokens. However, you requested 9216 tokens (8192 in the messages, 1024 in the completion). Please reduce the length of the messages or completion.",
  ),
  'vllm-0.15': openAi(
    "This model's maximum context length is 8192 tokens. However, your request has 9000 input tokens. Please reduce the length of the input messages. (parameter=input_tokens, value=9000)",
    'BadRequestError',
    { param: 'input_tokens', code: 400 },
  ),
  sglang: flat("The input (9000 tokens) is longer than the model's context length (8192 tokens)."),
  'sglang-total': flat(
    "Requested token count exceeds the model's maximum context length of 8192 tokens. You requested a total of 9216 tokens: 8192 tokens from the input messages and 1024 tokens for the completion. Please reduce the number of tokens in the input messages or the completion to fit within the limit.",
  ),
  'llama.cpp': openAi(
    'request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it',
    'exceed_context_size_error',
    { code: 400, n_prompt_tokens: 9000, n_ctx: 8192 },
  ),
  'lm-studio': {
    status: 400,
    body: {
      error:
        'Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough. Try to load the model with a larger context length, or provide a shorter input',
    },
  },
  ollama: openAi('input length exceeds the context length', 'invalid_request_error', { param: null, code: null }),
  openai: openAi(
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens. Please reduce the length of the messages.",
    'invalid_request_error',
    { param: 'messages', code: 'context_length_exceeded' },
  ),
  anthropic: {
    status: 400,
    body: {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' },
    },
  },
} as const satisfies Record<string, OverflowReply>;

export type OverflowEngine = keyof typeof REPLIES;

export const overflowReply = (engine: OverflowEngine): OverflowReply => REPLIES[engine];
