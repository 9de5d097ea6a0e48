/** Which answers may a decoder report? Random legal part sequences, with parallel tool calls interleaved. */
import fc from 'fast-check';
import type { FinishReason, StreamPart, Usage } from '#core/message';

const piece = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).map((text) => text.toWellFormed()),
  fc.constantFrom('data: x\n\n', '\r\n', '🙂', '"}', '\u2028'),
);

const jsonObject = fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 1 }), {
  maxKeys: 3,
  noNullPrototype: true,
});

/** A text cut into pieces, at the given points. */
const cut = (text: string, points: readonly number[]): readonly string[] => {
  const at = [0, ...points.map((point) => point % (text.length + 1)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((end, index) => text.slice(at[index], end));
};

type BlockParts = (index: number) => readonly StreamPart[];

const prose = (kind: 'text' | 'thinking', signed: boolean): fc.Arbitrary<BlockParts> =>
  fc.tuple(fc.array(piece, { maxLength: 4 }), fc.boolean()).map(([pieces, signs]) => (index) => [
    { type: `${kind}-start`, index },
    ...pieces.map((text): StreamPart => ({ type: `${kind}-delta`, index, text })),
    ...(signed && signs
      ? [{ type: 'thinking-signature' as const, index, signature: 'EqQB', origin: 'anthropic-messages' as const }]
      : []),
    { type: `${kind}-end`, index },
  ]);

const redacted: fc.Arbitrary<BlockParts> = fc.base64String({ minLength: 1 }).map((data) => (index) => [
  { type: 'thinking-start', index },
  { type: 'thinking-redacted', index, data, origin: 'anthropic-messages' as const },
  { type: 'thinking-end', index },
]);

const toolId = fc.oneof(fc.constantFrom('', 'call_1', 'toolu_x'), fc.stringMatching(/^[a-z0-9_-]{1,12}$/));

const tool: fc.Arbitrary<BlockParts> = fc
  .tuple(toolId, fc.stringMatching(/^[A-Za-z_]{1,8}$/), jsonObject, fc.array(fc.nat(), { maxLength: 3 }))
  .map(([id, name, input, points]) => (index) => [
    { type: 'tool-start', index, id, name },
    ...cut(JSON.stringify(input), points).map((json): StreamPart => ({ type: 'tool-delta', index, json })),
    { type: 'tool-end', index },
  ]);

/** Merges sequences, keeping the order within each; every sequence keeps its own index. */
const interleave = (sequences: readonly (readonly StreamPart[])[], order: readonly number[]): readonly StreamPart[] => {
  const waiting = sequences.map((parts) => [...parts]);
  const merged: StreamPart[] = [];
  for (const choice of order) {
    const open = waiting.filter((parts) => parts.length > 0);
    const next = open.length > 0 ? open[choice % open.length]?.shift() : undefined;
    if (next) merged.push(next);
  }
  return [...merged, ...waiting.flat()];
};

/** No answer costs nothing: a count of 0 is how some servers say that they did not count. */
export const usage: fc.Arbitrary<Usage> = fc
  .record({ net: fc.nat(10_000), output: fc.nat(10_000), cacheRead: fc.nat(10_000), cacheWrite: fc.nat(10_000) })
  .map(({ net, output, cacheRead, cacheWrite }) => ({
    input: net + cacheRead + cacheWrite,
    output,
    cacheRead,
    cacheWrite,
  }))
  .filter(({ input }) => input > 0);

/** Reasons both dialects can name exactly. */
const reason = fc.constantFrom<FinishReason>('stop', 'length', 'tool-calls');

/** A complete answer: prose blocks one after the other, then tool calls in parallel, then usage, finish and end. */
export const answerParts: fc.Arbitrary<readonly StreamPart[]> = fc
  .record({
    blocks: fc.array(fc.oneof(prose('text', false), prose('thinking', true), redacted), { maxLength: 4 }),
    tools: fc.array(tool, { maxLength: 3 }),
    order: fc.array(fc.nat(), { maxLength: 24 }),
    usage,
    reason,
    usageFirst: fc.boolean(),
  })
  .map(({ blocks, tools, order, usage: counts, reason: why, usageFirst }) => {
    const told: StreamPart = { type: 'usage', usage: counts };
    const finish: StreamPart = { type: 'finish', reason: why };
    return [
      { type: 'start', id: 'x', model: 'm' },
      ...blocks.flatMap((block, index) => block(index)),
      ...interleave(
        tools.map((call, index) => call(blocks.length + index)),
        order,
      ),
      ...(usageFirst ? [told, finish] : [finish, told]),
      { type: 'end' },
    ];
  });
