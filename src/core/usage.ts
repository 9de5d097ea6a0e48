/** Which counts did a tier leave out? No prompt has 0 tokens, and no words cost 0: such a count was not told. */
import type { Usage } from '#core/message';

/** The usage with counts that are missing taken from the estimate, and marked as one then; the same object otherwise. */
export const soundUsage = (usage: Usage, estimate: Usage): Usage => {
  const input = usage.input || estimate.input;
  const output = usage.output || estimate.output;
  return input === usage.input && output === usage.output ? usage : { ...usage, input, output, estimated: true };
};
