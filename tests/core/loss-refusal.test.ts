/** When every tier was passed over for want of a field, is the caller told which one, in its own words? */
import { expect, test } from 'bun:test';
import { uncarriedFailure } from '#core/loss-refusal';

const passedOver = {
  tier: 'secret-tier',
  outcome: 'skipped-translation',
  detail: 'its dialect cannot carry `stop`',
} as const;
const plan = { exclusions: [] };

test('the field is named as the caller calls it', () => {
  const CASES = [
    ['stop', 'openai-chat', 'stop', 'stop: '],
    ['stop', 'anthropic-messages', 'stop_sequences', 'stop_sequences: '],
    ['messages.user.audio', 'openai-chat', 'messages', 'messages.user.audio: '],
    ['messages.user.audio', 'openai-responses', 'input', 'input.user.audio: '],
    ['response_format', 'openai-responses', 'text', 'text: '],
    ['n', 'openai-chat', 'n', 'n: '],
  ] as const;
  for (const [name, caller, param, opening] of CASES) {
    const refusal = uncarriedFailure(plan, [passedOver], name, caller);
    expect(refusal).toMatchObject({ kind: 'unsupported', status: 400, param });
    expect(refusal?.message.startsWith(opening)).toBe(true);
    expect(refusal?.message).not.toContain('secret-tier');
  }
});

test('it is no refusal when something else stood in the way as well', () => {
  const other = { ...passedOver, outcome: 'skipped-busy' } as const;
  expect(uncarriedFailure(plan, [passedOver, other], 'stop', 'openai-chat')).toBeUndefined();
  expect(uncarriedFailure(plan, [], 'stop', 'openai-chat')).toBeUndefined();
  expect(uncarriedFailure(plan, [passedOver], undefined, 'openai-chat')).toBeUndefined();
});

test('a tier that may come back is worth waiting for; one that is denied is not', () => {
  const without = (kind: 'unavailable' | 'breaker-open' | 'denied') =>
    uncarriedFailure({ exclusions: [{ tier: 'two', kind, detail: '' }] }, [passedOver], 'stop', 'openai-chat');
  expect(without('unavailable')).toBeUndefined();
  expect(without('breaker-open')).toBeUndefined();
  expect(without('denied')?.kind).toBe('unsupported');
});
