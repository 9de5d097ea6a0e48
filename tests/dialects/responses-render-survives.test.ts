/** Does a conversation written for a Responses tier say the same when it is read back? All but what the list names. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ContentPart, Conversation, JsonObject, Turn } from '#core/message';
import { responsesConversation } from '#dialects/openai-responses/conversation';
import { renderResponses } from '#dialects/openai-responses/render';
import { readResponsesRequest } from '#dialects/openai-responses/request';
import { requestFrom, responsesTier } from '#tests/dialects/responses-support';

// Lost, or changed in form: borders between neighbouring turns of one role and between the parts of an instruction, which
// of the opening instructions were the developer's, refusals that a user quotes (they are text), the missing detail of a
// picture (`auto`), a tool's silence about strictness (`false`), a schema without a name (`response`), thinking that led to
// no word and no call, the dialect of thinking that has no proof, and words in front of a result: they come behind it.

const words = fc.stringMatching(/^[A-Za-z0-9ü🙂.,{}"\\-]{1,12}$/u);
const id = fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/);
const base64 = fc.base64String({ minLength: 4, maxLength: 12 });
const opt = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
/** An object whose members may be missing, but never undefined. */
const sparse = <T extends object>(members: { [K in keyof T]: fc.Arbitrary<T[K]> }, required: (keyof T)[]) =>
  fc.record(members, { requiredKeys: required }) as fc.Arbitrary<never>;

const text: fc.Arbitrary<ContentPart> = words.map((said) => ({ kind: 'text', text: said }));
const refusal: fc.Arbitrary<ContentPart> = words.map((said) => ({ kind: 'refusal', text: said }));
const image: fc.Arbitrary<ContentPart> = sparse(
  {
    kind: fc.constant('image'),
    source: fc.oneof(
      base64.map((data) => ({ kind: 'base64', mediaType: 'image/png', data })),
      fc.constant({ kind: 'url', url: 'https://a.test/i.png' }),
    ),
    detail: fc.constantFrom('low', 'high', 'auto'),
  },
  ['kind', 'source'],
);
const document: fc.Arbitrary<ContentPart> = fc.record({
  kind: fc.constant('document' as const),
  source: base64.map((data) => ({ kind: 'base64' as const, mediaType: 'application/pdf', data })),
  title: words,
});
const thinking: fc.Arbitrary<ContentPart> = fc.oneof(
  fc.record({
    kind: fc.constant('thinking' as const),
    text: fc.oneof(words, fc.constant('')),
    signature: base64,
    origin: fc.constant('openai-responses' as const),
  }),
  fc.record({
    kind: fc.constant('thinking' as const),
    text: words,
    origin: fc.constantFrom('openai-chat' as const, 'anthropic-messages' as const, 'openai-responses' as const),
  }),
);
const call: fc.Arbitrary<ContentPart> = fc.record({
  kind: fc.constant('tool-call' as const),
  id,
  name: fc.constantFrom('Read', 'Edit'),
  arguments: fc.oneof(fc.json({ maxDepth: 1 }), fc.constant('{"broken":')),
});
const result: fc.Arbitrary<ContentPart> = fc.record({
  kind: fc.constant('tool-result' as const),
  id,
  content: fc.array(fc.oneof(text, image), { maxLength: 3 }),
  isError: fc.constant(false),
});

const several = (...parts: fc.Arbitrary<ContentPart>[]) => fc.array(fc.oneof(...parts), { minLength: 1, maxLength: 4 });
const instruction = fc.record<Turn>({
  role: fc.constantFrom('system' as const, 'developer' as const),
  parts: fc.array(text, { minLength: 1, maxLength: 2 }),
});
const asked = fc.record<Turn>({ role: fc.constant('user'), parts: several(text, refusal, image, document, result) });
const answered = fc.record<Turn>({ role: fc.constant('assistant'), parts: several(text, refusal, thinking, call) });

/** Ids that occur once: a second one would be given a number. */
const numbered = (turns: readonly Turn[]): readonly Turn[] =>
  turns.map(({ role, parts }, at) => ({
    role,
    parts: parts.map((part, index) => ('id' in part ? { ...part, id: `${part.id}-${at}-${index}` } : part)),
  }));

const schema = fc.constantFrom<JsonObject>(
  { type: 'object', properties: { a: { type: 'string' } } },
  { type: 'object' },
);
const tool = fc.record({ description: opt(words), parameters: schema, strict: opt(fc.boolean()) });

const conversation: fc.Arbitrary<Conversation> = fc
  .record({
    before: fc.array(instruction, { maxLength: 2 }),
    first: asked,
    turns: fc.array(fc.oneof(asked, answered, instruction), { maxLength: 6 }),
    tools: fc.array(tool, { maxLength: 2 }),
    rest: sparse<Record<string, unknown>>(
      {
        toolChoice: fc.constantFrom({ kind: 'auto' }, { kind: 'required' }, { kind: 'tool', name: 'Read' }),
        parallelToolCalls: fc.boolean(),
        maxOutputTokens: fc.integer({ min: 1, max: 9_999 }),
        temperature: fc.constantFrom(0, 0.5, 1),
        topP: fc.constantFrom(0.1, 1),
        thinking: fc.constantFrom('low', 'medium', 'high').map((effort) => ({ enabled: true, effort })),
        outputFormat: fc.oneof(
          fc.constant({ kind: 'json' }),
          fc.record({ kind: fc.constant('json-schema'), name: fc.constant('out'), schema, strict: fc.boolean() }),
        ),
      },
      [],
    ),
  })
  .map(({ before, first, turns, tools, rest }): Conversation => {
    const { toolChoice, parallelToolCalls, ...always } = rest as Partial<Conversation>;
    const named = ['Read', 'Edit'].slice(0, tools.length).map((name, at) => ({ name, ...tools[at] }));
    const choice = {
      ...(toolChoice ? { toolChoice } : {}),
      ...(parallelToolCalls === undefined ? {} : { parallelToolCalls }),
    };
    return {
      turns: numbered([...before, first, ...turns]),
      tools: JSON.parse(JSON.stringify(named)),
      ...(tools.length > 0 ? choice : {}),
      ...always,
    };
  });

// ---- what must survive ------------------------------------------------------------------------------------------

const partSeen = (part: ContentPart, role: Turn['role']): unknown => {
  switch (part.kind) {
    case 'image':
      return { ...part, detail: part.detail ?? 'auto' };
    case 'refusal':
      return role === 'assistant' ? part : { kind: 'text', text: part.text };
    case 'thinking':
      return { text: part.text, signature: part.signature };
    case 'tool-result':
      return { ...part, content: part.content.map((inner) => partSeen(inner, role)) };
    default:
      return part;
  }
};

const isInstruction = ({ role }: Turn): boolean => role === 'system' || role === 'developer';
const joinedText = (turn: Turn): string =>
  turn.parts.map((part) => (part.kind === 'text' ? part.text : '')).join('\n\n');

type Seen = readonly [role: string, part: unknown];

/** Between two turns of the model, results stand in front of what else is said. */
const resultsFirst = (seen: readonly Seen[]): readonly Seen[] => {
  const runs: Seen[][] = [];
  for (const each of seen) {
    const last = runs.at(-1);
    if (last && (last[0]?.[0] === 'assistant') === (each[0] === 'assistant')) last.push(each);
    else runs.push([each]);
  }
  const isResult = ([, part]: Seen): boolean => (part as { kind?: unknown }).kind === 'tool-result';
  return runs.flatMap((run) => [...run.filter(isResult), ...run.filter((each) => !isResult(each))]);
};

const turnsSeen = (turns: readonly Turn[]): readonly unknown[] => {
  const spoken = turns.findIndex((turn) => !isInstruction(turn));
  const opening = turns.slice(0, spoken).map(joinedText).join('\n\n');
  const merged: { role: string; parts: unknown[] }[] = [];
  for (const turn of turns.slice(spoken)) {
    const parts = isInstruction(turn) ? [joinedText(turn)] : turn.parts.map((part) => partSeen(part, turn.role));
    const last = merged.at(-1);
    if (last?.role === turn.role) last.parts.push(...parts);
    else merged.push({ role: turn.role, parts: [...parts] });
  }
  const isThought = (part: unknown): boolean => typeof part === 'object' && part !== null && 'signature' in part;
  const kept = merged.filter(({ parts }) => !parts.every(isThought));
  // A turn of mere thinking that fell out lets its neighbours meet.
  return [opening, ...resultsFirst(kept.flatMap(({ role, parts }) => parts.map((part) => [role, part] as const)))];
};

const essence = ({ turns, tools, losses: _losses, ...rest }: Conversation) => ({
  ...rest,
  turns: turnsSeen(turns),
  tools: tools.map((offered) => ({ ...offered, strict: offered.strict ?? false })),
});

test('written for a tier and read as a caller’s request', () => {
  const request = requestFrom({});
  const tier = responsesTier({ privacy: 'cloud', forward: ['reasoning'] });
  fc.assert(
    fc.property(conversation, (before) => {
      const sent = renderResponses(before, request, tier, false);
      expect(sent.losses.filter((name) => !name.startsWith('messages.'))).toEqual([]);
      const read = readResponsesRequest(JSON.parse(sent.text), sent.text);
      if ('kind' in read) throw new Error(`${read.message} in ${sent.text}`);
      const after = responsesConversation(read);
      expect(after.losses?.filter((name) => name !== 'input.reasoning')).toEqual([]);
      expect(essence(after)).toEqual(essence(before));
    }),
    { numRuns: 1_000 },
  );
});
