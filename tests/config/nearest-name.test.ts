/** Is the suggestion what the writer meant, and is there none when nothing is close? */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { nearestName } from '#config/nearest';

const NAMES = [
  'mapping_version',
  'tiers',
  'presets',
  'aliases',
  'relay_timeout',
  'idle_seconds',
  'total_seconds',
  'max',
];

test.each([
  ['tires', 'tiers'],
  ['tier', 'tiers'],
  ['Presets', 'presets'],
  ['preset', 'presets'],
  ['relay-timeout', 'relay_timeout'],
  ['mapping_verison', 'mapping_version'],
  ['idle', 'idle_seconds'],
  ['mx', 'max'],
  ['colour', undefined],
  ['', undefined],
  ['x'.repeat(10_000), undefined],
])('%p means %p', (word, expected) => {
  expect(nearestName(word, NAMES)).toBe(expected);
});

test('a name with one slip is found again', () => {
  const names = NAMES.filter((name) => name.length > 4);
  const slip = fc.constantFrom(...names).chain((name) =>
    fc.record({
      name: fc.constant(name),
      at: fc.nat(name.length - 2),
      kind: fc.constantFrom('drop', 'double', 'swap', 'replace'),
    }),
  );
  fc.assert(
    fc.property(slip, ({ name, at, kind }) => {
      const [before, here, next, after] = [name.slice(0, at), name.charAt(at), name.charAt(at + 1), name.slice(at + 2)];
      const mistyped = {
        drop: before + next + after,
        double: before + here + here + next + after,
        swap: before + next + here + after,
        replace: `${before}q${next}${after}`,
      }[kind];
      expect(nearestName(mistyped ?? '', names)).toBe(name);
    }),
  );
});
