/** Does each rule mark what harnesses really write, and nothing that only looks like it? */
import { describe, expect, test } from 'bun:test';
import { PREFIX_RULES, ruleSpans, withoutRuleSpans } from '#core/prefix-rules';

const UUID = '8f14e45f-ceea-467f-9a5b-1c2d3e4f5a6b';

/** What stands where, the rule, the span, and what is restated of it. */
const MARKED: readonly (readonly [text: string, rule: string, span: string, statement: string])[] = [
  [
    'x-anthropic-billing-header: cc_version=2.1.329.bee; cc_entrypoint=sdk-cli;',
    'billing-line',
    'x-anthropic-billing-header: cc_version=2.1.329.bee; cc_entrypoint=sdk-cli;',
    '',
  ],
  [
    'x-anthropic-billing-header: cc_version=2.1.100.7b4; cch=eb6c6;\nYou are an agent.',
    'billing-line',
    'x-anthropic-billing-header: cc_version=2.1.100.7b4; cch=eb6c6;\n',
    '',
  ],
  [
    `x-anthropic-billing-header: cc_version=2.1.100.7b4; cch=eb6c6; ${'You are an agent. '.repeat(40)}`,
    'billing-line',
    'x-anthropic-billing-header: cc_version=2.1.100.7b4; cch=eb6c6; ',
    '',
  ],
  ["<env>\n  Today's date: Sat Nov 21 2026\n</env>", 'date', 'Sat Nov 21 2026', "Today's date: Sat Nov 21 2026"],
  [
    "Today's date is Saturday, November 21, 2026 (formatted according to the user's locale).",
    'date',
    'Saturday, November 21, 2026',
    "Today's date: Saturday, November 21, 2026",
  ],
  [
    'Current date and time: Friday, November 21, 2026 at 10:55:12 AM GMT+1\nCurrent working directory: /repo',
    'date',
    'Friday, November 21, 2026 at 10:55:12 AM GMT+1',
    'Current date and time: Friday, November 21, 2026 at 10:55:12 AM GMT+1',
  ],
  [
    'Current date and time: 2026-11-21T10:55:12.123Z. Be brief.',
    'date',
    '2026-11-21T10:55:12.123Z',
    'Current date and time: 2026-11-21T10:55:12.123Z',
  ],
  [
    '## Current Date & Time\nFriday, November 21st, 2026 — 10:55 AM\nTime zone: UTC',
    'date',
    'Friday, November 21st, 2026 — 10:55 AM',
    'Current Date & Time: Friday, November 21st, 2026 — 10:55 AM',
  ],
  ['<current_date>2026-11-21</current_date>', 'date', '2026-11-21', 'current_date: 2026-11-21'],
  ['{"currentDate": "2026-11-21"}', 'date', '2026-11-21', 'currentDate: 2026-11-21'],
  [
    '# Current Time\n11/21/2026, 10:55:00 AM (UTC, UTC+0:00)\n',
    'date',
    '11/21/2026, 10:55:00 AM (UTC, UTC+0:00)',
    'Current Time: 11/21/2026, 10:55:00 AM (UTC, UTC+0:00)',
  ],
  ['**Local time:** 21.11.2026, 10:55', 'date', '21.11.2026, 10:55', 'Local time: 21.11.2026, 10:55'],
  ['The current month is November 2026. Use it.', 'date', 'November 2026', 'current month: November 2026'],
  ['"timestamp": 1763722500123,', 'date', '1763722500123', 'timestamp: 1763722500123'],
  ['Tokens remaining: 187,655 of 200,000', 'countdown', '187,655', 'Tokens remaining: 187,655'],
  ['Context left: 42% until compaction', 'countdown', '42%', 'Context left: 42%'],
  ['Time left: 12 minutes.', 'countdown', '12 minutes', 'Time left: 12 minutes'],
  [`Session ID: ${UUID}`, 'id', UUID, `Session ID: ${UUID}`],
  ['{"message_id": "4821"}', 'id', '4821', 'message_id: 4821'],
  [`Trace-Id = ${UUID}`, 'trace-id', UUID, `Trace-Id: ${UUID}`],
  [
    'request_id=req_011CabcDEF123456789xyz',
    'id',
    'req_011CabcDEF123456789xyz',
    'request_id: req_011CabcDEF123456789xyz',
  ],
];

describe('what is marked', () => {
  test.each(MARKED)('%s', (text, rule, span, statement) => {
    const found = ruleSpans(text).map((each) => ({ ...each, text: text.slice(each.start, each.end) }));
    expect(found).toMatchObject([{ rule, text: span, statement }]);
  });

  test('there is a case for every rule', () => {
    expect(new Set(MARKED.map(([, rule]) => rule))).toEqual(new Set(PREFIX_RULES.map(({ name }) => name)));
  });

  test('spans come in the order of the text and never overlap', () => {
    const text = `Session id: ${UUID}\nToday is 2026-11-21\nTokens left: 5\nnonce: abcdef123456\nCurrent time: 10:55`;
    const found = ruleSpans(text);
    expect(found.map(({ rule }) => rule)).toEqual(['id', 'date', 'countdown', 'trace-id', 'date']);
    for (const [index, span] of found.entries()) expect(span.start).toBeGreaterThanOrEqual(found[index - 1]?.end ?? 0);
  });

  test('one rule marks a limited number of spans', () => {
    expect(ruleSpans('Today is 2026-11-21.\n'.repeat(500)).length).toBe(32);
  });
});

describe('what is left alone', () => {
  test.each([
    ['a date without a label', 'Released on 2026-11-21, see the notes of Sat Nov 21 2026.'],
    ['a label without a date', 'The current date is important. Today is a good day. Current time: unknown.'],
    ['a knowledge cutoff', 'Knowledge cutoff: January 2025.'],
    ['a billing line that is not at the start', 'Hello.\nx-anthropic-billing-header: cc_version=1;'],
    ['an id that is a word', 'session_id: required, the id of the session'],
    ['an id in a schema', '{"request_id": {"type": "string"}}'],
    ['a number of things', 'You have 5 turns. 3 messages are left unread. Use 2 tokens.'],
    ['a label inside a word', 'nottoday: 2026-11-21'],
    ['a timeout', 'The time limit is 120 seconds'],
  ])('%s', (_title, text) => {
    expect(ruleSpans(text)).toEqual([]);
    expect(withoutRuleSpans(text)).toBe(text);
  });
});

test('a text without its spans is the same whatever they say', () => {
  const prompt = (day: number, id: string): string => `Be brief.\nToday's date: 2026-11-${day}\nRun id: ${id}\nGo on.`;
  expect(withoutRuleSpans(prompt(21, UUID))).toBe(withoutRuleSpans(prompt(22, UUID.replace('8', '9'))));
});

test('a text made to be slow to search takes no longer than its length allows', () => {
  const evil = ['today is Mon, ', '-a', 'a1', "today's date: 2026, (a", 'current date ', '(UTC'];
  for (const piece of evil) {
    const text = piece.repeat(Math.ceil(65_536 / piece.length));
    const startedAt = performance.now();
    ruleSpans(text);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  }
});
