/** When is a length stop the caller's own wish, and when is it a truncation? */
import { expect, test } from 'bun:test';
import type { FinishReason, Usage } from '#core/message';
import { contextOf, judgeParts, verdict } from '#tests/verifiers/support';
import { notTruncated } from '#verifiers/not-truncated';

interface Case {
  readonly title: string;
  readonly cap?: number;
  readonly reason?: FinishReason | null;
  readonly usage?: Usage;
  readonly text?: string;
  readonly expected: string;
}

const output = (tokens: number, more: Partial<Usage> = {}): Usage => ({ input: 10, output: tokens, ...more });
const cases: readonly Case[] = [
  { title: 'a length stop without a cap is a truncation', reason: 'length', expected: 'cut-without-cap' },
  { title: 'a stop is never a truncation', reason: 'stop', usage: output(3), expected: 'pass' },
  { title: 'no finish reason at all passes', reason: null, expected: 'pass' },
  { title: 'an unknown finish reason passes', reason: 'other', expected: 'pass' },
  { title: 'a probe of one token passes', cap: 1, reason: 'length', usage: output(1), text: 'H', expected: 'pass' },
  { title: 'a probe of one token passes without usage', cap: 1, reason: 'length', text: 'H', expected: 'pass' },
  {
    title: 'a probe of ten tokens passes whatever was counted',
    cap: 10,
    reason: 'length',
    usage: output(2),
    expected: 'pass',
  },
  { title: 'a filled cap is compliance', cap: 4096, reason: 'length', usage: output(4096), expected: 'pass' },
  {
    title: 'a cap filled but for the last tokens is compliance',
    cap: 4096,
    reason: 'length',
    usage: output(4090),
    expected: 'pass',
  },
  {
    title: 'a stop well below the cap is a truncation',
    cap: 32_000,
    reason: 'length',
    usage: output(4096),
    expected: 'cut-below-cap',
  },
  {
    title: 'the engine running out of window is a truncation',
    cap: 4096,
    reason: 'context-overflow',
    usage: output(4096),
    expected: 'context-overflow',
  },
  {
    title: 'reasoning left out of the output count still fills the cap',
    cap: 1000,
    reason: 'length',
    usage: output(300, { reasoning: 700 }),
    expected: 'pass',
  },
  {
    title: 'without usage, more text than the cap could be short of is compliance',
    cap: 1000,
    reason: 'length',
    text: 'word '.repeat(800),
    expected: 'pass',
  },
  {
    title: 'without usage, too little text for the cap is a truncation',
    cap: 1000,
    reason: 'length',
    text: 'word '.repeat(100),
    expected: 'cut-below-cap',
  },
  {
    title: 'without usage, text outside ASCII is weighed by its bytes',
    cap: 1000,
    reason: 'length',
    text: '\u8a9e'.repeat(700),
    expected: 'pass',
  },
  {
    title: 'usage that we estimated ourselves proves nothing',
    cap: 1000,
    reason: 'length',
    usage: output(100, { estimated: true }),
    text: 'word '.repeat(800),
    expected: 'pass',
  },
  {
    title: 'usage of zero proves nothing',
    cap: 1000,
    reason: 'length',
    usage: output(0),
    text: 'word '.repeat(800),
    expected: 'pass',
  },
];

test.each(cases.map((row) => [row.title, row] as const))('%s', (_title, row) => {
  const context = contextOf({ maxOutputTokens: row.cap });
  const answer = { text: row.text ?? 'some text', ...(row.reason === undefined ? {} : { reason: row.reason }) };
  expect(verdict(notTruncated, { ...answer, ...(row.usage && { usage: row.usage }) }, context)).toBe(row.expected);
});

test('usage seen in the stream serves when the end brings none', () => {
  const parts = [
    { type: 'usage', usage: output(50) },
    { type: 'finish', reason: 'length' },
  ] as const;
  const { finding } = judgeParts(notTruncated, parts, contextOf({ maxOutputTokens: 1000 }));
  expect(finding?.code).toBe('cut-below-cap');
});

test('redacted thinking hides tokens, so too little text proves nothing', () => {
  const parts = [
    { type: 'thinking-redacted', index: 0, data: 'opaque', origin: 'anthropic-messages' },
    { type: 'text-delta', index: 1, text: 'short' },
    { type: 'finish', reason: 'length' },
  ] as const;
  expect(judgeParts(notTruncated, parts, contextOf({ maxOutputTokens: 1000 })).finding).toBeUndefined();
});
