/** A proxy set for the whole machine is for the web, not for the tiers: is it left alone? */
import { expect, test } from 'bun:test';
import { startFakeTier } from '#tests/support/fake-tier';
import { json } from '#tests/support/fake-tier-steps';

test('HTTP_PROXY and its relatives do not stand between the router and a tier', async () => {
  await using tier = await startFakeTier();
  await using proxy = await startFakeTier();
  tier.always(json(200, {}));
  proxy.always(json(502, {}));
  const program = Bun.spawn([process.execPath, 'tests/upstream/proxy-program.ts', tier.url], {
    env: { ...process.env, HTTP_PROXY: proxy.url, http_proxy: proxy.url, ALL_PROXY: proxy.url, NO_PROXY: '' },
    stdout: 'pipe',
    stderr: 'inherit',
  });
  expect(await new Response(program.stdout).text()).toBe('200');
  expect(await program.exited).toBe(0);
  expect(tier.requests.length).toBe(1);
  expect(proxy.accepted).toBe(0);
});
