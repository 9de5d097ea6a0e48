/** Do the catalogue's error replies count as what the catalogue says, in the eyes of the real classifier? */
import { expect, test } from 'bun:test';
import type { DialectName } from '#core/message';
import { classifyError } from '#dialects/upstream-error';
import { GOOD_ANSWERS } from '#tests/support/answer';
import type { Step } from '#tests/support/fake-tier-steps';
import { faultsFor, tierFault } from '#tests/support/faults';

const DIALECTS: readonly DialectName[] = ['openai-chat', 'anthropic-messages'];

const bodyOf = async (steps: Iterable<Step> | AsyncIterable<Step>): Promise<string> => {
  let body = '';
  for await (const step of steps) if ('chunk' in step) body += Buffer.from(step.chunk).toString();
  return body;
};

const CASES = DIALECTS.flatMap((dialect) =>
  faultsFor(dialect, true)
    .filter((name) => tierFault(name).shows === 'status')
    .map((name) => [dialect, name] as const),
);

test.each(CASES)('%s: %s', async (dialect, name) => {
  const fault = tierFault(name);
  const body = await bodyOf(fault.steps({ dialect, stream: true, answer: GOOD_ANSWERS.text }));
  expect(classifyError(fault.status ?? 0, body).kind).toBe(fault.kind);
});
