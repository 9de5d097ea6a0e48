/** A router with one scripted tier behind every preset, for tests about what that tier is sent. */
import type { DialectName } from '#core/message';
import { type FakeTier, startFakeTier } from '#tests/support/fake-tier';
import { startTestServer, type TestServer } from '#tests/support/test-server';

export interface OneTier {
  readonly tier: FakeTier;
  readonly server: TestServer;
}

const PRESETS = ['chat', 'quick-edit', 'review', 'planning', 'long-context'];

/** A local tier is held back whole with every check, a cloud one is relayed unheld. */
export const startOneTier = async (
  dialect: DialectName,
  privacy: 'local' | 'cloud',
  contextLimit: number,
): Promise<OneTier> => {
  const tier = await startFakeTier();
  const server = await startTestServer({
    env: { TEST_KEY: 'key' },
    toml: `[router]
mapping_version = "one-tier"
when_unproven = "verify"
metered_cloud = ${JSON.stringify(PRESETS)}
[[router.tiers]]
id = "only"
base_url = "${tier.url}/v1"
model = "served-model"
dialect = "${dialect}"
context_limit = ${contextLimit}
privacy = "${privacy}"
tool_support = true
auth_env = "TEST_KEY"
[router.presets]
${PRESETS.map((preset) => `${preset} = ["only"]`).join('\n')}
`,
  });
  return { tier, server };
};
