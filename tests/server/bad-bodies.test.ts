/** What happens to a body that is no JSON object, or one that only looks like a sound request? */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { quiet } from '#tests/server/quiet';
import { CHAT, errorIn, PATH } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { chatRequest, messagesRequest, startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

let two: TwoTiers;
beforeAll(async () => {
  two = await startTwoTiers();
  two.fast.always(answerSteps('openai-chat', false, plainAnswer('Hello!')));
});
afterEach(() => quiet(two.server));
afterAll(async () => {
  expect(two.server.bugs).toEqual([]);
  await two[Symbol.asyncDispose]();
});

const post = (path: string, body: string | Uint8Array): Promise<Response> =>
  fetch(two.server.url + path, { method: 'POST', body });

const bytes = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Uint8Array.from(part))));

const ROUTES = [
  { path: PATH['openai-chat'], dialect: 'openai-chat' },
  { path: PATH['anthropic-messages'], dialect: 'anthropic-messages' },
  { path: '/v1/route', dialect: 'openai-chat' },
] as const;

const NOT_JSON: Readonly<Record<string, string | Uint8Array>> = {
  'an open brace': '{',
  words: 'model=chat&stream=true',
  'a trailing comma': '{"model":"chat",}',
  'single quotes': "{'model':'chat'}",
  'a comment': '{"model":"chat" /* preset */}',
  NaN: '{"temperature":NaN}',
  Infinity: '{"temperature":Infinity}',
  'a hexadecimal number': '{"max_tokens":0x10}',
  'a number with a leading zero': '{"max_tokens":007}',
  'two documents': '{"model":"chat"}{"model":"chat"}',
  'a line break in a string': '{"model":"ch\nat"}',
  blanks: ' \n\t ',
  'a NUL': bytes([0]),
  'an overlong UTF-8 form': bytes('{"model":"', [0xc0, 0xaf], '"}'),
  'half a UTF-8 letter': bytes('{"model":"', [0xe2, 0x82], '"}'),
  'a raw surrogate': bytes('{"model":"', [0xed, 0xa0, 0x80], '"}'),
  'Latin-1': bytes('{"model":"caf', [0xe9], '"}'),
  'UTF-16': Buffer.from('\uFEFF{"model":"chat"}', 'utf16le'),
  '10,000 arrays': `{"messages":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
  '10,000 objects': `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
  '10,000 arrays that never close': '['.repeat(10_000),
  'a million closing brackets': ']'.repeat(1_000_000),
};

const NOT_AN_OBJECT = ['null', 'true', '42', '"chat"', '[]', '[{"model":"chat"}]'];

for (const { path, dialect } of ROUTES) {
  describe(`POST ${path}`, () => {
    for (const [name, body] of Object.entries(NOT_JSON))
      test(`${name}: a 400 that says the JSON is bad`, async () => {
        const response = await post(path, body);
        expect(response.status).toBe(400);
        const said = errorIn(dialect, await response.text());
        expect(said.type).toBe('invalid_request_error');
        expect(said.message).toStartWith('bad JSON body: ');
        expect(said.message.length).toBeLessThan(400);
      });

    for (const body of NOT_AN_OBJECT)
      test(`${body}: a 400 that asks for an object`, async () => {
        const response = await post(path, body);
        expect(response.status).toBe(400);
        expect(errorIn(dialect, await response.text()).message).toBe('body must be a JSON object');
      });
  });
}

test('an empty body is an empty object: the first missing field is named', async () => {
  for (const [path, dialect, message] of [
    [PATH['openai-chat'], 'openai-chat', "Missing required parameter: 'messages'."],
    [PATH['anthropic-messages'], 'anthropic-messages', 'max_tokens: field required'],
  ] as const) {
    const response = await post(path, '');
    expect(response.status).toBe(400);
    expect(errorIn(dialect, await response.text()).message).toBe(message);
  }
  expect((await post('/v1/route', '')).status).toBe(200);
});

test('what a bad body said is in no record', async () => {
  const response = await post(CHAT, '{"model":"chat","messages":"my secret is 4711');
  const record = await two.server.record(response.headers.get('x-anvil-decision') ?? '');
  expect(record).toMatchObject({ outcome: 'refused', status: 400, failure: 'bad-json', modelAsked: '' });
  expect(JSON.stringify(record)).not.toContain('4711');
});

describe('odd but sound JSON is served, and whichever of two equal keys a tier reads, it says the same', () => {
  const good = JSON.stringify(chatRequest({ stream: false }));
  const inside = good.slice(1, -1);
  const messages = JSON.stringify(messagesRequest({ stream: false }));
  const cases: Readonly<Record<string, string | Uint8Array>> = {
    'a byte order mark': `\uFEFF${good}`,
    'blanks everywhere': JSON.stringify(JSON.parse(good), null, '\t\r\n '),
    'a key that comes twice': `{"model":"planning","stream":true,${inside}}`,
    'a key that comes twice, the last one first': `{${inside},"model":"chat","stream":false}`,
    'an escaped key': `{${inside.replace('"model"', '"mo\\u0064el"').replace('"stream"', '"\\u0073tream"')}}`,
    'an escaped key beside the plain one': `{"\\u006dodel":"planning",${inside}}`,
    'the key __proto__': `{"__proto__":{"stream":true},${inside}}`,
    'the key constructor': `{"constructor":{"prototype":1},${inside}}`,
    'a lone surrogate in a text': good.replace('hello there', 'hello \\ud800 there'),
    'a number beyond double precision': `{"user_number":123456789012345678901234567890,${inside}}`,
    '500 levels that nobody looks at': `{"metadata":${'['.repeat(500)}${']'.repeat(500)},${inside}}`,
  };
  for (const [name, body] of Object.entries(cases))
    test(name, async () => {
      const index = two.fast.requests.length;
      const response = await post(CHAT, body);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ model: 'chat', choices: [{ message: { content: 'Hello!' } }] });
      const seen = two.fast.requests[index];
      expect(seen?.json).toMatchObject({ model: 'fast' });
      const models = [...(seen?.body ?? '').matchAll(/"(?:m|\\u006d)o(?:d|\\u0064)el"\s*:\s*"([^"]*)"/g)];
      expect(new Set(models.map(([, model]) => model))).toEqual(new Set(['fast']));
    });

  test('the same in the other dialect', async () => {
    const response = await post(PATH['anthropic-messages'], messages.replace('"model"', '"mo\\u0064el"'));
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ model: 'chat', content: [{ text: 'Hello!' }] });
  });
});
