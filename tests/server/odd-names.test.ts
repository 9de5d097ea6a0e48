/** What becomes of model names and headers of ours that no sound client would send? Real sockets. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { rawConnection, rawRequest } from '#tests/server/raw';
import { CHAT, errorIn, MESSAGES, PATH } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { chatRequest, messagesRequest, responsesRequest, startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

let two: TwoTiers;
beforeAll(async () => {
  two = await startTwoTiers();
  for (const tier of [two.fast, two.heavy])
    tier.always(({ json }) => answerSteps('openai-chat', Object(json).stream === true, plainAnswer('Hello!')));
});
afterAll(async () => {
  expect(two.server.bugs).toEqual([]);
  await two[Symbol.asyncDispose]();
});

const LONG = 'm'.repeat(513);
const REQUESTS = [
  ['openai-chat', PATH['openai-chat'], chatRequest],
  ['anthropic-messages', PATH['anthropic-messages'], messagesRequest],
  ['openai-responses', PATH['openai-responses'], responsesRequest],
  ['anthropic-messages', `${MESSAGES}/count_tokens`, messagesRequest],
] as const;

for (const [dialect, path, request] of REQUESTS)
  test(`POST ${path}: a string of more than 512 characters is no model name, and is not said back`, async () => {
    const refused = await two.server.post(path, request({ model: LONG }));
    const text = await refused.text();
    expect([refused.status, errorIn(dialect, text).message]).toEqual([400, 'model: more than 512 characters']);
    expect(text).not.toContain('mmmm');
    const taken = await two.server.post(path, request({ model: LONG.slice(1), stream: false }));
    await taken.text();
    expect(taken.status).toBe(200);
  });

test('/v1/route refuses such a string as serving would', async () => {
  const refused = await two.server.post('/v1/route', { model: LONG });
  expect([refused.status, await refused.json()]).toMatchObject([
    400,
    { error: { message: 'model: more than 512 characters' }, decision: { provider: null } },
  ]);
});

test('a name of other letters, blanks or signs means nothing here, and is said back as it came', async () => {
  for (const model of ['ＣＨＡＴ', 'chat\u0000', '🦀', '\u202echat', '__proto__', 'constructor', 'anvil/anvil/chat']) {
    const response = await two.server.post(CHAT, chatRequest({ model, stream: false }));
    expect([response.status, response.headers.get('x-anvil-intent')]).toEqual([200, 'inferred']);
    expect(await response.json()).toMatchObject({ model });
  }
});

const HEADERS: readonly (readonly [title: string, lines: readonly string[], says: string])[] = [
  ['an intent that is not ASCII', ['x-anvil-intent: caf\u00e9'], 'x-anvil-intent: not a work class'],
  ['two intents', ['x-anvil-intent: chat', 'x-anvil-intent: review'], 'x-anvil-intent: not a work class'],
  ['an endless intent', [`x-anvil-intent: ${'a'.repeat(8_000)}`], 'x-anvil-intent: more than 200 characters'],
  ['a budget of NaN', ['x-anvil-budget: request-usd=NaN'], 'x-anvil-budget: expected'],
  ['a budget below nothing', ['x-anvil-budget: request-usd=-1'], 'x-anvil-budget: expected'],
  ['a budget past all numbers', ['x-anvil-budget: request-usd=1e400'], 'x-anvil-budget: expected'],
  ['a cap of no name', ['x-anvil-budget: __proto__=1'], 'x-anvil-budget: expected'],
  [
    'two budgets',
    ['x-anvil-budget: request-usd=1', 'x-anvil-budget: request-usd=2'],
    'x-anvil-budget: request-usd is given twice',
  ],
  ['no time at all', ['x-anvil-max-latency: 0'], 'x-anvil-max-latency: expected'],
  ['less than no time', ['x-anvil-max-latency: -1'], 'x-anvil-max-latency: expected'],
  ['all the time there is', ['x-anvil-max-latency: Infinity'], 'x-anvil-max-latency: expected'],
  ['a second too much', ['x-anvil-max-latency: 3601'], 'x-anvil-max-latency: expected'],
  ['two latencies', ['x-anvil-max-latency: 1', 'x-anvil-max-latency: 2'], 'x-anvil-max-latency: expected'],
];

for (const [title, lines, says] of HEADERS)
  test(`${title}: a 400 that names the header, on every route that decides`, async () => {
    await using connection = await rawConnection(two.server.url);
    for (const [dialect, path, request] of REQUESTS) {
      const body = JSON.stringify(request());
      await connection.send(rawRequest('POST', path, { headers: lines, body }));
      const response = await connection.response();
      expect([path, response?.status]).toEqual([path, 400]);
      expect(errorIn(dialect, response?.body ?? '').message).toStartWith(says);
    }
  });

test('an empty header asks for nothing', async () => {
  for (const name of ['x-anvil-intent', 'x-anvil-budget', 'x-anvil-max-latency']) {
    const response = await two.server.post(CHAT, chatRequest({ stream: false }), { headers: { [name]: ' ' } });
    expect([name, response.status]).toEqual([name, 200]);
    await response.text();
  }
});
