/** A real server on a configuration file as it stands, with a fake tier in place of every address the file names. */
import { readFile } from 'node:fs/promises';
import type { DialectName } from '#core/message';
import { parseToml } from '#platform/toml';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { type FakeTier, startFakeTier } from '#tests/support/fake-tier';
import { startTestServer, type TestServer, type TestServerOptions } from '#tests/support/test-server';

const ROOT = new URL('../../', import.meta.url);

export interface Configured extends AsyncDisposable {
  readonly server: TestServer;
  /** The configuration in force, addresses replaced. */
  readonly toml: string;
  /** The fake tier behind a tier id; throws for an id that the file does not have. */
  tier(id: string): FakeTier;
  /** Tier ids that were asked, in the file's order. */
  asked(): readonly string[];
}

interface TierEntry {
  readonly id: string;
  readonly base_url: string;
  readonly dialect: string;
}

const tiersOf = (toml: string): readonly TierEntry[] => {
  const parsed = parseToml(toml);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return (parsed.document as { router: { tiers: TierEntry[] } }).router.tiers;
};

const wire = (dialect: string): DialectName => (dialect.startsWith('anthropic') ? 'anthropic-messages' : 'openai-chat');

/** What a tier of these configurations says when the test does not script it. */
export const answerOf = (tierId: string): string => `This is the answer of ${tierId}, and it is complete.`;

/** Text of a file of this project, by its path from the root. */
export const projectFile = (path: string): Promise<string> => readFile(new URL(path, ROOT), 'utf8');

/** Starts the server. Every tier answers well, streamed or whole as it is asked. */
export const startConfigured = async (
  toml: string,
  options: Omit<TestServerOptions, 'toml'> = {},
): Promise<Configured> => {
  const tiers = new Map<string, FakeTier>();
  let text = toml;
  for (const { id, base_url, dialect } of tiersOf(toml)) {
    const tier = await startFakeTier();
    tier.always((request) =>
      answerSteps(wire(dialect), (request.json as { stream?: boolean }).stream === true, plainAnswer(answerOf(id))),
    );
    tiers.set(id, tier);
    text = text.replace(`"${base_url}"`, `"${tier.url}/v1"`);
  }
  const server = await startTestServer({ toml: text, ...options });
  return {
    server,
    toml: text,
    tier(id) {
      const found = tiers.get(id);
      if (!found) throw new Error(`no tier ${id} in this configuration`);
      return found;
    },
    asked: () => [...tiers].filter(([, tier]) => tier.requests.length > 0).map(([id]) => id),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      for (const tier of tiers.values()) await tier.stop();
    },
  };
};
