/** Does scrubbing take time linear in the text, also for text made to be slow? */
import { expect, test } from 'bun:test';
import { createScrubber, redact } from '#core/redact';

const scrub = createScrubber(['literal-secret']);
const CHARS = 1_000_000;
/** Quadratic time on a million characters is minutes; linear time is some ten milliseconds. */
const MS_MAX = 3_000;

const fill = (unit: string): string => unit.repeat(Math.ceil(CHARS / unit.length));

test.each([
  'sk-',
  'sk-a',
  'sk-sk_live_',
  'ghp_',
  'github_pat_',
  'xoxb-',
  'AIza',
  'AKIA',
  'eyJ',
  'eyJ-',
  'eyJaaaaaaaa.',
  'Bearer ',
  'bearer      ',
  'Bearer\n',
  'authorization',
  'authorization: ',
  'cookie=',
  'api_key = ',
  'token   ',
  'secret=   ',
  '://',
  '://a:',
  '://:',
  '-----BEGIN PRIVATE KEY-----',
  '-----BEGIN ',
  '-----BEGIN A',
  'literal-secre',
  'a',
  '_-',
  ' ',
])('a million characters of %p', (unit) => {
  const began = performance.now();
  scrub(fill(unit));
  scrub(`x-api-key: ${fill(unit)}`);
  scrub(`eyJ${fill(unit)}`);
  expect(performance.now() - began).toBeLessThan(MS_MAX);
});

test('a structure that is deep, wide or circular is cut, not walked for ever', () => {
  const options = { scrub, sha256: () => '0'.repeat(64) };
  const circle: Record<string, unknown> = { name: 'loop' };
  circle.self = circle;
  expect(JSON.stringify(redact(circle, options))).toContain('[CUT]');
  const wide = redact({ rows: Array.from({ length: 100_000 }, () => ({ a: 1, b: [2] })) }, options);
  expect(JSON.stringify(wide).length).toBeLessThan(200_000);
  let deep: unknown = 'bottom';
  for (let level = 0; level < 10_000; level++) deep = [deep];
  expect(JSON.stringify(redact(deep, options))).toContain('[CUT]');
});
