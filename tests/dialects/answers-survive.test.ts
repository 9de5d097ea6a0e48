/** Does an answer survive being spoken and heard again? For every legal part sequence, in both dialects, in legal order. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { StreamPart } from '#core/message';
import { type Answer, collectAnswer } from '#dialects/answer';
import { dialects } from '#dialects/dialect';
import { checkChatStream, checkMessagesStream } from '#tests/dialects/legal-streams';
import { answerParts } from '#tests/dialects/part-sequences';
import { contextOf, decodeText, encodeParts } from '#tests/dialects/support';

const RUNS = { numRuns: 200 };

/** Tool calls without their ids, which encoders may replace. */
const callsOf = (answer: Answer) =>
  answer.blocks.flatMap((block) => (block.kind === 'tool' ? [{ name: block.name, json: block.json }] : []));

const joined = (answer: Answer, kind: string): string =>
  answer.blocks.map((block) => (block.kind === kind && 'text' in block ? block.text : '')).join('');

const ofKind = (answer: Answer, kind: string) => answer.blocks.filter((block) => block.kind === kind);

/** "stop" after tool calls is spoken as tool use. */
const reasonOf = (answer: Answer): unknown =>
  answer.reason === 'stop' && callsOf(answer).length > 0 ? 'tool-calls' : answer.reason;

const hear = (parts: readonly StreamPart[]): Answer => collectAnswer(parts);

describe('Chat', () => {
  const dialect = dialects['openai-chat'];

  test('keeps text, thinking, calls, reason and usage of a stream', () => {
    fc.assert(
      fc.property(answerParts, (parts) => {
        const before = hear(parts);
        const after = hear(decodeText(dialect, encodeParts(dialect, parts)));
        // Chat has one text and one reasoning; where they were cut or mixed is not told.
        for (const kind of ['text', 'thinking']) expect(joined(after, kind)).toBe(joined(before, kind));
        expect(callsOf(after)).toEqual(callsOf(before));
        expect([after.reason, after.usage]).toEqual([reasonOf(before) as Answer['reason'], before.usage]);
      }),
      RUNS,
    );
  });

  test('speaks in legal order, with usage only when asked', () => {
    fc.assert(
      fc.property(answerParts, fc.boolean(), (parts, includeUsage) => {
        checkChatStream(encodeParts(dialect, parts, contextOf({ includeUsage })), includeUsage);
      }),
      RUNS,
    );
  });

  test('keeps the same things in a whole reply', () => {
    fc.assert(
      fc.property(answerParts, (parts) => {
        const reply = dialect.encodeWhole(parts, contextOf());
        if (!reply.ok) throw new Error(reply.failure.detail);
        const [before, after] = [hear(parts), hear(dialect.decoder().whole(reply.body))];
        for (const kind of ['text', 'thinking']) expect(joined(after, kind)).toBe(joined(before, kind));
        expect(callsOf(after)).toEqual(callsOf(before));
        expect([after.reason, after.usage]).toEqual([reasonOf(before) as Answer['reason'], before.usage]);
      }),
      RUNS,
    );
  });
});

describe('Messages', () => {
  const dialect = dialects['anthropic-messages'];
  const isSpoken = (block: Answer['blocks'][number]): boolean => {
    if (block.kind === 'tool') return true;
    return block.text !== '' || (block.kind === 'thinking' && (block.signature ?? block.redacted) !== undefined);
  };

  test('keeps every block that says something, in order, with signatures', () => {
    fc.assert(
      fc.property(answerParts, (parts) => {
        const before = hear(parts);
        const after = hear(decodeText(dialect, encodeParts(dialect, parts)));
        for (const kind of ['text', 'thinking']) {
          expect(ofKind(after, kind)).toEqual(ofKind(before, kind).filter(isSpoken));
        }
        expect(callsOf(after)).toEqual(callsOf(before));
        expect([after.reason, after.usage]).toEqual([reasonOf(before) as Answer['reason'], before.usage]);
      }),
      RUNS,
    );
  });

  test('speaks in legal order', () => {
    fc.assert(
      fc.property(answerParts, (parts) => checkMessagesStream(encodeParts(dialect, parts))),
      RUNS,
    );
  });

  test('keeps the same blocks in a whole reply', () => {
    fc.assert(
      fc.property(answerParts, (parts) => {
        const reply = dialect.encodeWhole(parts, contextOf());
        if (!reply.ok) throw new Error(reply.failure.detail);
        const [before, after] = [hear(parts), hear(dialect.decoder().whole(reply.body))];
        expect(ofKind(after, 'text')).toEqual(ofKind(before, 'text').filter(isSpoken));
        expect(callsOf(after).map(({ json }) => JSON.parse(json || '{}'))).toEqual(
          callsOf(before).map(({ json }) => JSON.parse(json)),
        );
        expect([after.reason, after.usage]).toEqual([reasonOf(before) as Answer['reason'], before.usage]);
      }),
      RUNS,
    );
  });
});

test('an answer crosses from Messages to Chat and back with its words, calls and counts', () => {
  const [chat, messages] = [dialects['openai-chat'], dialects['anthropic-messages']];
  fc.assert(
    fc.property(answerParts, (parts) => {
      const crossed = decodeText(chat, encodeParts(chat, decodeText(messages, encodeParts(messages, parts))));
      const [before, after] = [hear(parts), hear(decodeText(messages, encodeParts(messages, crossed)))];
      for (const kind of ['text', 'thinking']) expect(joined(after, kind)).toBe(joined(before, kind));
      expect(callsOf(after)).toEqual(callsOf(before));
      expect(after.usage).toEqual(before.usage as Answer['usage']);
    }),
    RUNS,
  );
});
