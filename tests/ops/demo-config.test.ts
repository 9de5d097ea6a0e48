/** Is the demo's configuration a valid file that makes the first request show a rejection and an escalation? */
import { expect, test } from 'bun:test';
import { demoConfig } from '#ops/demo/config';
import { loadConfigText } from '#ops/load-config';
import { simulatedEffects } from '#tests/support/effects';

const load = () =>
  loadConfigText(
    demoConfig({ fastUrl: 'http://127.0.0.1:1111', heavyUrl: 'http://127.0.0.1:2222' }),
    {},
    simulatedEffects(),
  );

test('it loads without problem or warning', async () => {
  const read = await load();
  expect(read).toMatchObject({ ok: true, warnings: [] });
});

test('chat goes to the failing tier first and to the sound one next; unmeasured tiers are verified, not refused', async () => {
  const read = await load();
  if (!read.ok) throw new Error('the demo configuration does not load');
  const { settings } = read;
  expect(settings.presets.get('chat')?.tiers).toEqual(['demo-fast', 'demo-heavy']);
  expect(settings.presets.get('quick-edit')?.tiers).toEqual(['demo-fast', 'demo-heavy']);
  expect(settings.presets.get('planning')?.tiers).toEqual(['demo-heavy']);
  expect(settings.whenUnproven).toBe('verify');
  expect(settings.hold.byVerdict['allow-with-verify']).toBe('all');
  expect(settings.hold.keepaliveAfterMs).toBe(5000);
  const fast = settings.tierById.get('demo-fast');
  expect(fast).toMatchObject({ baseUrl: 'http://127.0.0.1:1111/v1', privacy: 'local', toolSupport: true });
  // The tier hangs for 20 seconds on demo:slow; its deadline must come first.
  expect(fast?.deadlines.firstByteMs).toBe(1500);
  expect(fast?.deadlines.totalMs).toBe(4000);
});
