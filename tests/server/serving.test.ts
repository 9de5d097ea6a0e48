/** What does a caller get when a tier answers well, badly, or not at all? */
import { expect, test } from 'bun:test';
import { BAD_ANSWERS, GOOD_ANSWERS, plainAnswer } from '#tests/support/answer';
import { answerSteps, eventsFor } from '#tests/support/answers';
import type { SeenRequest } from '#tests/support/fake-tier-requests';
import { json, sse, sseHead } from '#tests/support/fake-tier-steps';
import { refusedPort } from '#tests/support/ports';
import { chatSeen, messagesSeen } from '#tests/support/sse';
import { chatRequest, messagesRequest, READ_FILE, startTwoTiers } from '#tests/support/two-tiers';

const CHAT = '/v1/chat/completions';
const MESSAGES = '/v1/messages';
const ANSWER = plainAnswer('Hello! What can I do for you today?');

const asksToStream = ({ json }: SeenRequest): boolean => (json as { readonly stream?: boolean }).stream === true;
const idOf = (response: Response): string => response.headers.get('x-anvil-decision') ?? '';

test('a good answer of the first tier is served with a receipt', async () => {
  await using two = await startTwoTiers();
  two.fast.always(answerSteps('openai-chat', true, ANSWER));
  const response = await two.server.post(CHAT, chatRequest());
  const seen = chatSeen(await response.text());
  expect(response.status).toBe(200);
  expect(seen.text).toBe('Hello! What can I do for you today?');
  expect(
    Object.fromEntries(
      [...response.headers].filter(([name]) => name.startsWith('x-anvil-') && name !== 'x-anvil-decision'),
    ),
  ).toEqual({
    'x-anvil-tier': 'fast-local',
    'x-anvil-model': 'fast',
    'x-anvil-work-class': 'chat',
    'x-anvil-intent': 'declared',
    'x-anvil-attempts': '1',
    'x-anvil-mapping': 'test.1',
  });
  const record = await two.server.record(idOf(response));
  expect(record).toMatchObject({
    outcome: 'finished',
    status: 200,
    servedTier: 'fast-local',
    servedModel: 'fast',
    usage: { input: 25 },
  });
  expect(two.server.bugs).toEqual([]);
});

for (const [name, { answer, verifier }] of Object.entries(BAD_ANSWERS)) {
  test(`hold all: an answer that is ${name} never reaches the caller, the next tier's does`, async () => {
    await using two = await startTwoTiers({
      tables: '[router.hold]\nallow = "all"\nallow-with-verify = "all"\nchat = "all"\n',
    });
    two.fast.always(answerSteps('openai-chat', true, answer));
    two.heavy.always(answerSteps('openai-chat', true, ANSWER));
    const fields = verifier === 'tool_call_json_valid' ? { tools: [READ_FILE] } : {};
    const model = verifier === 'code_parses' ? 'review-both' : 'chat';
    const server = two.server;
    if (model !== 'chat')
      await server.reload(two.toml.replace('review = ["heavy-local"]', 'review = ["fast-local", "heavy-local"]'));
    const response = await server.post(CHAT, chatRequest({ ...fields, model: model === 'chat' ? 'chat' : 'review' }));
    const seen = chatSeen(await response.text());
    expect(seen.text).toBe('Hello! What can I do for you today?');
    expect(response.headers.get('x-anvil-tier')).toBe('heavy-local');
    expect(response.headers.get('x-anvil-attempts')).toBe('2');
    const record = await server.record(idOf(response));
    expect(record.attempts.map(({ tier, outcome }) => ({ tier, outcome }))).toEqual([
      { tier: 'fast-local', outcome: 'rejected' },
      { tier: 'heavy-local', outcome: 'served' },
    ]);
    expect(
      record.attempts[0]?.verifiers.filter(({ verdict }) => verdict === 'fail').map((result) => result.verifier),
    ).toEqual([verifier]);
    expect(server.bugs).toEqual([]);
  });
}

test('every mode: a failure before the first byte escalates unseen', async () => {
  for (const allow of ['all', 'block', 'none']) {
    await using two = await startTwoTiers({ tables: `[router.hold]\nallow = "${allow}"\n` });
    two.fast.always(json(500, { error: { message: 'boom', type: 'server_error' } }));
    two.heavy.always(answerSteps('openai-chat', true, ANSWER));
    const response = await two.server.post(CHAT, chatRequest());
    expect(chatSeen(await response.text()).text).toBe('Hello! What can I do for you today?');
    expect(response.headers.get('x-anvil-attempts')).toBe('2');
  }
});

test('a refused connection escalates at once', async () => {
  await using refused = await refusedPort();
  await using two = await startTwoTiers({ fastUrl: `http://127.0.0.1:${refused.port}/v1` });
  two.heavy.always(answerSteps('openai-chat', true, ANSWER));
  const response = await two.server.post(CHAT, chatRequest());
  await response.text();
  const record = await two.server.record(idOf(response));
  expect(record.attempts[0]).toMatchObject({ tier: 'fast-local', outcome: 'skipped-unavailable' });
  expect(record.servedTier).toBe('heavy-local');
});

test('block: prose leaves while the answer is still being written, a tool call only when it is whole', async () => {
  await using two = await startTwoTiers();
  const events = eventsFor('openai-chat', GOOD_ANSWERS['tool call']);
  const firstCall = events.findIndex((event) => event.includes('tool_calls'));
  const lastCall = events.findLastIndex((event) => event.includes('"arguments"'));
  two.fast.always([
    sseHead(),
    ...events.slice(0, firstCall).map((chunk) => ({ chunk })),
    { waitFor: 'prose read' },
    ...events.slice(firstCall, lastCall).map((chunk) => ({ chunk })),
    { waitFor: 'nothing more' },
    ...events.slice(lastCall).map((chunk) => ({ chunk })),
  ]);
  const response = await two.server.post(CHAT, chatRequest({ tools: [READ_FILE] }));
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let seen = '';
  while (!seen.includes('look.')) seen += decoder.decode((await reader?.read())?.value);
  expect(seen).not.toContain('tool_calls');
  two.fast.release('prose read');
  two.fast.release('nothing more');
  for (let step = await reader?.read(); step && !step.done; step = await reader?.read())
    seen += decoder.decode(step.value);
  expect(chatSeen(seen).tools).toEqual(chatSeen(events.join('')).tools);
  expect((await two.server.record(idOf(response))).outcome).toBe('finished');
});

test('block: a broken tool call after prose ends the stream in an error, never in a clean stop', async () => {
  await using two = await startTwoTiers();
  const events = eventsFor('openai-chat', {
    blocks: [
      { kind: 'text', text: 'Let me look.' },
      { kind: 'tool', name: 'read_file', arguments: '{"path": ' },
    ],
  });
  const firstCall = events.findIndex((event) => event.includes('tool_calls'));
  two.fast.always([
    sseHead(),
    ...events.slice(0, firstCall).map((chunk) => ({ chunk })),
    { waitFor: 'prose read' },
    ...events.slice(firstCall).map((chunk) => ({ chunk })),
  ]);
  const response = await two.server.post(CHAT, chatRequest({ tools: [READ_FILE] }));
  two.fast.release('prose read');
  const seen = chatSeen(await response.text());
  expect(seen.text).toBe('Let me look.');
  expect(seen.tools).toEqual([]);
  expect(seen.finish).toBeUndefined();
  expect(seen.error).toBeDefined();
  expect((await two.server.record(idOf(response))).outcome).toBe('broken');
});

test('block: a broken tool call that comes with the prose escalates, because nothing has left yet', async () => {
  await using two = await startTwoTiers();
  const broken = eventsFor('openai-chat', {
    blocks: [
      { kind: 'text', text: 'Let me look.' },
      { kind: 'tool', name: 'read_file', arguments: '{"path": ' },
    ],
  });
  two.fast.always(sse([broken.join('')]));
  two.heavy.always(answerSteps('openai-chat', true, ANSWER));
  const response = await two.server.post(CHAT, chatRequest({ tools: [READ_FILE] }));
  expect(chatSeen(await response.text()).text).toBe('Hello! What can I do for you today?');
});

test('a stream cut after it began ends in an error event of the caller’s dialect', async () => {
  await using two = await startTwoTiers({ tables: '[router.hold]\nallow = "none"\n' });
  const events = eventsFor('openai-chat', ANSWER);
  two.fast.always([sseHead(), ...events.slice(0, 3).map((chunk) => ({ chunk })), { waitFor: 'cut' }, { reset: true }]);
  const response = await two.server.post(MESSAGES, messagesRequest());
  const reader = response.body?.getReader();
  let body = new TextDecoder().decode((await reader?.read())?.value);
  two.fast.release('cut');
  for (let step = await reader?.read(); step && !step.done; step = await reader?.read())
    body += new TextDecoder().decode(step.value);
  expect(body).toContain('event: error');
  expect(body).not.toContain('message_stop');
  expect((await two.server.record(idOf(response))).attempts[0]).toMatchObject({
    outcome: 'broken',
    failure: 'cut-off',
  });
});

test('the same dialect keeps its bytes when the served model is reported', async () => {
  await using two = await startTwoTiers({
    router: 'response_model = "served"',
    tables: '[router.hold]\nallow = "none"\n',
  });
  const events = eventsFor('openai-chat', { ...ANSWER, model: 'fast' });
  two.fast.always(sse(events));
  const response = await two.server.post(CHAT, chatRequest({ stream_options: { include_usage: true } }));
  expect((await response.text()).replace(/: anvil [^\n]*\n\n$/, '')).toBe(events.join(''));
});

test('the body’s model echoes what was asked', async () => {
  await using two = await startTwoTiers();
  two.fast.always((request) => answerSteps('openai-chat', asksToStream(request), ANSWER));
  const streamed = await (await two.server.post(CHAT, chatRequest({ model: 'anvil/Chat' }))).text();
  expect(streamed).toContain('"model":"anvil/Chat"');
  expect(streamed).not.toContain('fake-model');
  const whole = (await (await two.server.post(CHAT, chatRequest({ model: 'anvil/Chat', stream: false }))).json()) as {
    model: string;
  };
  expect(whole.model).toBe('anvil/Chat');
  expect(two.fast.requests[0]?.json).toMatchObject({ model: 'fast' });
});

test('another dialect is served in the caller’s own, streamed and whole', async () => {
  await using two = await startTwoTiers();
  two.fast.always((request) => answerSteps('openai-chat', asksToStream(request), ANSWER));
  const streamed = await two.server.post(MESSAGES, messagesRequest());
  expect(messagesSeen(await streamed.text()).text).toBe('Hello! What can I do for you today?');
  const whole = await two.server.post(MESSAGES, messagesRequest({ stream: false }));
  expect(await whole.json()).toMatchObject({
    type: 'message',
    content: [{ type: 'text', text: 'Hello! What can I do for you today?' }],
    stop_reason: 'end_turn',
  });
});

test('the caller’s own mistake comes back in its dialect, and trips nothing', async () => {
  await using two = await startTwoTiers();
  two.fast.always(
    json(422, {
      error: { message: 'temperature must be at most 2', type: 'invalid_request_error', param: 'temperature' },
    }),
  );
  for (let turn = 0; turn < 4; turn++) {
    const response = await two.server.post(MESSAGES, messagesRequest({ stream: false }));
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringContaining('temperature') },
    });
  }
  expect(two.fast.requests.length).toBe(4);
  expect(two.heavy.requests.length).toBe(0);
});

test('exhaustion is a clean refusal without model bytes', async () => {
  await using two = await startTwoTiers({ tables: '[router.hold]\nallow = "all"\n' });
  two.fast.always(answerSteps('openai-chat', true, BAD_ANSWERS.truncated.answer));
  two.heavy.always(answerSteps('openai-chat', true, BAD_ANSWERS.empty.answer));
  const response = await two.server.post(CHAT, chatRequest());
  const body = await response.text();
  expect(response.status).toBe(503);
  expect(response.headers.get('x-should-retry')).toBe('false');
  expect(response.headers.get('retry-after')).toBe('120');
  expect(response.headers.get('x-anvil-reason')).toBe('exhausted');
  expect(body).not.toContain('three steps');
  expect((await two.server.record(idOf(response))).outcome).toBe('exhausted');
});

test('the caller hanging up reaches the upstream while the answer is held', async () => {
  await using two = await startTwoTiers({ tables: '[router.hold]\nallow = "all"\n' });
  two.fast.always([sseHead(), { chunk: eventsFor('openai-chat', ANSWER)[1] ?? '' }, { hang: true }]);
  const controller = new AbortController();
  const pending = two.server.post(CHAT, chatRequest(), { signal: controller.signal }).catch(() => undefined);
  await two.fast.nextRequest();
  controller.abort();
  await two.fast.callerClosed(0);
  await pending;
  expect(two.heavy.requests.length).toBe(0);
});

test('the caller hanging up in mid-stream reaches the upstream and is recorded as cancelled', async () => {
  await using two = await startTwoTiers({ tables: '[router.hold]\nallow = "none"\n' });
  two.fast.always([
    sseHead(),
    ...eventsFor('openai-chat', ANSWER)
      .slice(0, 3)
      .map((chunk) => ({ chunk })),
    { hang: true },
  ]);
  const controller = new AbortController();
  const response = await two.server.post(CHAT, chatRequest(), { signal: controller.signal });
  await response.body?.getReader().read();
  controller.abort();
  await two.fast.callerClosed(0);
  expect(await two.server.record(idOf(response))).toMatchObject({
    outcome: 'cancelled',
    attempts: [{ outcome: 'cancelled' }],
  });
});
