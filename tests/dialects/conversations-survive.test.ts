/** Does a conversation survive the way into another dialect and back? Everything but what the list below names. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Dialect } from '#core/dialect';
import type { ContentPart, Conversation, JsonObject, ModelRequest, Turn } from '#core/message';
import { dialects } from '#dialects/dialect';
import { requestOf, tierOf } from '#tests/dialects/support';

// Lost, or changed in form (docs/reference/translation.md tells it in full): how text was cut into blocks, blank text, cache
// marks, strictness of tools, detail of pictures, letters of ids that Messages does not allow, signatures, the error flag of
// a tool result (Chat and Responses say it in words), pictures within tool results (Chat shows them behind), and where a late
// instruction stood (it joins the user's text). Stop texts never get as far as a Responses tier.

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
    // An id that came again would be given a number.
    const unique = exchanges.map((each, at) => ({
      ...each,
      calls: each.calls.map((call) => ({ ...call, id: `${call.id}-${at}` })),
    }));
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
        ...unique.flatMap(({ texts, image, thinking, answer, calls }) => [
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

/** What the dialect in the middle has no field for. */
const WITHOUT: Readonly<Record<string, readonly (keyof Conversation)[]>> = {
  // Stop texts make such a tier no candidate at all.
  'openai-responses': ['stop'],
};

const without = (conversation: Conversation, fields: readonly string[]): Conversation =>
  Object.fromEntries(
    Object.entries(conversation).filter(([name]) => !fields.includes(name)),
  ) as unknown as Conversation;

const tierFor = (dialect: Dialect) => tierOf({ dialect: dialect.name });

/** The request as a tier of another dialect reads it. */
const crossed = (request: ModelRequest, from: Dialect, to: Dialect): ModelRequest => {
  const sent = to.render(from.conversation(request), request, tierFor(to), false);
  return requestOf(to, JSON.parse(sent.text), sent.text);
};

for (const caller of Object.values(dialects)) {
  for (const tier of Object.values(dialects)) {
    if (tier === caller) continue;
    test(`from ${caller.name} to ${tier.name} and back`, () => {
      fc.assert(
        fc.property(chatBody, (body) => {
          const origin = requestOf(chat, body);
          const request = caller === chat ? origin : crossed(origin, chat, caller);
          const before = caller.conversation(request);
          const after = caller.conversation(crossed(crossed(request, caller, tier), tier, caller));
          const lost = WITHOUT[tier.name] ?? [];
          expect(essence(without(after, lost))).toEqual(essence(without(before, lost)));
        }),
        RUNS,
      );
    });
  }
}

test('pictures within tool results, and the order of late instructions, survive between Messages and Responses', () => {
  const [messagesTier, responsesTier] = [dialects['anthropic-messages'], dialects['openai-responses']];
  const shown = fc.record({ id, text: words, data: base64, late: fc.option(words) });
  fc.assert(
    fc.property(fc.uniqueArray(shown, { minLength: 1, maxLength: 3, selector: (each) => each.id }), (results) => {
      const body = {
        model: 'm',
        max_tokens: 100,
        tools: [{ name: 'Read', input_schema: { type: 'object' } }],
        messages: results.flatMap(({ id: callId, text, data, late }) => [
          { role: 'user', content: 'look' },
          { role: 'assistant', content: [{ type: 'tool_use', id: callId, name: 'Read', input: {} }] },
          {
            role: 'user',
            content: [
              {
                type: 'tool_result',
                tool_use_id: callId,
                content: [
                  { type: 'text', text },
                  { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
                ],
              },
              ...(late === null ? [] : [{ type: 'text', text: late }]),
            ],
          },
        ]),
      };
      const request = requestOf(messagesTier, body);
      const before = messagesTier.conversation(request);
      const there = crossed(request, messagesTier, responsesTier);
      const after = messagesTier.conversation(crossed(there, responsesTier, messagesTier));
      const pictures = ({ turns }: Conversation) =>
        turns.flatMap(({ parts }) =>
          parts.flatMap((part) =>
            part.kind === 'tool-result' ? [[part.id, part.content.map((inner) => inner.kind), seen(part.content)]] : [],
          ),
        );
      expect(pictures(after)).toEqual(pictures(before));
      expect(essence(after)).toEqual(essence(before));
    }),
    { numRuns: 100 },
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
