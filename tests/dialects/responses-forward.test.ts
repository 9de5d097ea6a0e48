/** What may change in a Responses request for a Responses tier? What needs a server's memory, and what the tier demands. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { JsonObject } from '#core/message';
import type { Tier } from '#core/tier';
import { forwardResponses } from '#dialects/openai-responses/forward';
import { writeEncrypted } from '#dialects/openai-responses/proof';
import { readResponsesRequest } from '#dialects/openai-responses/request';
import { forwarded, OPENAI, responsesTier, user } from '#tests/dialects/responses-support';

const forwardText = (text: string, tier: Partial<Tier> = {}): string => {
  const read = readResponsesRequest(JSON.parse(text), text);
  if ('kind' in read) throw new Error(read.message);
  return forwardResponses(read, responsesTier(tier), read.stream).text;
};

test('a request that needs no edit is sent byte for byte', () => {
  const text =
    '{ "model":"m", "store" : false, "stream":true, "max_output_tokens":1.0e2, "input":[ {"role":"user","content":"\\u0041"} ], "x":1.50 }';
  expect(forwardText(text)).toBe(text);
});

test('edits touch only their own members', () => {
  const text = '{"input":"\\u0041","x": 1.50,"model":"m","store":true,"y":[ ]}';
  expect(forwardText(text, { model: 'served' })).toBe(
    '{"input":"\\u0041","x": 1.50,"model":"served","store":false,"y":[ ]}',
  );
});

test('unknown members and items survive as they were spelt', () => {
  const item = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { noNullPrototype: true });
  fc.assert(
    fc.property(item, fc.array(item, { maxLength: 3 }), (extra, items) => {
      const input = [user, ...items.map((more) => ({ ...more, type: 'unheard_of' }))];
      const body: JsonObject = { ...extra, model: 'a', input };
      const read = readResponsesRequest(body, JSON.stringify(body));
      if ('kind' in read) return;
      const sent = JSON.parse(forwardResponses(read, responsesTier({ model: 'b' }), false).text);
      const { model, store, ...rest } = sent;
      expect([model, store]).toEqual(['b', false]);
      const expected: Record<string, unknown> = JSON.parse(JSON.stringify(body));
      for (const name of ['model', 'store', 'seed', 'user', 'metadata', 'logit_bias', 'stream_options'])
        delete expected[name];
      expect(rest).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});

describe('storing', () => {
  test('is forbidden, and named where the caller had asked for it', () => {
    expect(forwarded({})).toMatchObject({ body: { store: false }, losses: [] });
    expect(forwarded({ store: true })).toMatchObject({ body: { store: false }, losses: ['store'] });
    expect(forwarded({ store: null })).toMatchObject({ body: { store: false }, losses: [] });
  });

  test('is what the operator says in the end', () => {
    expect(forwarded({}, { extraBody: { store: true } }).body.store).toBe(true);
  });
});

describe('pointers into a server’s memory', () => {
  const call = { type: 'function_call', id: 'fc_1', call_id: '1', name: 'a', arguments: '{}' };
  const reasoning = (encrypted: unknown) => ({
    type: 'reasoning',
    id: 'rs_1',
    summary: [{ type: 'summary_text', text: 'hm' }],
    encrypted_content: encrypted,
  });
  const inputAfter = (item: JsonObject, tier: Partial<Tier>) => {
    const { body, losses } = forwarded({ input: [user, item, call] }, tier);
    return { kept: body.input.slice(1, -1), losses };
  };

  test('are left out for every tier', () => {
    for (const tier of [{}, OPENAI]) {
      for (const item of [{ type: 'item_reference', id: 'rs_1' }, { id: 'rs_1' }]) {
        expect(inputAfter(item, tier)).toEqual({ kept: [], losses: ['input.item_reference'] });
      }
    }
  });

  test('are no reasoning that brings its own payload', () => {
    for (const tier of [{}, OPENAI]) {
      expect(inputAfter(reasoning('gAAA'), tier)).toEqual({ kept: [reasoning('gAAA')], losses: [] });
    }
  });

  test('are reasoning without one, to a service that checks', () => {
    expect(inputAfter(reasoning(null), {})).toEqual({ kept: [reasoning(null)], losses: [] });
    expect(inputAfter(reasoning(null), OPENAI)).toEqual({ kept: [], losses: ['input.reasoning'] });
  });

  test('are not even payloads of another dialect, which no tier gets to see', () => {
    const foreign = reasoning(writeEncrypted({ kind: 'signature', text: 'EqQB', origin: 'anthropic-messages' }));
    const { encrypted_content: _payload, ...bare } = foreign;
    expect(inputAfter(foreign, {})).toEqual({ kept: [bare], losses: ['input.reasoning.encrypted_content'] });
    expect(inputAfter(foreign, OPENAI)).toEqual({ kept: [], losses: ['input.reasoning'] });
  });
});

describe('tools that run at the provider', () => {
  const own = [
    { type: 'function', name: 'a', parameters: {} },
    { type: 'custom', name: 'b' },
    { type: 'namespace', name: 'c', tools: [] },
  ];
  const hosted = [{ type: 'web_search', external_web_access: true }, { type: 'tool_search' }];
  const toolsFor = (tools: readonly unknown[], tier: Partial<Tier>) => {
    const { body, losses } = forwarded({ tools }, tier);
    return [body.tools, losses];
  };

  test('reach the cloud, and no local server unless it lists them', () => {
    const all = [...own, ...hosted];
    expect(toolsFor(all, { privacy: 'cloud' })).toEqual([all, []]);
    expect(toolsFor(all, {})).toEqual([own, ['tools.web_search', 'tools.tool_search']]);
    expect(toolsFor(all, { forward: ['web_search'] })).toEqual([[...own, hosted[0]], ['tools.tool_search']]);
    expect(toolsFor(hosted, {})).toEqual([undefined, ['tools.web_search', 'tools.tool_search']]);
  });
});

describe('fields that name a caller', () => {
  const fields = { user: 'u', metadata: { a: '1' }, prompt_cache_key: 'k', client_metadata: { b: '2' } };
  test('stay behind and are named; what steers a cache does not', () => {
    const { body, losses } = forwarded(fields);
    expect(Object.keys(body).sort()).toEqual(['client_metadata', 'input', 'model', 'prompt_cache_key', 'store']);
    expect([...losses].sort()).toEqual(['metadata', 'user']);
  });

  test('go to a tier that lists them', () => {
    expect(forwarded(fields, { forward: ['metadata', 'user'] })).toMatchObject({
      body: { user: 'u', metadata: { a: '1' } },
      losses: [],
    });
  });
});

describe('the stream', () => {
  test('is what the router asks for', () => {
    expect(forwarded({ stream: true }, {}, true).body.stream).toBe(true);
    expect(forwarded({}, {}, true).body.stream).toBe(true);
    expect('stream' in forwarded({}).body).toBe(false);
    const options = { stream_options: { include_obfuscation: false } };
    expect(forwarded({ stream: true, ...options }, {}, true).body).toMatchObject(options);
    expect('stream_options' in forwarded({ stream: true, ...options }, {}, false).body).toBe(false);
    expect(forwarded({ stream: true, ...options }, {}, false).body.stream).toBe(false);
  });
});

describe('the output cap', () => {
  const CASES: readonly (readonly [JsonObject, Partial<Tier>, number | undefined])[] = [
    [{}, {}, undefined],
    [{ max_output_tokens: 50 }, { maxOutputTokens: 80 }, 50],
    [{ max_output_tokens: 90 }, { maxOutputTokens: 80 }, 80],
    [{}, { maxOutputTokens: 80 }, 80],
    [{ max_output_tokens: null }, { maxOutputTokens: 80 }, 80],
    [{ max_output_tokens: 5 }, { extraBody: { max_output_tokens: 700 } }, 700],
    [{}, { extraBodyDefaults: { max_output_tokens: 700 } }, 700],
  ];
  for (const [fields, tier, cap] of CASES) {
    test(`of ${JSON.stringify(fields)} for ${JSON.stringify(tier)} is ${cap}`, () => {
      const { body, maxOutputTokens } = forwarded(fields, tier);
      expect([body.max_output_tokens ?? undefined, maxOutputTokens]).toEqual([cap, cap]);
    });
  }
});
