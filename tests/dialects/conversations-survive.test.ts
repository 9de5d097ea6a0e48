/** Does a conversation survive the way into the other dialect and back? Everything but what the list below names. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ContentPart, Conversation, JsonObject, Turn } from '#core/message';
import { dialects } from '#dialects/dialect';
import { requestOf, tierOf } from '#tests/dialects/support';

// Lost, or changed in form: how text was cut into blocks, blank text, cache marks, strictness of tools, detail of
// pictures, letters of ids that Messages does not allow, signatures, the error flag of a tool result (Chat says it in
// words), pictures within tool results (Chat shows them behind), and where a late instruction stood (it joins the user's
// text).

const chat = dialects['openai-chat'];
const messages = dialects['anthropic-messages'];
const RUNS = { numRuns: 300 };

const words = fc.stringMatching(/^[A-Za-z0-9ü🙂.,{}"-][A-Za-z0-9ü🙂 .,{}"\n-]{0,20}[A-Za-z0-9ü.]$/u);
const id = fc.stringMatching(/^[a-zA-Z0-9_-]{1,10}$/);
const input = fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 1 }), {
  maxKeys: 2,
  noNullPrototype: true,
});
const base64 = fc.base64String({ minLength: 4, maxLength: 12 });
const schema = fc.constantFrom<JsonObject>(
  { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
  { type: 'object', additionalProperties: false },
);

/** One exchange: the user speaks, the assistant may think, speak and call tools, whose results come back. */
const exchange = fc.record({
  texts: fc.array(words, { minLength: 1, maxLength: 3 }),
  image: fc.option(
    fc.oneof(
      base64.map((data) => `data:image/png;base64,${data}`),
      fc.constant('https://a.test/i.png'),
    ),
  ),
  thinking: fc.option(words),
  answer: fc.option(words),
  calls: fc.uniqueArray(fc.record({ id, name: fc.constantFrom('Read', 'Edit'), input, result: words }), {
    maxLength: 2,
    selector: (call) => call.id,
  }),
});

const chatBody = fc
  .record({
    system: fc.array(words, { maxLength: 2 }),
    exchanges: fc.array(exchange, { minLength: 1, maxLength: 3 }),
    tools: fc.option(schema),
    cap: fc.integer({ min: 1, max: 5_000 }),
    temperature: fc.option(fc.constantFrom(0, 0.5, 1)),
    stop: fc.option(fc.array(words, { minLength: 1, maxLength: 2 })),
    choice: fc.constantFrom<unknown>(undefined, 'auto', 'none', 'required', {
      type: 'function',
      function: { name: 'Read' },
    }),
    format: fc.option(schema),
  })
  .map(({ system, exchanges, tools, cap, temperature, stop, choice, format }): JsonObject => {
    const call = ({ id: callId, name, input: args }: { id: string; name: string; input: unknown }) => ({
      id: callId,
      type: 'function',
      function: { name, arguments: JSON.stringify(args) },
    });
    return {
      model: 'm',
      max_tokens: cap,
      ...(temperature === null ? {} : { temperature }),
      ...(stop === null ? {} : { stop }),
      ...(format === null
        ? {}
        : { response_format: { type: 'json_schema', json_schema: { name: 'response', schema: format } } }),
      ...(tools === null
        ? {}
        : {
            tools: ['Read', 'Edit'].map((name) => ({
              type: 'function',
              function: { name, description: name, parameters: tools },
            })),
            ...(choice === undefined ? {} : { tool_choice: choice }),
          }),
      messages: [
        ...system.map((content) => ({ role: 'system', content })),
        ...exchanges.flatMap(({ texts, image, thinking, answer, calls }) => [
          {
            role: 'user',
            content: [
              ...texts.map((text) => ({ type: 'text', text })),
              ...(image === null ? [] : [{ type: 'image_url', image_url: { url: image } }]),
            ],
          },
          ...(answer === null && calls.length === 0
            ? []
            : [
                {
                  role: 'assistant',
                  content: answer,
                  ...(thinking === null ? {} : { reasoning_content: thinking }),
                  ...(calls.length > 0 ? { tool_calls: calls.map(call) } : {}),
                },
                ...calls.map(({ id: callId, result }) => ({ role: 'tool', tool_call_id: callId, content: result })),
              ]),
        ]),
      ],
    };
  });

// ---- what must survive ------------------------------------------------------------------------------------------

const textOf = (parts: readonly ContentPart[], kind: 'text' | 'thinking'): string =>
  parts
    .flatMap((part) => (part.kind === kind ? [part.text] : []))
    .join('')
    .replace(/\s+/g, '');

const seen = (parts: readonly ContentPart[]) => ({
  text: textOf(parts, 'text'),
  thinking: textOf(parts, 'thinking'),
  images: parts.flatMap((part) => (part.kind === 'image' ? [part.source] : [])),
  calls: parts.flatMap((part) => (part.kind === 'tool-call' ? [[part.id, part.name, JSON.parse(part.arguments)]] : [])),
  results: parts.flatMap((part) =>
    part.kind === 'tool-result' ? [[part.id, textOf(part.content, 'text'), part.isError]] : [],
  ),
});

/** Turns of one role that follow each other are one turn. */
const mergeTurns = (turns: readonly Turn[]) => {
  const merged: { role: string; parts: ContentPart[] }[] = [];
  for (const { role, parts } of turns) {
    const last = merged.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else merged.push({ role, parts: [...parts] });
  }
  return merged.map(({ role, parts }) => ({ role, ...seen(parts) }));
};

const essence = ({ turns, tools, losses: _losses, outputFormat, ...rest }: Conversation) => ({
  ...rest,
  turns: mergeTurns(turns),
  tools,
  schema: outputFormat?.kind === 'json-schema' ? outputFormat.schema : outputFormat,
});

const chatTier = tierOf();
const messagesTier = tierOf({ dialect: 'anthropic-messages' });

test('from Chat to Messages and back', () => {
  fc.assert(
    fc.property(chatBody, (body) => {
      const request = requestOf(chat, body);
      const before = chat.conversation(request);
      const there = messages.render(before, request, messagesTier, false);
      const crossed = requestOf(messages, JSON.parse(there.text), there.text);
      const back = chat.render(messages.conversation(crossed), crossed, chatTier, false);
      const after = chat.conversation(requestOf(chat, JSON.parse(back.text), back.text));
      expect(essence(after)).toEqual(essence(before));
    }),
    RUNS,
  );
});

test('from Messages to Chat and back', () => {
  fc.assert(
    fc.property(chatBody, (body) => {
      const origin = requestOf(chat, body);
      const own = messages.render(chat.conversation(origin), origin, messagesTier, false);
      const request = requestOf(messages, JSON.parse(own.text), own.text);
      const before = messages.conversation(request);
      const there = chat.render(before, request, chatTier, false);
      const crossed = requestOf(chat, JSON.parse(there.text), there.text);
      const back = messages.render(chat.conversation(crossed), crossed, messagesTier, false);
      const after = messages.conversation(requestOf(messages, JSON.parse(back.text), back.text));
      expect(essence(after)).toEqual(essence(before));
    }),
    RUNS,
  );
});

test('whatever is rendered for Messages keeps roles in turn and tool results right behind their calls', () => {
  fc.assert(
    fc.property(chatBody, fc.boolean(), (body, cloud) => {
      const request = requestOf(chat, body);
      const tier = tierOf({
        dialect: 'anthropic-messages',
        privacy: cloud ? 'cloud' : 'local',
        model: 'claude-sonnet-4-5',
      });
      const sent = JSON.parse(messages.render(chat.conversation(request), request, tier, false).text);
      const roles = sent.messages.map((message: { role: string }) => message.role);
      expect(roles[0]).toBe('user');
      for (const [index, role] of roles.entries()) expect(role).toBe(index % 2 === 0 ? 'user' : 'assistant');
      for (const [index, { content }] of sent.messages.entries()) {
        const calls = content
          .filter((block: { type: string }) => block.type === 'tool_use')
          .map(({ id: callId }: { id: string }) => callId);
        const next = sent.messages[index + 1]?.content ?? [];
        const answered = next.slice(0, calls.length).map((block: { tool_use_id?: string }) => block.tool_use_id);
        expect(answered).toEqual(calls);
      }
    }),
    RUNS,
  );
});
