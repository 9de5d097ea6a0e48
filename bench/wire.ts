/** What the load asks for and the fast upstream answers: request bodies with a marker, and the events they call for. */

/** What the upstream does with a request. */
export type Answer =
  /** One small JSON document; a short stream if the body asks for one. */
  | { readonly kind: 'json' }
  /** So many events in one write. */
  | { readonly kind: 'burst'; readonly events: number }
  /** So many events, the first at once, the others at this distance; each carries the time of its write. */
  | { readonly kind: 'paced'; readonly events: number; readonly gapMs: number }
  /** One event, then silence until the caller leaves. */
  | { readonly kind: 'idle' };

export const PATH = '/v1/chat/completions';
export const MODEL = 'bench-model';
/** Digits of the time stamp in an event, microseconds of the machine's clock. */
export const STAMP_DIGITS = 15;
/** Stands before the stamp. */
export const STAMP_MARK = '"content":"t';

const MARKER = /bench-(json|burst|paced|idle)-(\d+)-(\d+)/;

const markerOf = (answer: Answer): string => {
  const events = answer.kind === 'burst' || answer.kind === 'paced' ? answer.events : 0;
  return `bench-${answer.kind}-${events}-${answer.kind === 'paced' ? answer.gapMs : 0}`;
};

/** The answer a request body asks for; undefined for a body without a marker. */
export const answerOf = (body: string): Answer | undefined => {
  const found = MARKER.exec(body);
  if (!found) return undefined;
  const [, kind, events, gapMs] = found;
  if (kind === 'burst') return { kind, events: Number(events) };
  if (kind === 'paced') return { kind, events: Number(events), gapMs: Number(gapMs) };
  return kind === 'idle' ? { kind } : { kind: 'json' };
};

/** A small request in the Chat dialect, about 400 bytes. */
export const requestBody = (answer: Answer): string =>
  JSON.stringify({
    model: 'chat',
    ...(answer.kind === 'json' ? {} : { stream: true, stream_options: { include_usage: true } }),
    max_tokens: 1000,
    temperature: 0.2,
    messages: [
      { role: 'system', content: 'You are a helpful assistant. Answer in few words and stay with what was asked.' },
      { role: 'user', content: `What is the tallest mountain between here and the sea? (${markerOf(answer)})` },
    ],
  });

const HEAD = `{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"${MODEL}","choices":`;
const USAGE = '"usage":{"prompt_tokens":58,"completion_tokens":20,"total_tokens":78}';

/** The opening event: it names the role and has no text. */
export const OPENING = `data: ${HEAD}[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n`;

/** One event of text with the time of its writing. */
export const stampedEvent = (micros: number): string => {
  const stamp = String(Math.round(micros)).padStart(STAMP_DIGITS, '0');
  return `data: ${HEAD}[{"index":0,"delta":{"content":"t${stamp}"},"finish_reason":null}]}\n\n`;
};

/** Finish, usage and end. */
export const CLOSING =
  `data: ${HEAD}[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n` +
  `data: ${HEAD}[],${USAGE}}\n\n` +
  'data: [DONE]\n\n';

/** The whole reply to a request that does not stream. */
export const WHOLE = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: MODEL,
  choices: [
    { index: 0, message: { role: 'assistant', content: 'That depends on where you stand. ' }, finish_reason: 'stop' },
  ],
  usage: { prompt_tokens: 58, completion_tokens: 20, total_tokens: 78 },
});
