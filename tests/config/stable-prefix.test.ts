/** For which tiers is the beginning of a prompt kept stable? */
import { expect, test } from 'bun:test';
import { problemsOf, settingsOf, tierOf, tierToml } from '#tests/config/support';

const withTier = (...lines: readonly string[]): string => `[router]\nmapping_version = "1"\n${tierToml('a', lines)}`;
const isStable = (...lines: readonly string[]): boolean | undefined =>
  tierOf(settingsOf(withTier(...lines)), 'a').stablePrefix;

test.each([
  [true, ['privacy = "local"']],
  [true, ['privacy = "local"', 'stable_prefix = true']],
  [false, ['privacy = "local"', 'stable_prefix = false']],
  [false, ['privacy = "cloud"']],
  [false, ['privacy = "cloud"', 'stable_prefix = false']],
])('%p for a tier with %j', (expected, lines) => {
  expect(isStable(...lines)).toBe(expected);
});

test('a cloud tier cannot have it', () => {
  const [problem, ...others] = problemsOf(withTier('privacy = "cloud"', 'stable_prefix = true'));
  expect(others).toEqual([]);
  expect(problem?.message).toBe('tier "a": a cloud tier is sent the prompt as the caller wrote it');
});

test('anything but true or false is refused', () => {
  expect(problemsOf(withTier('stable_prefix = "yes"'))).toHaveLength(1);
});
