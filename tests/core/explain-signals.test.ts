// How the story of a decision tells who asked, what the request was for, and what became of the caller's wishes.
import { expect, test } from 'bun:test';
import { explain } from '#core/explain';
import { sampleRecord } from '#tests/store/sample-record';

const INTENT = sampleRecord().intent;
if (INTENT === undefined) throw new Error('the sample record has an intent');

test('a title that its harness called one, and a limit that had no effect', () => {
  const lines = explain(
    sampleRecord({
      harness: 'opencode',
      requestClass: 'title',
      hints: [
        { from: 'request-class', says: 'title as chat', taken: true, why: 'the harness calls it title' },
        { from: 'x-anvil-budget', says: 'request-usd=2', taken: false, why: '[router.budgets] is tighter already' },
      ],
      intent: { ...INTENT, source: 'hinted', preset: 'chat', workClass: 'chat', gateClass: 'chat' },
    }),
  );
  expect(lines[1]).toContain(', sent by opencode, request class title');
  const intent = lines.findIndex((line) => line.startsWith('Intent: '));
  expect(lines.slice(intent, intent + 4)).toEqual([
    'Intent: hinted by the harness, preset chat; gated as chat',
    expect.stringContaining('the text reads as chat'),
    '  request-class (title as chat): followed, the harness calls it title',
    '  x-anvil-budget (request-usd=2): not followed, [router.budgets] is tighter already',
  ]);
});

test('a record without marks says nothing of them', () => {
  const story = explain(sampleRecord()).join('\n');
  for (const word of ['sent by', 'request class', 'followed']) expect(story).not.toContain(word);
});
