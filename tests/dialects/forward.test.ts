/** What may change in a request that stays in its dialect? Only what the tier needs; every other byte is the caller's. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { JsonObject } from '#core/message';
import type { Tier } from '#core/tier';
import { dialects } from '#dialects/dialect';
import { requestOf, tierOf } from '#tests/dialects/support';

const chatDialect = dialects['openai-chat'];
const messagesDialect = dialects['anthropic-messages'];
const user = { role: 'user', content: 'go' };

const chat = (fields: JsonObject, tier: Partial<Tier> = {}, stream = false) => {
  const sent = chatDialect.forward(
    requestOf(chatDialect, { model: 'm', messages: [user], ...fields }),
    tierOf(tier),
    stream,
  );
  return { ...sent, body: JSON.parse(sent.text) };
};

const messages = (fields: JsonObject, tier: Partial<Tier> = {}, stream = false) => {
  const body = { model: 'm', max_tokens: 100, messages: [user], ...fields };
  const own = tierOf({ dialect: 'anthropic-messages', ...tier });
  const sent = messagesDialect.forward(requestOf(messagesDialect, body), own, stream);
  return { ...sent, body: JSON.parse(sent.text) };
};

test('a request that needs no edit is sent byte for byte', () => {
  const text = '{ "model":"m", "max_tokens":1.0e2, "messages":[ {"role":"user","content":"\\u0041"} ], "x":1.50 }';
  const request = requestOf(messagesDialect, JSON.parse(text), text);
  expect(messagesDialect.forward(request, tierOf({ dialect: 'anthropic-messages' }), false).text).toBe(text);
});

test('unknown members survive as they were spelt', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), (extra) => {
      const known = { model: 'a', messages: [user], stream: true };
      const body: JsonObject = { ...extra, ...known };
      const read = chatDialect.readRequest(body, JSON.stringify(body));
      if ('kind' in read) return;
      const sent = JSON.parse(chatDialect.forward(read, tierOf({ model: 'b' }), true).text);
      for (const [key, value] of Object.entries(JSON.parse(JSON.stringify(extra)))) {
        if (
          !['model', 'messages', 'stream', 'stream_options', 'seed', 'user', 'metadata', 'logit_bias'].includes(key)
        ) {
          expect(sent[key]).toEqual(value);
        }
      }
      expect(sent.model).toBe('b');
    }),
    { numRuns: 200 },
  );
});

describe('the model', () => {
  test('is the tier’s when it has one, else the caller’s', () => {
    expect(chat({}, { model: 'served' }).body.model).toBe('served');
    expect(chat({}).body.model).toBe('m');
    expect(chat({ model: null }, { model: 'served' }).body.model).toBe('served');
  });
});

describe('fields that name a caller', () => {
  const fields = { seed: 1, user: 'u', metadata: { a: 1 }, logit_bias: { 5: 1 } };
  test('stay behind and are named', () => {
    const { body, losses } = chat(fields);
    expect(Object.keys(body).sort()).toEqual(['messages', 'model']);
    expect([...losses].sort()).toEqual(['logit_bias', 'metadata', 'seed', 'user']);
  });

  test('go to a tier that lists them', () => {
    const { body, losses } = chat(fields, { forward: ['seed', 'metadata'] });
    expect(body).toMatchObject({ seed: 1, metadata: { a: 1 } });
    expect([...losses].sort()).toEqual(['logit_bias', 'user']);
  });
});

describe('the operator’s body', () => {
  test('defaults fill gaps only, overrides always win', () => {
    const { body } = chat(
      { temperature: 0.5, top_p: null },
      { extraBodyDefaults: { temperature: 1, top_p: 1, min_p: 0.1 }, extraBody: { temperature: 0 }, model: 'x' },
    );
    expect(body).toMatchObject({ temperature: 0, top_p: null, min_p: 0.1 });
  });

  test('overrides may even name model and stream', () => {
    const { body } = chat({}, { model: 'x', extraBody: { model: 'y', stream: false, stream_options: null } }, true);
    expect(body).toMatchObject({ model: 'y', stream: false, stream_options: null });
  });
});

describe('the output cap', () => {
  const CASES: readonly (readonly [JsonObject, Partial<Tier>, JsonObject, number | undefined])[] = [
    [{}, {}, {}, undefined],
    [{ max_tokens: 50 }, { maxOutputTokens: 80 }, { max_tokens: 50 }, 50],
    [{ max_tokens: 90 }, { maxOutputTokens: 80 }, { max_tokens: 80 }, 80],
    [{}, { maxOutputTokens: 80 }, { max_tokens: 80 }, 80],
    [{ max_tokens: -1 }, {}, { max_tokens: -1 }, undefined],
    [{ max_tokens: -1 }, { maxOutputTokens: 80 }, { max_tokens: 80 }, 80],
    [{ max_completion_tokens: 90 }, {}, { max_completion_tokens: 90, max_tokens: 90 }, 90],
    [{ max_completion_tokens: 90 }, { privacy: 'cloud' }, { max_completion_tokens: 90 }, 90],
    [{ max_completion_tokens: 90 }, { privacy: 'cloud', maxOutputTokens: 9 }, { max_completion_tokens: 9 }, 9],
    [
      {},
      { baseUrl: 'https://api.openai.com/v1', privacy: 'cloud', maxOutputTokens: 9 },
      { max_completion_tokens: 9 },
      9,
    ],
    [{ max_tokens: 5 }, { extraBody: { max_tokens: 700 }, maxOutputTokens: 80 }, { max_tokens: 700 }, 700],
    [{}, { extraBodyDefaults: { max_tokens: 700 }, maxOutputTokens: 80 }, { max_tokens: 80 }, 80],
  ];
  for (const [fields, tier, caps, given] of CASES) {
    test(`of ${JSON.stringify(fields)} for ${JSON.stringify(tier)} is ${JSON.stringify(caps)}`, () => {
      const { body, maxOutputTokens } = chat(fields, tier);
      const { max_tokens, max_completion_tokens } = body;
      expect({ max_tokens, max_completion_tokens }).toEqual({
        max_tokens: undefined,
        max_completion_tokens: undefined,
        ...caps,
      });
      expect(maxOutputTokens).toBe(given);
    });
  }

  test('in Messages takes a thinking budget down with it, or out', () => {
    const thinking = { type: 'enabled', budget_tokens: 31_999 };
    const fitted = messages({ max_tokens: 32_000, thinking }, { maxOutputTokens: 8_000 });
    expect(fitted.body).toMatchObject({ max_tokens: 8_000, thinking: { type: 'enabled', budget_tokens: 6_000 } });
    const dropped = messages({ max_tokens: 32_000, thinking }, { maxOutputTokens: 1_000 });
    expect(dropped.body.thinking).toBeUndefined();
    expect(dropped.losses).toContain('thinking');
    expect(messages({ max_tokens: 0 }, { maxOutputTokens: 8_000 }).maxOutputTokens).toBe(0);
  });
});

describe('streaming', () => {
  test('of Chat always asks for usage and keeps the caller’s other options', () => {
    expect(chat({}, {}, true).body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    const options = { include_usage: false, include_obfuscation: false };
    expect(chat({ stream: true, stream_options: options }, {}, true).body.stream_options).toEqual({
      include_usage: true,
      include_obfuscation: false,
    });
  });

  test('that is off takes the options away, which servers refuse then', () => {
    const { body } = chat({ stream: true, stream_options: { include_usage: true } });
    expect(body.stream).toBe(false);
    expect(body.stream_options).toBeUndefined();
  });

  test('of Messages sets the flag and nothing else', () => {
    expect(Object.keys(messages({}, {}, true).body)).toEqual(['model', 'max_tokens', 'messages', 'stream']);
    expect(messages({ stream: true }).body.stream).toBe(false);
    expect(messages({}).text).not.toContain('stream');
  });

  test('remembers which Chat callers asked for usage; Messages callers always get it', () => {
    const asked = requestOf(chatDialect, { messages: [user], stream_options: { include_usage: true } });
    const silent = requestOf(chatDialect, { messages: [user] });
    const own = requestOf(messagesDialect, { messages: [user], max_tokens: 1 });
    expect([chatDialect.wantsUsage(asked), chatDialect.wantsUsage(silent), messagesDialect.wantsUsage(own)]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe('roles a local server does not know', () => {
  test('developer becomes system for a local Chat tier, and stays for a cloud one', () => {
    const turns = [{ role: 'developer', content: 'x', extra: 1 }, user];
    expect(chat({ messages: turns }).body.messages[0]).toEqual({ role: 'system', content: 'x', extra: 1 });
    expect(chat({ messages: turns }, { privacy: 'cloud' }).body.messages[0].role).toBe('developer');
  });

  test('a system message among the others is folded for a local Messages tier only', () => {
    const turns = [user, { role: 'system', content: 'late' }];
    const [only, ...rest] = messages({ messages: turns }).body.messages;
    expect(rest).toEqual([]);
    expect(only.content[1].text).toContain('late');
    expect(messages({ messages: turns }, { privacy: 'cloud' }).body.messages).toEqual(turns);
  });
});

describe('thinking of another model', () => {
  const thought = (signature: string) => ({ type: 'thinking', thinking: 'hm', signature });
  const turns = (signature: string) => [user, { role: 'assistant', content: [thought(signature)] }, user];
  test('is kept from a cloud tier, with the message it leaves empty', () => {
    const { body, losses } = messages({ messages: turns('anvil-unsigned') }, { privacy: 'cloud' });
    expect(body.messages).toEqual([user, user]);
    expect(losses).toEqual(['messages.thinking']);
  });

  test('stays for a local tier, and so does signed thinking everywhere', () => {
    expect(messages({ messages: turns('') }).body.messages).toEqual(turns(''));
    expect(messages({ messages: turns('EqQB') }, { privacy: 'cloud' }).body.messages).toEqual(turns('EqQB'));
  });
});

test('endpoints and headers are those of the dialect, with a base URL in either spelling', () => {
  for (const base of ['http://h:1', 'http://h:1/', 'http://h:1/v1', 'http://h:1/v1//']) {
    expect(chatDialect.endpoint(base)).toBe('http://h:1/v1/chat/completions');
    expect(messagesDialect.endpoint(base)).toBe('http://h:1/v1/messages');
  }
  expect(chatDialect.headers('k')).toEqual({ 'content-type': 'application/json', authorization: 'Bearer k' });
  expect(chatDialect.headers(undefined)).toEqual({ 'content-type': 'application/json' });
  expect(messagesDialect.headers('k')).toMatchObject({ 'x-api-key': 'k', 'anthropic-version': '2023-06-01' });
  expect(messagesDialect.headers(undefined)).not.toHaveProperty('x-api-key');
});
