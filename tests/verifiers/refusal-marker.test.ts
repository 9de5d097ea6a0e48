/** Which openings lower the score, and does none of them ever fail an answer? */
import { expect, test } from 'bun:test';
import { judge } from '#tests/verifiers/support';
import { refusal } from '#verifiers/refusal';

const openings = [
  "I can't help with that.",
  'I cannot help with that.',
  "I can't assist with this",
  'I cannot assist with this',
  "I'm not able to open files",
  'I am not able to open files',
  "I'm unable to",
  'I am unable to',
  "I won't be able to",
  'I will not be able to',
  'As an AI language model, I',
  "I'm sorry, but I can't",
  "I'm sorry, but I cannot",
  '  \n\tI\u2019M UNABLE TO read this',
] as const;

test.each(openings)('%p lowers the score to 0.2 and passes', (text) => {
  expect(judge(refusal, { text }, undefined, [3])).toEqual({ finding: undefined, score: 0.2, provenAt: -1 });
});

test.each(['The function says "I cannot help with that" when asked.', 'I can help with that.', 'I', ''])(
  '%p keeps the full score',
  (text) => {
    expect(judge(refusal, { text }).score).toBe(1);
  },
);

test('a refusal in its own channel lowers the score', () => {
  expect(judge(refusal, { refusal: 'No.' }).score).toBe(0.2);
});
