/** A tier that breaks off has said its first words and never how they end, streamed or not. */
import { describe, expect, test } from 'bun:test';
import { DIALECTS } from '#scripts/harness/client';
import { mishapSteps } from '#scripts/harness/mishaps';
import { plainAnswer } from '#tests/support/answer';
import type { Steps } from '#tests/support/fake-tier-steps';

const answer = plainAnswer('The first of three steps is to look at the counter, and the last one is to reset it.');

interface Said {
  readonly status: number | undefined;
  readonly text: string;
  readonly closed: boolean;
}

const said = async (steps: Steps): Promise<Said> => {
  let status: number | undefined;
  let text = '';
  let closed = false;
  for await (const step of steps) {
    if ('status' in step) status = step.status;
    else if ('chunk' in step) text += Buffer.from(step.chunk).toString('utf8');
    else closed ||= 'close' in step;
  }
  return { status, text, closed };
};

describe('an answer that is cut', () => {
  for (const dialect of Object.values(DIALECTS)) {
    test(`has begun and does not end, as a stream of ${dialect}`, async () => {
      const { status, text, closed } = await said(mishapSteps(dialect, true, { cut: answer }));
      expect([status, closed]).toEqual([200, true]);
      expect(text).toContain('The first of');
      expect(text).not.toContain('reset it.');
      expect(text).not.toMatch(/\[DONE\]|message_stop|response\.completed/);
    });

    test(`is half a document, as a whole reply of ${dialect}`, async () => {
      const { status, text, closed } = await said(mishapSteps(dialect, false, { cut: answer }));
      expect([status, closed]).toEqual([200, true]);
      expect(() => JSON.parse(text)).toThrow(SyntaxError);
    });
  }
});

test('a refusal says that the request is at fault, a failure that the tier is', async () => {
  expect((await said(mishapSteps('openai-chat', true, 'refuse'))).status).toBe(422);
  expect((await said(mishapSteps('openai-chat', true, 'fail'))).status).toBe(500);
});
