// The classifier's verdict on whole prompts: v0.9's vectors first, then the prompts that v0.9 got wrong.
import { describe, expect, test } from 'bun:test';
import { classify } from '#core/classifier';
import { parseKeywords } from '#core/keywords';
import type { RequestFacts } from '#core/message';
import type { WorkClass } from '#core/work-class';
import { factsOf } from '#tests/core/decide-fixtures';

type Row = readonly [text: string, workClass: WorkClass, confident: boolean];

const judged = (text: string, fields: Partial<RequestFacts> = {}) => {
  const { workClass, confident } = classify(factsOf(text, fields));
  return [text, workClass, confident];
};

const V09: readonly Row[] = [
  ['hello', 'chat', false],
  ['make a design review', 'review', false],
  ['exchange', 'chat', false],
  ['planes', 'chat', false],
  ['redesigned', 'chat', false],
  ['explaining', 'chat', false],
  ['plans', 'planning', true],
  ['planning', 'planning', true],
  ['review and fix this', 'review', false],
];

const MENDED: readonly Row[] = [
  ['can you plan the fix', 'planning', true],
  ["don't refactor, just fix the test", 'bounded-edit', true],
  ['Please refactor the auth module across the codebase', 'multi-file-refactor', true],
  ['Break down the work step by step', 'planning', true],
  ['give me a review of the change', 'review', true],
  ['thanks for the feedback', 'review', false],
  ['why did the change break?', 'bounded-edit', false],
  ['i like the design', 'planning', false],
  ['/review this PR', 'review', true],
  ['look at src/plan/edit.ts and plan.md', 'chat', false],
  ['what does fix() return?', 'chat', false],
  ['what does "review and fix" mean?', 'chat', false],
  ['Fix the bug in the parser.\n\n- add a test\n- do not change the design', 'bounded-edit', true],
];

describe('a prompt without tools or thinking', () => {
  for (const row of V09) test(`${row[0]} is judged as v0.9 judged it`, () => expect(judged(row[0])).toEqual([...row]));
  for (const row of MENDED) {
    test(`${JSON.stringify(row[0])} is ${row[1]}${row[2] ? '' : ', not certain'}`, () =>
      expect(judged(row[0])).toEqual([...row]));
  }
});

describe('word boundaries', () => {
  test.each(['überplan', 'planλ', 'plan_b', 'plan9', 'ñplan', '𐐀plan', 'plan𐐀'])('%s holds no keyword', (word) =>
    expect(classify(factsOf(word)).evidence).toEqual(['nothing']),
  );
  test.each(['plan!', '(plan)', 'plan…', '«x» plan', 'сделай plan', '计划 plan 计划'])(
    '%s holds the keyword plan',
    (text) => expect(classify(factsOf(text)).evidence[0]).toBe('planning:plan'),
  );
});

describe('the form of the request', () => {
  test('tools alone mean an edit', () => {
    const { workClass, confident } = classify(factsOf('go on', { toolNames: ['bash', 'edit'], needsTools: true }));
    expect([workClass, confident]).toEqual(['bounded-edit', true]);
  });
  test('tools that only look do not mean an edit', () => {
    const { workClass, confident } = classify(factsOf('go on', { toolNames: ['read', 'grep', 'glob'] }));
    expect([workClass, confident]).toEqual(['chat', false]);
  });
  test('thinking without tools means planning', () => {
    const { workClass, confident } = classify(factsOf('go on', { thinkingEnabled: true }));
    expect([workClass, confident]).toEqual(['planning', true]);
  });
  test('thinking beside tools is the stricter class without certainty, because some harnesses always send it', () => {
    const { workClass, confident } = classify(factsOf('go on', { thinkingEnabled: true, toolNames: ['bash'] }));
    expect([workClass, confident]).toEqual(['planning', false]);
  });
  test('a keyword that is only mentioned does not outweigh the tools, but takes their certainty', () => {
    const { workClass, confident } = classify(factsOf('thanks for the feedback', { toolNames: ['bash'] }));
    expect([workClass, confident]).toEqual(['bounded-edit', false]);
  });
  test('a mentioned keyword of the same class as the tools leaves it certain', () => {
    const { workClass, confident } = classify(factsOf('the fix fails', { toolNames: ['bash'] }));
    expect([workClass, confident]).toEqual(['bounded-edit', true]);
  });
  test('a commanding keyword outweighs tools and thinking', () => {
    const found = classify(factsOf('review this', { toolNames: ['bash'], thinkingEnabled: true }));
    expect([found.workClass, found.confident, found.basis]).toEqual(['review', true, 'text']);
  });
});

describe('turns of tool results', () => {
  test('keep the class of the last instruction', () => {
    const facts = factsOf('plan the migration', { lastTurnIsToolResult: true, toolNames: ['bash'] });
    expect(classify(facts).workClass).toBe('planning');
  });
  test('fall back to the first instruction when the last user text is injected context', () => {
    const lastUserText = '<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nfix things\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>';
    expect(classify(factsOf('', { lastUserText, firstUserText: 'plan the migration' })).evidence[0]).toBe(
      'planning:plan',
    );
  });
});

describe('system prompts', () => {
  test('a long standing prompt says nothing about intent', () => {
    const systemText = 'You plan, review, refactor and fix code. '.repeat(40);
    expect(classify(factsOf('hello', { systemText })).evidence).toEqual(['nothing']);
  });
  test('a short one written for the request helps, but never makes the class certain', () => {
    const { workClass, confident } = classify(factsOf('see below', { systemText: 'Review and critique: audit it.' }));
    expect([workClass, confident]).toEqual(['review', false]);
  });
  test('a short one is not heard when the instruction itself speaks', () => {
    expect(classify(factsOf('fix it', { systemText: 'Review this.' })).workClass).toBe('bounded-edit');
  });
});

describe("an operator's own keywords", () => {
  test('replace the table, and key order is priority', () => {
    const read = parseKeywords({ 'bounded-edit': ['répare'], review: ['relis'] });
    if (!read.ok) throw new Error(read.problems.join());
    expect(classify(factsOf('répare ceci'), read.table).workClass).toBe('bounded-edit');
    expect(classify(factsOf('relis puis, répare'), read.table).workClass).toBe('bounded-edit');
    expect(classify(factsOf('plan this'), read.table).evidence).toEqual(['nothing']);
  });
});

test('evidence names rules and phrases of the table, never the text', () => {
  const { evidence } = classify(factsOf('please review SECRET-WORD and fix it', { toolNames: ['bash'] }));
  expect(evidence).toEqual(['review:review', 'bounded-edit:fix', 'tools:offered']);
});
