// How each candidate is held and checked, by its own verdict and the operator's hold table.
import { describe, expect, test } from 'bun:test';
import { treatmentOf } from '#core/policy';
import type { HoldSettings } from '#core/settings';
import type { HoldMode, Tier, Verdict } from '#core/tier';
import type { WorkClass } from '#core/work-class';
import { CLOUD, FAST, intentOf, settingsOf } from '#tests/core/decide-fixtures';

const treated = (tier: Tier, verdict: Verdict, hold: Partial<HoldSettings>, gateClass: WorkClass = 'chat'): string => {
  const { hold: mode, checks } = treatmentOf(tier, verdict, intentOf([], { gateClass }), settingsOf({ hold }));
  return `${mode} ${checks}`;
};

const byVerdict = (allow: HoldMode, verified: HoldMode) => ({ byVerdict: { allow, 'allow-with-verify': verified } });

describe('a local tier that is allowed', () => {
  test.each([
    ['all', 'all minimal'],
    ['block', 'block minimal'],
    ['none', 'none none'],
  ] as const)('under hold %s is served %s', (allow, expected) => {
    expect(treated(FAST, 'allow', byVerdict(allow, 'all'))).toBe(expected);
  });
  test('follows the setting of its work class in either direction', () => {
    expect(treated(FAST, 'allow', { byWorkClass: { chat: 'none' } })).toBe('none none');
    expect(treated(FAST, 'allow', { byWorkClass: { chat: 'all' } })).toBe('all minimal');
    expect(treated(FAST, 'allow', { byWorkClass: { review: 'all' } })).toBe('block minimal');
  });
});

describe('a local tier that has to be verified', () => {
  test('runs the full chain under its own hold', () => {
    expect(treated(FAST, 'allow-with-verify', byVerdict('none', 'all'))).toBe('all full');
    expect(treated(FAST, 'allow-with-verify', byVerdict('none', 'block'))).toBe('block full');
  });
  test('is tightened by the setting of its work class, never loosened', () => {
    expect(treated(FAST, 'allow-with-verify', { ...byVerdict('none', 'block'), byWorkClass: { chat: 'all' } })).toBe(
      'all full',
    );
    expect(treated(FAST, 'allow-with-verify', { ...byVerdict('none', 'all'), byWorkClass: { chat: 'none' } })).toBe(
      'all full',
    );
  });
  test('is left unchecked only where the operator holds nothing of it outright', () => {
    expect(treated(FAST, 'allow-with-verify', byVerdict('all', 'none'))).toBe('none none');
  });
});

test('where the text asks for a stricter class, the stricter of both class settings counts', () => {
  expect(treated(FAST, 'allow', { byWorkClass: { chat: 'none', planning: 'all' } }, 'planning')).toBe('all minimal');
  expect(treated(FAST, 'allow', { byWorkClass: { chat: 'all', planning: 'none' } }, 'planning')).toBe('all minimal');
  expect(treated(FAST, 'allow', { byWorkClass: { planning: 'none' } }, 'planning')).toBe('none none');
});

test('a cloud tier follows its own setting, whatever the verdict and the class', () => {
  for (const verdict of ['allow', 'allow-with-verify'] as const) {
    expect(treated(CLOUD, verdict, { byWorkClass: { chat: 'all' } })).toBe('none none');
    expect(treated(CLOUD, verdict, { cloud: 'block' })).toBe('block full');
  }
});

test('a denied tier is served, if at all, wholly held and fully checked', () => {
  expect(treated(FAST, 'deny', { ...byVerdict('none', 'none'), byWorkClass: { chat: 'none' } })).toBe('all full');
});
