/** How long does a tier ask to be left alone? */
import { describe, expect, test } from 'bun:test';
import { retryAfter } from '#router/attempt';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);

describe('Retry-After', () => {
  test.each([
    ['7', 7_000],
    ['0', 0],
    ['0.5', 500],
    [' 12 ', 12_000],
    ['Thu, 01 Jan 2026 12:00:30 GMT', 30_000],
    ['Thu, 01 Jan 2026 12:00:00 GMT', 0],
  ])('%j is %d ms', (value, ms) => {
    expect(retryAfter(new Headers({ 'retry-after': value }), NOW)).toEqual({ retryAfterMs: ms });
  });

  test.each(['-1', 'soon', 'Infinity', 'NaN', 'Thu, 01 Jan 2026 11:59:59 GMT', 'Thu, 99 Foo'])(
    '%j says nothing',
    (value) => {
      expect(retryAfter(new Headers({ 'retry-after': value }), NOW)).toEqual({});
    },
  );

  test('an absent or empty header says nothing', () => {
    expect(retryAfter(new Headers(), NOW)).toEqual({});
    expect(retryAfter(new Headers({ 'retry-after': '' }), NOW)).toEqual({});
  });
});
