/** Is a session recognised by the mark that the harness itself sets, and only by that? */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { RECORDINGS, type Recording } from '#tests/server/recordings';
import { isObject, type Json } from '#tests/server/strict';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

/** Where each harness says which session it is in; those that are not here say it nowhere. */
const MARKS: Readonly<Record<string, { readonly header?: string; readonly body?: string }>> = {
  'claude-code': { header: 'x-claude-code-session-id' },
  codex: { header: 'session-id' },
  opencode: { header: 'x-session-id' },
  openclaw: { header: 'traceparent' },
  'openclaw/3-chat-compat-keys': { body: 'prompt_cache_key' },
  'pi/3-responses-image-thinking': { header: 'session_id' },
  'qwen-code/5-responses-tool-result': { body: 'prompt_cache_key' },
};

let two: TwoTiers;
beforeAll(async () => {
  two = await startTwoTiers({ router: 'when_unproven = "verify"' });
  for (const tier of [two.fast, two.heavy])
    tier.always((request) =>
      answerSteps('openai-chat', (request.json as Json).stream === true, plainAnswer('{"title":"Whole."}')),
    );
});
afterAll(async () => {
  expect(two.server.bugs).toEqual([]);
  await two[Symbol.asyncDispose]();
});

const sessionOf = async ({ target, headers, body }: Recording): Promise<string> => {
  const response = await fetch(two.server.url + target, { method: 'POST', headers, body: JSON.stringify(body) });
  await response.text();
  return (await two.server.record(response.headers.get('x-anvil-decision') ?? '')).session ?? 'none';
};

/** The same request, as if another conversation had begun with other words. */
const otherOpening = (recording: Recording): Recording => {
  const field = recording.body.messages === undefined ? 'input' : 'messages';
  const value = recording.body[field];
  if (typeof value === 'string') return { ...recording, body: { ...recording.body, [field]: `Else. ${value}` } };
  const messages = value as readonly Json[];
  const first = messages.findIndex(({ role }) => role === 'user');
  const say = (content: unknown): unknown =>
    Array.isArray(content)
      ? content.map((part) =>
          isObject(part) && typeof part.text === 'string' ? { ...part, text: `Else. ${part.text}` } : part,
        )
      : `Something else. ${content}`;
  const changed = messages.map((message, at) =>
    at === first ? { ...message, content: say(message.content) } : message,
  );
  return { ...recording, body: { ...recording.body, [field]: changed } };
};

/** The last hexadecimal digits of a mark turned into others, so that its form stays. */
const another = (mark: string): string =>
  mark.replace(/[0-9a-f]/gi, (digit) => ((Number.parseInt(digit, 16) + 1) % 16).toString(16));

const otherMark = (recording: Recording, { header, body }: { header?: string; body?: string }): Recording =>
  header === undefined
    ? { ...recording, body: { ...recording.body, [body ?? '']: `${recording.body[body ?? '']}-other` } }
    : {
        ...recording,
        headers: {
          ...recording.headers,
          [header]:
            header === 'traceparent'
              ? `00-${'7'.repeat(32)}-${'1'.repeat(16)}-01`
              : another(recording.headers[header] ?? ''),
        },
      };

for (const recording of RECORDINGS) {
  const mark = MARKS[recording.name] ?? MARKS[recording.client];
  describe(recording.name, () => {
    if (mark) {
      test(`${mark.header ?? mark.body} makes the session, whatever the conversation opens with`, async () => {
        const session = await sessionOf(recording);
        expect(session).toMatch(/^ses_[0-9a-f]{16}$/);
        expect(await sessionOf(otherOpening(recording))).toBe(session);
        expect(await sessionOf(otherMark(recording, mark))).not.toBe(session);
      });
    } else {
      test('the opening of the conversation makes the session', async () => {
        const session = await sessionOf(recording);
        expect(session).toMatch(/^ses_[0-9a-f]{16}$/);
        expect(await sessionOf(recording)).toBe(session);
        expect(await sessionOf(otherOpening(recording))).not.toBe(session);
      });
    }
  });
}

describe('two turns of one conversation', () => {
  for (const [first, second] of [
    ['claude-code/1-main-turn', 'claude-code/2-main-tool-result'],
    ['opencode/2-chat-turn', 'opencode/3-chat-tool-result'],
    ['cline/1-chat-turn', 'cline/2-chat-tool-result'],
    ['continue/1-chat-turn', 'continue/2-chat-tool-result'],
    ['qwen-code/1-chat-turn', 'qwen-code/2-chat-tool-result'],
    ['pi/4-chat-turn', 'pi/5-chat-tool-result'],
    ['claude-code-router/1-chat-turn', 'claude-code-router/2-chat-tool-result'],
  ])
    test(`${first} and ${second?.split('/')[1]} are one session`, async () => {
      const [before, after] = [first, second].map((name) => RECORDINGS.find((one) => one.name === name));
      if (!before || !after) throw new Error('no such recording');
      expect(await sessionOf(after)).toBe(await sessionOf(before));
    });
});

test('two spans of one trace are one session', async () => {
  const [before, after] = RECORDINGS.filter(({ name }) => /^openclaw\/[12]/.test(name));
  if (!before || !after) throw new Error('no such recording');
  const trace = before.headers.traceparent?.slice(3, 35);
  const headers = { ...after.headers, traceparent: `00-${trace}-${'9'.repeat(16)}-01` };
  expect(await sessionOf({ ...after, headers })).toBe(await sessionOf(before));
});

test('what the harness itself calls its session is in no record', async () => {
  const marked = RECORDINGS.find(({ name }) => name === 'opencode/2-chat-turn');
  if (!marked) throw new Error('no such recording');
  await sessionOf(marked);
  const text = await (await two.server.get('/v1/decisions?limit=500')).text();
  expect(text).not.toContain(marked.headers['x-session-id'] ?? 'absent');
});
