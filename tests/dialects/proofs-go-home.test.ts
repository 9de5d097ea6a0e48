/** Does sealed thinking reach the dialect it came from, through a caller of another one, and nobody else? */
import { describe, expect, test } from 'bun:test';
import type { Dialect } from '#core/dialect';
import type { DialectName, JsonObject, StreamPart } from '#core/message';
import { unwrapProof, wrapProof } from '#dialects/carried-proof';
import { dialects } from '#dialects/dialect';
import { at, contextOf, decodeText, encodeParts, requestOf, tierOf } from '#tests/dialects/support';

const PROOF = 'EqQBsealedProofOfThinking0123456789+/==';

/** Chat has no place for a proof, neither in answers nor in what comes back. */
const ORIGINS = ['anthropic-messages', 'openai-responses'] as const satisfies readonly DialectName[];
const CALLERS = ORIGINS;

const answerOf = (origin: DialectName): readonly StreamPart[] => [
  { type: 'start', id: 'x', model: 'm' },
  { type: 'thinking-start', index: 0 },
  { type: 'thinking-delta', index: 0, text: 'First look at the file.' },
  { type: 'thinking-signature', index: 0, signature: PROOF, origin },
  { type: 'thinking-end', index: 0 },
  { type: 'tool-start', index: 1, id: 'call_1', name: 'Read' },
  { type: 'tool-delta', index: 1, json: '{"path":"a"}' },
  { type: 'tool-end', index: 1 },
  { type: 'finish', reason: 'tool-calls' },
  { type: 'usage', usage: { input: 10, output: 5 } },
  { type: 'end' },
];

const parameters = { type: 'object', properties: { path: { type: 'string' } } };

/** The next request of a caller that keeps its history as it was told it. */
const NEXT: Record<(typeof CALLERS)[number], (answer: JsonObject) => JsonObject> = {
  'anthropic-messages': (answer) => ({
    model: 'm',
    max_tokens: 100,
    tools: [{ name: 'Read', input_schema: parameters }],
    messages: [
      { role: 'user', content: 'go' },
      { role: 'assistant', content: answer.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'text' }] },
    ],
  }),
  'openai-responses': (answer) => ({
    model: 'm',
    tools: [{ type: 'function', name: 'Read', parameters }],
    input: [
      { role: 'user', content: 'go' },
      ...(Array.isArray(answer.output) ? answer.output : []),
      { type: 'function_call_output', call_id: 'call_1', output: 'text' },
    ],
  }),
};

const wholeAnswer = (caller: Dialect, parts: readonly StreamPart[]): JsonObject => {
  const reply = caller.encodeWhole(parts, contextOf());
  if (!reply.ok) throw new Error(reply.failure.detail);
  return reply.body;
};

const bodyFor = (caller: Dialect, answer: JsonObject, tierName: DialectName, privacy: 'local' | 'cloud'): string => {
  const next = NEXT[caller.name as (typeof CALLERS)[number]](answer);
  const request = requestOf(caller, next);
  const tier = tierOf({ dialect: tierName, privacy, model: 'claude-sonnet-4-5' });
  const to = dialects[tierName];
  return to === caller
    ? to.forward(request, tier, false).text
    : to.render(caller.conversation(request), request, tier, false).text;
};

for (const origin of ORIGINS) {
  for (const callerName of CALLERS) {
    const caller = dialects[callerName];
    describe(`thinking sealed by ${origin}, kept by a caller of ${callerName}`, () => {
      const answer = wholeAnswer(caller, answerOf(origin));

      test('is in the answer once, marked exactly where it is foreign', () => {
        expect(JSON.stringify(answer).split(PROOF)).toHaveLength(2);
        expect(JSON.stringify(answer).includes('anvil1.')).toBe(origin !== callerName);
      });

      for (const tierName of ['anthropic-messages', 'openai-chat', 'openai-responses'] as const) {
        for (const privacy of ['local', 'cloud'] as const) {
          // A local server of another make than the one that sealed it may still be handed its own dialect's proof.
          test(`${tierName === origin ? 'goes home to' : 'never reaches'} a ${privacy} ${tierName} tier`, () => {
            const sent = bodyFor(caller, answer, tierName, privacy);
            expect(sent.includes(PROOF)).toBe(tierName === origin);
            expect(sent).not.toContain('anvil1.');
          });
        }
      }
    });
  }
}

test('a streamed proof is marked like one in a whole answer', () => {
  const messages = dialects['anthropic-messages'];
  const spoken = encodeParts(messages, answerOf('openai-responses'));
  const heard = decodeText(messages, spoken).find((part) => part.type === 'thinking-signature');
  expect(at(heard, 'signature')).toBe(`anvil1.openai-responses.${PROOF}`);
});

test('a proof that comes in pieces is marked once', () => {
  const messages = dialects['anthropic-messages'];
  const piece = (signature: string): StreamPart => ({
    type: 'thinking-signature',
    index: 0,
    signature,
    origin: 'openai-responses',
  });
  const [start, think] = answerOf('openai-responses').slice(1, 3);
  if (!start || !think) throw new Error('no thinking in the answer');
  const spoken = encodeParts(messages, [start, think, piece('AAA'), piece('BBB'), { type: 'thinking-end', index: 0 }]);
  const signed = decodeText(messages, spoken).flatMap((part) =>
    part.type === 'thinking-signature' ? [part.signature] : [],
  );
  expect(signed.join('')).toBe('anvil1.openai-responses.AAABBB');
});

test('sealed thinking without words is carried by a Messages caller as redacted thinking', () => {
  const messages = dialects['anthropic-messages'];
  const body = wholeAnswer(messages, [
    { type: 'thinking-start', index: 0 },
    { type: 'thinking-redacted', index: 0, data: PROOF, origin: 'openai-responses' },
    { type: 'thinking-end', index: 0 },
    { type: 'text-start', index: 1 },
    { type: 'text-delta', index: 1, text: 'Done.' },
    { type: 'text-end', index: 1 },
    { type: 'finish', reason: 'stop' },
    { type: 'end' },
  ]);
  expect(at(body, 'content', 0)).toEqual({ type: 'redacted_thinking', data: `anvil1.openai-responses.${PROOF}` });
  for (const privacy of ['local', 'cloud'] as const) {
    expect(bodyFor(messages, body, 'anthropic-messages', privacy)).not.toContain('redacted');
    expect(bodyFor(messages, body, 'openai-chat', privacy)).not.toContain(PROOF);
  }
});

test('a mark is read only where it names a dialect', () => {
  for (const text of ['', 'anvil1.', 'anvil1.nobody.x', 'EqQB', 'anvil-unsigned']) {
    expect(unwrapProof(text, 'anthropic-messages')).toEqual({ proof: text, origin: 'anthropic-messages' });
  }
  const wrapped = wrapProof(PROOF, 'openai-responses', 'anthropic-messages');
  expect(unwrapProof(wrapped, 'anthropic-messages')).toEqual({ proof: PROOF, origin: 'openai-responses' });
});

test('Claude may think on in a tool loop whose first thoughts the caller brought back', () => {
  const messages = dialects['anthropic-messages'];
  const responses = dialects['openai-responses'];
  const tier = tierOf({ dialect: 'anthropic-messages', privacy: 'cloud', model: 'claude-sonnet-4-5' });
  const sentFor = (origin: DialectName) => {
    const next = NEXT['openai-responses'](wholeAnswer(responses, answerOf(origin)));
    const request = requestOf(responses, { ...next, max_output_tokens: 4_000, reasoning: { effort: 'low' } });
    return messages.render(responses.conversation(request), request, tier, false);
  };
  expect(at(JSON.parse(sentFor('anthropic-messages').text), 'thinking', 'type')).toBe('enabled');
  expect(sentFor('openai-responses').losses).toContain('thinking');
});
