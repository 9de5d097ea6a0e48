/** Is every request that a real harness sent served, whole and legal on both sides, whatever dialect the tier speaks? */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { DialectName } from '#core/message';
import { quiet } from '#tests/server/quiet';
import { RECORDINGS, type Recording, THREADS } from '#tests/server/recordings';
import { errorIn } from '#tests/server/said';
import type { Json } from '#tests/server/strict';
import { isObject } from '#tests/server/strict';
import { chatBreaches } from '#tests/server/strict-chat';
import { messagesBreaches } from '#tests/server/strict-messages';
import type { Answer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { type FakeTier, startFakeTier } from '#tests/support/fake-tier';
import { chatSeen, messagesSeen } from '#tests/support/sse';
import { startTestServer, type TestServer } from '#tests/support/test-server';

const TEXT = 'This is the whole answer: Größe 3 µm, 東京, and a last word.';
const JSON_TEXT = '{"title":"A short title"}';

/** A tool of either dialect as name, description and schema. */
const toolOf = (tool: Json): Json => {
  const inner = isObject(tool.function) ? tool.function : tool;
  return {
    name: inner.name,
    description: inner.description,
    // A tool without a schema takes no arguments, which only Messages has to spell out.
    schema: inner.parameters ?? inner.input_schema ?? { type: 'object', properties: {} },
  };
};
/** Tools that wait to be named by a tool search are not offered to a model. */
const toolsOf = (body: Json): readonly Json[] =>
  (Array.isArray(body.tools) ? body.tools : [])
    .filter(isObject)
    .filter((tool) => tool.defer_loading !== true)
    .map(toolOf);

/** The call that the history of a recording holds, to be made again: its arguments are known to fit its tool. */
const callIn = ({ body }: Recording): { name: string; arguments: string } | undefined => {
  const messages = Array.isArray(body.messages) ? (body.messages as Json[]) : [];
  for (const message of messages) {
    const [call] = Array.isArray(message.tool_calls) ? (message.tool_calls as { function: never }[]) : [];
    if (call) return call.function;
    const blocks = Array.isArray(message.content) ? (message.content as Json[]) : [];
    const use = blocks.find(({ type }) => type === 'tool_use');
    if (use) return { name: String(use.name), arguments: JSON.stringify(use.input) };
  }
  return undefined;
};

const wantsJson = ({ body }: Recording): boolean =>
  isObject(body.output_config) && body.output_config.format !== undefined;

/** What the tier answers: text, and the history's tool call once more if there is one. */
const answerTo = (recording: Recording): Answer => {
  if (wantsJson(recording)) return { blocks: [{ kind: 'text', text: JSON_TEXT }] };
  const call = callIn(recording);
  return { blocks: [{ kind: 'text', text: TEXT }, ...(call ? [{ kind: 'tool' as const, ...call }] : [])] };
};

interface Seen {
  readonly text: string;
  readonly tools: readonly { readonly name: string; readonly arguments: unknown }[];
  readonly finish: string | undefined;
}

const wholeSeen = (dialect: DialectName, body: string): Seen => {
  const reply = JSON.parse(body);
  if (dialect === 'openai-chat') {
    const [{ message, finish_reason }] = reply.choices;
    const calls = (message.tool_calls ?? []) as { function: { name: string; arguments: string } }[];
    const tools = calls.map(({ function: call }) => ({ name: call.name, arguments: JSON.parse(call.arguments) }));
    return { text: message.content, tools, finish: finish_reason };
  }
  const blocks = reply.content as Json[];
  const tools = blocks.filter(({ type }) => type === 'tool_use');
  return {
    text: blocks.map(({ text }) => text ?? '').join(''),
    tools: tools.map(({ name, input }) => ({ name: String(name), arguments: input })),
    finish: reply.stop_reason,
  };
};

const streamSeen = (dialect: DialectName, body: string): Seen => {
  const seen = dialect === 'openai-chat' ? chatSeen(body) : messagesSeen(body);
  expect({ terminal: seen.terminal, error: seen.error }).toEqual({ terminal: true, error: undefined });
  const tools = seen.tools.map(({ name, arguments: text }) => ({ name, arguments: JSON.parse(text) }));
  return { text: seen.text, tools, finish: seen.finish };
};

const expectedOf = (recording: Recording): Seen => {
  const call = wantsJson(recording) ? undefined : callIn(recording);
  const finish = { 'openai-chat': ['stop', 'tool_calls'], 'anthropic-messages': ['end_turn', 'tool_use'] };
  return {
    text: wantsJson(recording) ? JSON_TEXT : TEXT,
    tools: call ? [{ name: call.name, arguments: JSON.parse(call.arguments) }] : [],
    finish: finish[recording.dialect][call ? 1 : 0],
  };
};

interface Stage {
  readonly tier: FakeTier;
  readonly server: TestServer;
}

/** One tier behind every preset: a local one under hold `all` with every check, or a cloud one relayed unheld. */
const startStage = async (dialect: DialectName, privacy: 'local' | 'cloud'): Promise<Stage> => {
  const tier = await startFakeTier();
  const presets = ['chat', 'quick-edit', 'review', 'planning', 'long-context'];
  const server = await startTestServer({
    env: { TEST_KEY: 'key' },
    toml: `[router]
mapping_version = "replay"
when_unproven = "verify"
metered_cloud = ${JSON.stringify(presets)}
[[router.tiers]]
id = "only"
base_url = "${tier.url}/v1"
model = "served-model"
dialect = "${dialect}"
context_limit = 262144
privacy = "${privacy}"
tool_support = true
auth_env = "TEST_KEY"
[router.presets]
${presets.map((preset) => `${preset} = ["only"]`).join('\n')}
`,
  });
  return { tier, server };
};

const send = ({ server }: Stage, { target, headers, body }: Recording): Promise<Response> =>
  fetch(server.url + target, { method: 'POST', headers, body: JSON.stringify(body) });

for (const privacy of ['local', 'cloud'] as const) {
  for (const dialect of ['openai-chat', 'anthropic-messages'] as const) {
    describe(`a ${privacy} tier that speaks ${dialect}`, () => {
      let stage: Stage;
      beforeAll(async () => {
        stage = await startStage(dialect, privacy);
      });
      afterAll(async () => {
        await quiet(stage.server);
        expect(stage.server.bugs).toEqual([]);
        await stage.server[Symbol.asyncDispose]();
        await stage.tier.stop();
      });

      for (const recording of RECORDINGS)
        test(`${recording.name} is served whole, and the tier gets a legal request with every tool`, async () => {
          stage.tier.reply((request) =>
            answerSteps(dialect, (request.json as Json).stream === true, answerTo(recording)),
          );
          const index = stage.tier.requests.length;
          const response = await send(stage, recording);
          const body = await response.text();
          expect({ status: response.status, said: response.ok ? '' : body }).toEqual({ status: 200, said: '' });
          const seen = recording.stream ? streamSeen(recording.dialect, body) : wholeSeen(recording.dialect, body);
          expect(seen).toEqual(expectedOf(recording));

          const upstream = stage.tier.requests[index]?.json as Json;
          const passedOn = recording.dialect === dialect;
          const local = privacy === 'local';
          const breaches = (body: Json): readonly string[] =>
            dialect === 'openai-chat' ? chatBreaches(body, { local, passedOn }) : messagesBreaches(body, { local });
          // What a harness itself gets wrong is its own affair; we add nothing to it.
          const own = passedOn ? breaches(recording.body) : [];
          expect(breaches(upstream).filter((breach) => !own.includes(breach))).toEqual([]);
          expect(upstream.model).toBe('served-model');
          expect(toolsOf(upstream)).toEqual(toolsOf(recording.body));
          expect(stage.tier.requests.length).toBe(index + 1);
        });
    });
  }
}

describe('threads', () => {
  for (const recording of THREADS)
    test(`${recording.name} is refused in the form upon which the client sends everything`, async () => {
      const stage = await startStage('anthropic-messages', 'local');
      const response = await send(stage, recording);
      const body = await response.text();
      const said = errorIn('anthropic-messages', body) as unknown as { details: Json };
      const continues = (recording.body.thread as Json).type === 'continue';
      expect([response.status, said.details.error_code]).toEqual(
        continues ? [404, 'thread_not_found'] : [400, 'thread_unsupported_request'],
      );
      expect(stage.tier.requests.length).toBe(0);
      await stage.server[Symbol.asyncDispose]();
      await stage.tier.stop();
    });
});
