/** Does signed thinking, kept by any caller and sent on through any tier, come back to its own dialect and to no other? */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { DialectName, JsonObject } from '#core/message';
import { dialects } from '#dialects/dialect';
import { quiet } from '#tests/server/quiet';
import { PATH } from '#tests/server/said';
import type { Json } from '#tests/server/strict';
import type { AnswerBlock } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { type FakeTier, startFakeTier } from '#tests/support/fake-tier';
import { startTestServer, type TestServer } from '#tests/support/test-server';

const PROOF = 'EqQBsealedProofOfThinking0123456789abcdef';
const parameters = { type: 'object', properties: { path: { type: 'string' } } };
const NAMES = Object.values(dialects).map(({ name }) => name);
/** Chat has no place for a proof, neither in answers nor in what comes back. */
const KEEPERS: readonly DialectName[] = ['anthropic-messages', 'openai-responses'];

type Reply = Readonly<Record<string, unknown>>;

/** The conversation of a caller that keeps each answer as it was told it. */
const NEXT: Record<DialectName, (replies: readonly Reply[]) => JsonObject> = {
  'openai-chat': (replies) => ({
    tools: [{ type: 'function', function: { name: 'read', parameters } }],
    messages: [
      { role: 'user', content: 'go' },
      ...replies.flatMap((reply) => {
        const message = (reply.choices as { message: { tool_calls: { id: string }[] } }[])[0]?.message;
        const calls = message?.tool_calls ?? [];
        return [message, ...calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'text' }))];
      }),
    ],
  }),
  'anthropic-messages': (replies) => ({
    max_tokens: 8_000,
    tools: [{ name: 'read', input_schema: parameters }],
    messages: [
      { role: 'user', content: 'go' },
      ...replies.flatMap((reply) => {
        const uses = (reply.content as { type: string; id: string }[]).filter(({ type }) => type === 'tool_use');
        return [
          { role: 'assistant', content: reply.content },
          { role: 'user', content: uses.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'text' })) },
        ];
      }),
    ],
  }),
  'openai-responses': (replies) => ({
    tools: [{ type: 'function', name: 'read', parameters }],
    input: [
      { role: 'user', content: 'go' },
      ...replies.flatMap((reply) => {
        const items = reply.output as { type: string; call_id: string }[];
        const calls = items.filter(({ type }) => type === 'function_call');
        const outputs = calls.map(({ call_id }) => ({ type: 'function_call_output', call_id, output: 'text' }));
        return [...items, ...outputs];
      }),
    ],
  }),
};

for (const privacy of ['local', 'cloud'] as const)
  describe(`${privacy} tiers`, () => {
    const tiers = new Map<DialectName, FakeTier>();
    let server: TestServer;

    beforeAll(async () => {
      for (const name of NAMES) tiers.set(name, await startFakeTier());
      const tables = [...tiers].map(
        ([name, { url }]) => `[[router.tiers]]
id = "t-${name}"
base_url = "${url}/v1"
model = "served"
dialect = "${name}"
context_limit = 262144
privacy = "${privacy}"
tool_support = true
auth_env = "TEST_KEY"
`,
      );
      const aliases = NAMES.map((name) => `${name} = "t-${name}"`).join('\n');
      server = await startTestServer({
        env: { TEST_KEY: 'key' },
        toml: `[router]\nmapping_version = "proofs"\nmetered_cloud = ["chat"]\n${tables.join('')}
[router.presets]\nchat = [${NAMES.map((name) => `"t-${name}"`).join(', ')}]\n[router.aliases]\n${aliases}\n`,
      });
    });
    afterAll(async () => {
      await quiet(server);
      expect(server.bugs).toEqual([]);
      await server[Symbol.asyncDispose]();
      for (const tier of tiers.values()) await tier.stop();
    });

    /** One turn with the tier of a dialect; every tier calls the tool, and only `origin` signs what it thought. */
    const turn = async (caller: DialectName, tier: DialectName, origin: DialectName, replies: readonly Reply[]) => {
      const thought: AnswerBlock = {
        kind: 'thinking',
        text: 'Look first.',
        ...(tier === origin ? { signature: PROOF } : {}),
      };
      const blocks = [thought, { kind: 'tool' as const, name: 'read', arguments: '{"path":"a"}', id: 'call_0' }];
      tiers.get(tier)?.always((request) => answerSteps(tier, (request.json as Json).stream === true, { blocks }));
      const response = await server.post(PATH[caller], { model: tier, stream: false, ...NEXT[caller](replies) });
      const text = await response.text();
      expect({ status: response.status, said: response.ok ? '' : text }).toEqual({ status: 200, said: '' });
      return { reply: JSON.parse(text) as Reply, sent: tiers.get(tier)?.requests.at(-1)?.body ?? '' };
    };

    for (const caller of NAMES)
      for (const origin of KEEPERS)
        for (const between of NAMES)
          test(`${caller} caller: signed by ${origin}, then ${between}, then home`, async () => {
            const first = await turn(caller, origin, origin, []);
            const second = await turn(caller, between, origin, [first.reply]);
            const third = await turn(caller, origin, origin, [first.reply, second.reply]);
            const keeps = caller !== 'openai-chat';
            expect(JSON.stringify(first.reply).includes(PROOF)).toBe(keeps);
            expect(second.sent.includes(PROOF)).toBe(keeps && between === origin);
            expect(third.sent.includes(PROOF)).toBe(keeps);
            for (const { sent } of [second, third]) expect(sent).not.toContain('anvil1.');
          });
  });
