/** What cannot be carried to a tier decides which tier serves, and is a 400 that names it when none is left. */
import { expect, test } from 'bun:test';
import type { DialectName } from '#core/message';
import { at } from '#tests/dialects/support';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { chatRequest, messagesRequest, startTwoTiers } from '#tests/support/two-tiers';

const CHAT = '/v1/chat/completions';
const MESSAGES = '/v1/messages';
const ANSWER = plainAnswer('Hello! What can I do for you today?');
const FILE = { type: 'image', source: { type: 'file', file_id: 'file_1' } };
const withFile = messagesRequest({ stream: false, messages: [{ role: 'user', content: [FILE] }] });
const idOf = (response: Response): string => response.headers.get('x-anvil-decision') ?? '';

const startMixed = async (heavyDialect: DialectName) => {
  const two = await startTwoTiers();
  await two.server.reload(two.toml.replace(/(id = "heavy-local"[\s\S]*?dialect = ")openai-chat/, `$1${heavyDialect}`));
  two.fast.always(answerSteps('openai-chat', false, ANSWER));
  two.heavy.always(answerSteps(heavyDialect, false, ANSWER));
  return two;
};

test('a tier that cannot be sent a field is passed over, and the record says why', async () => {
  await using two = await startMixed('anthropic-messages');
  const response = await two.server.post(MESSAGES, withFile);
  expect([response.status, response.headers.get('x-anvil-tier')]).toEqual([200, 'heavy-local']);
  expect(two.fast.requests).toEqual([]);
  const record = await two.server.record(idOf(response));
  expect(record.attempts).toMatchObject([
    { tier: 'fast-local', outcome: 'skipped-translation', detail: 'its dialect cannot carry `messages.image.file`' },
    { tier: 'heavy-local', outcome: 'served' },
  ]);
});

test('with no other tier left it is a 400 that names the field, and no tier was asked', async () => {
  await using two = await startMixed('openai-chat');
  const response = await two.server.post(MESSAGES, withFile);
  const body = await response.json();
  expect(response.status).toBe(400);
  expect(at(body, 'error', 'type')).toBe('invalid_request_error');
  expect(at(body, 'error', 'message')).toStartWith('messages.image.file: ');
  expect([two.fast.requests, two.heavy.requests]).toEqual([[], []]);
  expect((await two.server.record(idOf(response))).failure).toBe('unsupported');
});

test('sound for a dialect that has no form for it is known before any tier is asked', async () => {
  await using two = await startMixed('anthropic-messages');
  const sound = { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } };
  const request = chatRequest({ model: 'planning', stream: false, messages: [{ role: 'user', content: [sound] }] });
  const response = await two.server.post(CHAT, request);
  expect(response.status).toBe(400);
  expect(at(await response.json(), 'error', 'message')).toContain('audio');
  const record = await two.server.record(idOf(response));
  expect(record.exclusions).toMatchObject([{ tier: 'heavy-local', kind: 'no-modality' }]);
});

test('several answers at once are refused where the first is judged, and pass untouched where none is', async () => {
  await using two = await startMixed('openai-chat');
  const several = { stream: false, n: 2 };
  const refused = await two.server.post(CHAT, chatRequest(several));
  const body = await refused.json();
  expect([refused.status, at(body, 'error', 'param')]).toEqual([400, 'n']);
  expect(at(body, 'error', 'message')).toStartWith('n: ');
  const exact = await two.server.post(CHAT, chatRequest({ ...several, model: 'fast-local' }));
  expect([exact.status, exact.headers.get('x-anvil-tier')]).toEqual([200, 'fast-local']);
  expect(two.fast.requests).toHaveLength(1);
  expect(two.fast.requests[0]?.json).toMatchObject({ n: 2 });
  const one = await two.server.post(CHAT, chatRequest({ stream: false, n: 1 }));
  expect(one.status).toBe(200);
});

test('what is lost without harm is not recorded, what is lost with a cost is', async () => {
  await using two = await startMixed('openai-chat');
  const request = messagesRequest({
    stream: false,
    service_tier: 'auto',
    context_management: { edits: [] },
    messages: [{ role: 'user', content: [{ type: 'text', text: 'hello', cache_control: { type: 'ephemeral' } }] }],
  });
  const response = await two.server.post(MESSAGES, request);
  expect(response.status).toBe(200);
  const [attempt] = (await two.server.record(idOf(response))).attempts;
  expect(attempt?.losses).toEqual(['context_management']);
});
