/** Does Codex get its own tools called by its own names, in its own forms, whatever dialect the tier speaks? */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { dialects } from '#dialects/dialect';
import { quiet } from '#tests/server/quiet';
import { RECORDINGS } from '#tests/server/recordings';
import { RESPONSES } from '#tests/server/said';
import type { Json } from '#tests/server/strict';
import { answerSteps } from '#tests/support/answers';
import { responsesOutput, responsesSeen } from '#tests/support/sse-responses';
import { startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

const PATCH = '*** Begin Patch\n*** Add File: "ü.txt"\n+\\tab\n*** End Patch\n';

const bodyOf = (name: string): Json => {
  const recording = RECORDINGS.find((one) => one.name === name);
  if (!recording) throw new Error(`there is no recording ${name}`);
  return recording.body;
};

/** What the tier calls, and what Codex has to see of it: `namespace/name` and the arguments or the free text. */
const CASES = [
  {
    what: 'a member of a namespace',
    body: bodyOf('codex/1-turn'),
    call: { name: 'multi_agent_v1__close_agent', arguments: '{"target":"a1"}' },
    seen: ['function_call', 'multi_agent_v1/close_agent', '{"target":"a1"}'],
  },
  {
    what: 'a custom tool',
    body: bodyOf('codex/4-known-model-custom-tools'),
    call: { name: 'apply_patch', arguments: JSON.stringify({ input: PATCH }) },
    seen: ['custom_tool_call', 'apply_patch', PATCH],
  },
  {
    what: 'a custom tool that an item brought along',
    body: bodyOf('codex/5-known-model-additional-tools'),
    call: { name: 'functions__exec', arguments: JSON.stringify({ input: PATCH }) },
    seen: ['custom_tool_call', 'functions/exec', PATCH],
  },
] as const;

for (const { name: dialect } of Object.values(dialects)) {
  describe(`a tier that speaks ${dialect} calls`, () => {
    let two: TwoTiers;
    beforeAll(async () => {
      two = await startTwoTiers({ dialect, router: 'when_unproven = "verify"' });
    });
    afterAll(async () => {
      await quiet(two.server);
      expect(two.server.bugs).toEqual([]);
      await two[Symbol.asyncDispose]();
    });

    for (const { what, body, call, seen } of CASES)
      for (const stream of [true, false])
        test(`${what}, ${stream ? 'streamed' : 'in one piece'}`, async () => {
          for (const tier of [two.fast, two.heavy])
            tier.always((request) =>
              answerSteps(dialect, (request.json as Json).stream === true, {
                blocks: [{ kind: 'tool', id: 'call_1', ...call }],
              }),
            );
          const asked = two.fast.requests.length + two.heavy.requests.length;
          const response = await two.server.post(RESPONSES, { ...body, model: 'chat', stream });
          const text = await response.text();
          expect({ status: response.status, said: response.ok ? '' : text }).toEqual({ status: 200, said: '' });
          const { tools } = stream ? responsesSeen(text) : responsesOutput(JSON.parse(text).output);
          const [type, name, said] = seen;
          const requests = [...two.fast.requests, ...two.heavy.requests];
          expect(requests.length).toBeGreaterThan(asked);
          for (const { body: sent } of requests)
            expect(sent).not.toMatch(/"type":"(?:namespace|custom\w*|additional_tools)"/);
          expect(tools).toEqual([{ id: 'call_1', name, arguments: said }]);
          expect(text).toContain(`"type":"${type}"`);
        });
  });
}
