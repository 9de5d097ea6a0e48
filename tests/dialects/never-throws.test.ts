/** Can a server or a caller make a dialect throw? Not with any bytes, any JSON, or anything close to the real thing. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { StreamPart } from '#core/message';
import { dialects } from '#dialects/dialect';
import { checkChatStream, checkMessagesStream } from '#tests/dialects/legal-streams';
import { contextOf, decodeChunks, encodeParts, tierOf } from '#tests/dialects/support';
import { any, block, bodyFor, chatChunk, EVENTS, near, some, word } from '#tests/dialects/wild-values';

const RUNS = { numRuns: 300 };
/** Blocks start, grow and end in order, each index once. */
const checkOrder = (parts: readonly StreamPart[]): void => {
  const open = new Map<number, string>();
  const known = new Set<number>();
  for (const part of parts) {
    if (!('index' in part)) continue;
    const kind = part.type.split('-')[0] ?? '';
    if (part.type.endsWith('-start')) {
      if (known.has(part.index)) throw new Error(`index ${part.index} starts twice`);
      known.add(part.index);
      open.set(part.index, kind);
    } else {
      if (open.get(part.index) !== kind) throw new Error(`${part.type} in no open ${kind} block`);
      if (part.type.endsWith('-end')) open.delete(part.index);
    }
  }
  if (parts.some(({ type }) => type === 'end') && open.size > 0) throw new Error('the answer ends with open blocks');
};

const names = ['openai-chat', 'anthropic-messages'] as const;
for (const name of names) {
  describe(name, () => {
    const dialect = dialects[name];

    test('decodes any bytes', () => {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => checkOrder(decodeChunks(dialect, chunks))),
        RUNS,
      );
    });

    test('decodes any events into parts in legal order, once the error ends it', () => {
      fc.assert(
        fc.property(fc.array(EVENTS[name], { maxLength: 8 }), fc.boolean(), (events, close) => {
          const decoder = dialect.decoder(close ? tierOf({ dialect: name }) : undefined);
          const parts = events.flatMap((event) => decoder.event({ event: undefined, data: JSON.stringify(event) }));
          if (close) parts.push(...decoder.close());
          checkOrder(parts);
        }),
        { numRuns: 400 },
      );
    });

    test('decodes any whole reply into an error or a complete answer', () => {
      const reply =
        name === 'openai-chat' ? chatChunk : near({ content: some(block), stop_reason: word('end_turn'), usage: any });
      fc.assert(
        fc.property(fc.oneof(reply, any), (document) => {
          const parts = dialect.decoder().whole(document);
          checkOrder(parts);
          expect(parts.at(-1)?.type === 'end' || parts.some(({ type }) => type === 'error')).toBe(true);
        }),
        { numRuns: 400 },
      );
    });

    test('speaks whatever any decoder reported in legal order', () => {
      const check = name === 'openai-chat' ? (text: string) => checkChatStream(text, true) : checkMessagesStream;
      for (const from of names) {
        fc.assert(
          fc.property(fc.array(EVENTS[from], { maxLength: 8 }), (events) => {
            const decoder = dialects[from].decoder();
            const parts = events.flatMap((event) => decoder.event({ event: undefined, data: JSON.stringify(event) }));
            const closed = parts.filter(({ type }) => type !== 'end' && type !== 'error');
            check(encodeParts(dialect, [...closed, { type: 'end' }]));
            dialect.encodeWhole(closed, contextOf());
          }),
          { numRuns: 400 },
        );
      }
    });

    test('reads any body, and translates and forwards every one it accepts', () => {
      const body = bodyFor(name);
      let accepted = 0;
      fc.assert(
        fc.property(body, fc.constantFrom('local', 'cloud'), fc.boolean(), (raw, privacy, stream) => {
          const text = JSON.stringify(raw);
          const parsed = JSON.parse(text);
          const request = dialect.readRequest(parsed, text);
          if ('kind' in request) return;
          accepted++;
          void [request.facts.chars, request.facts.lastUserText, request.facts.firstUserText, request.facts.systemText];
          JSON.parse(dialect.forward(request, tierOf({ dialect: name, privacy, maxOutputTokens: 50 }), stream).text);
          const conversation = dialect.conversation(request);
          for (const other of names) {
            JSON.parse(dialects[other].render(conversation, request, tierOf({ dialect: other, privacy }), stream).text);
          }
        }),
        { numRuns: 400 },
      );
      expect(accepted).toBeGreaterThan(100);
    });

    test('reads any error reply', () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 300, max: 599 }),
          fc.oneof(
            fc.string(),
            any.map((value) => JSON.stringify(value)),
          ),
          (status, body) => {
            expect(dialect.classifyError(status, body).detail).toContain(String(status));
          },
        ),
        RUNS,
      );
    });
  });
}
