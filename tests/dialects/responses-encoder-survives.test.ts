/** Does an answer survive being spoken as Responses and heard again, streamed or whole, however the bytes are cut? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { StreamPart, ToolOrigin } from '#core/message';
import { type Answer, collectAnswer } from '#dialects/answer';
import { openaiResponses as dialect } from '#dialects/openai-responses/dialect';
import { readEncrypted, writeEncrypted } from '#dialects/openai-responses/proof';
import { CUSTOM_ARGUMENT } from '#dialects/tool-names';
import { answerParts } from '#tests/dialects/part-sequences';
import { contextOf, decodeChunks, decodeText, encodeParts, utf8 } from '#tests/dialects/support';
import { GOOD_ANSWERS } from '#tests/support/answer';
import { bytesOf, eventsFor, everySplit, wholeFor } from '#tests/support/answers';

const RUNS = { numRuns: 200 };

type Block = Answer['blocks'][number];

const isSpoken = (block: Block): boolean =>
  block.kind === 'tool' || block.text !== '' || (block.kind === 'thinking' && block.origin !== undefined);

/** A block but for what may differ: call ids may be replaced, and proofs are compared as a caller keeps them. */
const essence = (block: Block): object => {
  if (block.kind === 'tool') return { kind: 'tool', name: block.name, json: block.json };
  if (block.kind !== 'thinking') return { kind: block.kind, text: block.text };
  const { text, signature, redacted, origin } = block;
  if (origin === undefined) return { kind: 'thinking', text };
  const kind = redacted === undefined ? 'signature' : 'redacted';
  return { kind: 'thinking', text, proof: writeEncrypted({ kind, text: redacted ?? signature ?? '', origin }) };
};

/** What must survive. That an answer ended in calls is told by nothing but the calls themselves. */
const summary = (parts: readonly StreamPart[]) => {
  const answer = collectAnswer(parts);
  const called = answer.blocks.some(({ kind }) => kind === 'tool');
  return {
    blocks: answer.blocks.filter(isSpoken).map(essence),
    reason: answer.reason === 'length' ? 'length' : called ? 'tool-calls' : 'stop',
    usage: answer.usage,
  };
};

describe('an answer', () => {
  test('keeps every block that says something, in order, with its proof, its reason and its usage', () => {
    fc.assert(
      fc.property(answerParts, (parts) => {
        expect(summary(decodeText(dialect, encodeParts(dialect, parts)))).toEqual(summary(parts));
      }),
      RUNS,
    );
  });

  test('keeps the same things in a whole reply, which is what the stream closes with', () => {
    fc.assert(
      fc.property(answerParts, (parts) => {
        const reply = dialect.encodeWhole(parts, contextOf());
        if (!reply.ok) throw new Error(reply.failure.detail);
        expect(summary(dialect.decoder().whole(reply.body))).toEqual(summary(parts));
        expect(encodeParts(dialect, parts)).toContain(`"response":${JSON.stringify(reply.body)}}\n\n`);
      }),
      RUNS,
    );
  });

  test('keeps the names of namespaces and the text of custom calls', () => {
    const origins: Record<string, ToolOrigin> = {
      ns__read: { kind: 'function', namespace: 'ns', name: 'read' },
      patch: { kind: 'custom', name: 'patch' },
      ns__run: { kind: 'custom', namespace: 'ns', name: 'run' },
    };
    const context = contextOf({ toolOrigin: (name) => origins[name] });
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(origins)), fc.string({ unit: 'binary' }), (name, text) => {
        const json = JSON.stringify({ [CUSTOM_ARGUMENT]: text.toWellFormed() });
        const parts: readonly StreamPart[] = [
          { type: 'tool-start', index: 0, id: 'a', name },
          { type: 'tool-delta', index: 0, json },
          { type: 'tool-end', index: 0 },
          { type: 'finish', reason: 'tool-calls' },
          { type: 'end' },
        ];
        const [call] = collectAnswer(decodeText(dialect, encodeParts(dialect, parts, context))).blocks;
        if (call?.kind !== 'tool') throw new Error('no call');
        expect(call.name).toBe(name);
        expect(JSON.parse(call.json)).toEqual(JSON.parse(json));
      }),
      RUNS,
    );
  });
});

test('a proof that went through a caller is what it was', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('signature', 'redacted'),
      fc.base64String({ minLength: 1 }),
      fc.constantFrom('anthropic-messages', 'openai-chat', 'openai-responses'),
      (kind, text, origin) => {
        const back = readEncrypted(writeEncrypted({ kind, text, origin }));
        // This dialect has one opaque payload, and no other word for it.
        expect(back).toEqual({ kind: origin === 'openai-responses' ? 'signature' : kind, text, origin });
      },
    ),
    RUNS,
  );
});

/** What a stream means in two chunks, for every way to cut it; one meaning only, if all is well. */
const meaningsOf = (bytes: Uint8Array): readonly string[] => [
  ...new Set(everySplit(bytes).map((chunks) => JSON.stringify(collectAnswer(decodeChunks(dialect, chunks))))),
];

describe('a tier’s stream', () => {
  for (const [name, answer] of Object.entries(GOOD_ANSWERS)) {
    const events = eventsFor('openai-responses', answer);

    test(`with ${name} means the same wherever it is cut`, () => {
      expect(meaningsOf(bytesOf(events))).toEqual([
        JSON.stringify(collectAnswer(decodeText(dialect, events.join('')))),
      ]);
    });

    test(`with ${name} means the same as the whole reply`, () => {
      const whole = collectAnswer(dialect.decoder().whole(wholeFor('openai-responses', answer)));
      expect(collectAnswer(decodeText(dialect, events.join('')))).toEqual(whole);
    });

    test(`with ${name} means the same without deltas, and with the last event alone`, () => {
      const whole = collectAnswer(dialect.decoder().whole(wholeFor('openai-responses', answer)));
      const undone = events.filter((event) => !event.includes('.delta\n'));
      expect(collectAnswer(decodeText(dialect, undone.join('')))).toEqual(whole);
      expect(collectAnswer(decodeText(dialect, events.slice(-1).join('')))).toEqual(whole);
    });
  }
});

test('our stream means the same wherever it is cut', () => {
  const parts = decodeText(dialect, eventsFor('openai-responses', GOOD_ANSWERS['parallel tool calls']).join(''));
  const spoken = encodeParts(dialect, parts);
  expect(meaningsOf(utf8.encode(spoken))).toEqual([JSON.stringify(collectAnswer(decodeText(dialect, spoken)))]);
});
