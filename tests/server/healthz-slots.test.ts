/** Does the operator's page show what each swap group's multiplexer says of itself, and admit when nothing is known? */
import { expect, test } from 'bun:test';
import type { SlotSource, TierResidency } from '#core/residency';
import type { SlotsStatus } from '#core/slots-status';
import { startTestServer } from '#tests/support/test-server';
import { twoTiersToml } from '#tests/support/two-tiers';
import { sampleSlots } from '#tests/upstream/sample-slots';

const GROUPS = `
[[router.swap_groups]]
name = "gpu0"
registry = "models.toml"
[[router.swap_groups]]
name = "far"
url = "http://box:8001"
`;
const READY: TierResidency = { state: 'ready', readyInMs: 0, needs: 'nothing', inFlight: 2, queued: 1 };

const sourceOf = (groups: Readonly<Record<string, SlotsStatus | undefined>>) => {
  const source: SlotSource = {
    residency: ({ swapGroup }) => (swapGroup === 'gpu0' ? READY : undefined),
    acquire: () => undefined,
    groups: () => groups,
  };
  return { source, metrics: async () => '' };
};

const healthOf = async (tables: string, slots?: ReturnType<typeof sourceOf>): Promise<unknown> => {
  const share = { fast: 'swap_group = "gpu0"', heavy: 'swap_group = "far"', tables };
  const toml = twoTiersToml('http://127.0.0.1:1', 'http://127.0.0.1:1', share);
  await using server = await startTestServer({ toml, ...(slots ? { slots } : {}) });
  return (await server.get('/healthz?verbose')).json();
};

test('each group has its status, each tier its residency', async () => {
  const status = sampleSlots();
  expect(await healthOf(GROUPS, sourceOf({ gpu0: status, far: status }))).toMatchObject({
    slots: { gpu0: status, far: status },
    tiers: [
      { id: 'fast-local', swap_group: 'gpu0', residency: READY },
      { id: 'heavy-local', swap_group: 'far', residency: null },
    ],
  });
});

test('a group of which nothing fresh is known is null, not missing', async () => {
  const health = await healthOf(GROUPS, sourceOf({ gpu0: sampleSlots(), far: undefined }));
  expect(health).toMatchObject({ slots: { gpu0: { object: 'slots' }, far: null } });
  expect(await healthOf(GROUPS)).toMatchObject({ slots: { gpu0: null, far: null } });
});

test('the metrics tell which groups are known', async () => {
  const toml = twoTiersToml('http://127.0.0.1:1', 'http://127.0.0.1:1', {
    fast: 'swap_group = "gpu0"',
    tables: GROUPS,
  });
  await using server = await startTestServer({ toml, slots: sourceOf({ gpu0: sampleSlots(), far: undefined }) });
  const text = await (await server.get('/metrics')).text();
  expect(text).toContain('anvil_swap_group_known{group="gpu0"} 1\n');
  expect(text).toContain('anvil_swap_group_known{group="far"} 0\n');
});

test('without declared groups there is nothing to show', async () => {
  expect(await healthOf('')).toMatchObject({ slots: {}, tiers: [{ residency: null }, { residency: null }] });
});
