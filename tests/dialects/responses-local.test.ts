/** What does a local Responses server get of a caller of its own dialect? Instructions in front, and tools as functions. */
import { describe, expect, test } from 'bun:test';
import type { JsonObject } from '#core/message';
import type { Tier } from '#core/tier';
import { dialects } from '#dialects/dialect';
import { forwarded, OPENAI, requestFrom, responsesTier, user } from '#tests/dialects/responses-support';

const responses = dialects['openai-responses'];
const said = (role: string, content: unknown): JsonObject => ({ type: 'message', role, content });
const picture = { type: 'input_image', image_url: 'https://a.test/i.png' };

describe('instructions', () => {
  test('that open the input join those of the request, in order', () => {
    const input = [
      said('developer', 'Two.'),
      { role: 'system', content: [{ type: 'input_text', text: 'Three.' }] },
      user,
    ];
    const { body, losses } = forwarded({ instructions: 'One.', input });
    expect(body).toMatchObject({ instructions: 'One.\n\nTwo.\n\nThree.', input: [user] });
    expect(losses).toEqual([]);
  });

  test('that come later are said by the user, where they stand', () => {
    const { body } = forwarded({ input: [user, said('developer', 'Be brief.'), user] });
    expect(body.instructions).toBeUndefined();
    expect(body.input).toEqual([
      user,
      said('user', [{ type: 'input_text', text: '<system-reminder>\nBe brief.\n</system-reminder>' }]),
      user,
    ]);
  });

  test('are left as they are where they are all there is, and where they hold more than text', () => {
    const alone = [said('developer', 'Say hello.')];
    const shown = [said('system', [picture]), user];
    expect(forwarded({ input: alone }).body.input).toEqual(alone);
    expect(forwarded({ input: shown }).body.input).toEqual(shown);
  });

  test('go to the cloud as they are', () => {
    const input = [said('developer', 'One.'), user, said('system', 'Two.')];
    expect(forwarded({ input }, OPENAI).body.input).toEqual(input);
  });
});

describe('a request passes byte for byte', () => {
  const namespace = { type: 'namespace', name: 'a', tools: [] };
  const custom = { type: 'custom', name: 'patch' };
  const call = { type: 'function_call', call_id: '1', name: 'b', arguments: '{}' };
  const CASES: readonly (readonly [what: string, fields: JsonObject, tier: Partial<Tier>, passes: boolean])[] = [
    ['functions', { tools: [{ type: 'function', name: 'a' }], input: [user, call] }, {}, true],
    ['a hosted tool', { tools: [{ type: 'web_search' }] }, {}, true],
    ['plain text', { input: 'hi' }, {}, true],
    ['a namespace', { tools: [namespace] }, {}, false],
    ['a namespace that is known', { tools: [namespace] }, { forward: ['namespace'] }, true],
    ['a namespace, to the cloud', { tools: [namespace] }, OPENAI, true],
    ['a custom tool', { tools: [custom] }, {}, false],
    ['a custom tool that is known', { tools: [custom] }, { forward: ['custom'] }, true],
    ['a custom call', { input: [user, { type: 'custom_tool_call', call_id: '1', name: 'a', input: '' }] }, {}, false],
    ['a call in a namespace', { input: [user, { ...call, namespace: 'a' }] }, {}, false],
    ['tools among the input', { input: [{ type: 'additional_tools', tools: [] }, user] }, {}, false],
  ];
  for (const [what, fields, tier, passes] of CASES)
    test(`${passes ? '' : 'not '}with ${what}`, () => {
      expect(responses.understands?.(requestFrom(fields), responsesTier(tier))).toBe(passes);
    });
});
