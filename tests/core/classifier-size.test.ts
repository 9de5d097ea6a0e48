// When a request counts as long, and that its length never hides what it asks for nor costs more than linear time.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { classify } from '#core/classifier';
import { factsOf } from '#tests/core/decide-fixtures';

const chars = (messages: number) => ({ chars: { system: 200_000, messages, tools: 200_000 } });

describe('the size of the input', () => {
  test('4,000 words in one question are long context', () => {
    expect(classify(factsOf('words '.repeat(4_000)))).toMatchObject({ workClass: 'long-context', confident: true });
  });
  test('a standing system prompt and tool definitions do not count', () => {
    expect(classify(factsOf('hello', chars(5))).workClass).toBe('chat');
  });
  test("an agent's loop counts as long much later than a single question", () => {
    const question = factsOf('hello', chars(40_000));
    expect(classify(question).workClass).toBe('long-context');
    expect(classify({ ...question, needsTools: true, toolNames: ['bash'] }).workClass).toBe('bounded-edit');
    expect(classify({ ...factsOf('hello', chars(90_000)), needsTools: true }).workClass).toBe('long-context');
  });
  test('does not hide stricter work that the words ask for', () => {
    const found = classify(factsOf('plan the migration', chars(90_000)));
    expect(found).toMatchObject({ workClass: 'planning', confident: true, evidence: ['planning:plan', 'size:long'] });
  });
  test('does hide laxer work', () => {
    expect(classify(factsOf('fix it', chars(90_000)))).toMatchObject({ workClass: 'long-context', basis: 'shape' });
  });
});

const LENGTH = 1_000_000;
const fill = (unit: string): string => unit.repeat(Math.ceil(LENGTH / unit.length)).slice(0, LENGTH);

describe('a million characters of', () => {
  const units = [
    '`',
    '\n```',
    '\n~~~',
    '<file ',
    '<context>',
    '"',
    'plan ',
    '> ',
    '@@ -1 +1 @@\n',
    '计划',
    'a',
    ' ',
    '\n',
  ];
  test.each(units)('%j are judged in time that is linear, instruction at the end included', (unit) => {
    const facts = factsOf(`${fill(unit)}\n\nplease plan this`);
    classify(facts);
    const started = performance.now();
    const found = classify(facts);
    // Linear takes about 3 ms; a quadratic search would take many seconds.
    expect(performance.now() - started).toBeLessThan(500);
    expect(found.evidence).toContain('size:long');
  });
});

test('any text gets a class, a confidence between 0 and 1 and some evidence', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom('```', '<file>', '</file>', 'plan', '\n', '@@ -1,9 +1 @@'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.string(), { maxLength: 3 }), (pieces, toolNames) => {
      const found = classify(factsOf(pieces.join(''), { toolNames }));
      expect(found.confidence).toBeGreaterThanOrEqual(0);
      expect(found.confidence).toBeLessThanOrEqual(1);
      expect(found.evidence.length).toBeGreaterThan(0);
      expect(classify(factsOf(pieces.join(''), { toolNames }))).toEqual(found);
    }),
  );
});
