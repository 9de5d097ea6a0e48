// What callers may ask in our own headers, and that nonsense is refused by name instead of ignored.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { readAsk } from '#core/anvil-headers';
import { settingsOf } from '#tests/core/decide-fixtures';

const SETTINGS = settingsOf({
  presets: { planning: ['cloud'], Mine: ['fast-local'] },
  aliases: { qwen: 'heavy-local' },
});
const ask = (headers: Readonly<Record<string, string>>) => readAsk((name) => headers[name], SETTINGS);
const refusalOf = (headers: Readonly<Record<string, string>>): string => {
  const said = ask(headers);
  if (said === undefined || !('status' in said)) throw new Error(`accepted: ${JSON.stringify(said)}`);
  expect(said).toMatchObject({ kind: 'bad-request', status: 400, param: Object.keys(headers)[0] as never });
  return said.message;
};

test('without any of them there is nothing to ask', () => expect(ask({ 'x-other': '1' })).toBeUndefined());

describe('x-anvil-intent', () => {
  test.each([
    ['planning', { kind: 'preset', token: 'planning' }],
    [' ANVIL/Planning ', { kind: 'preset', token: 'planning' }],
    ['claude-anvil-mine', { kind: 'preset', token: 'mine' }],
    ['multi-file-refactor', { kind: 'class', workClass: 'multi-file-refactor' }],
    ['Review', { kind: 'class', workClass: 'review' }],
    ['quick-edit', { kind: 'class', workClass: 'bounded-edit' }],
  ])('%j declares it', (value, intent) => expect(ask({ 'x-anvil-intent': value })).toMatchObject({ intent } as never));
  test.each(['qwen', 'fast-local', 'plan', 'planning, review', 'constructor'])('%j is refused', (value) => {
    expect(refusalOf({ 'x-anvil-intent': value })).toBe(
      'x-anvil-intent: not a work class or preset; it may be one of chat, bounded-edit, multi-file-refactor, planning, review, long-context, Mine',
    );
  });
});

describe('x-anvil-budget', () => {
  test.each([
    ['request-usd=0.05', { requestUsd: 0.05 }],
    ['request-tokens=0', { requestTokens: 0 }],
    [' Session-USD = 2 , session-tokens=200000', { sessionUsd: 2, sessionTokens: 200_000 }],
  ])('%j is read', (value, caps) => expect(ask({ 'x-anvil-budget': value })).toEqual({ caps }));
  test.each([
    '0.05',
    'usd=1',
    'day-usd=1',
    'request-usd',
    'request-usd=',
    'request-usd=-1',
    'request-usd=1e9',
    'request-usd=Infinity',
    'request-usd=$1',
    'request-usd=1=2',
    'request-usd=1,',
    'request-usd=1,request-usd=2',
    '__proto__=1',
  ])('%j is refused', (value) => expect(refusalOf({ 'x-anvil-budget': value })).toMatch(/^x-anvil-budget: /));
});

describe('x-anvil-max-latency', () => {
  test.each([
    ['5', 5_000],
    [' 0.25 ', 250],
    ['0.001', 1],
    ['3600', 3_600_000],
  ])('%j seconds are read', (value, firstByteMaxMs) =>
    expect(ask({ 'x-anvil-max-latency': value })).toEqual({ firstByteMaxMs }),
  );
  test.each(['0', '-1', '0.0001', '3601', '5s', '1e3', 'NaN', '5, 6', '.5'])('%j is refused', (value) =>
    expect(refusalOf({ 'x-anvil-max-latency': value })).toContain('seconds'),
  );
});

test('an over-long value of any of them is refused unread', () => {
  for (const name of ['x-anvil-intent', 'x-anvil-budget', 'x-anvil-max-latency'])
    expect(refusalOf({ [name]: '1'.repeat(201) })).toBe(`${name}: more than 200 characters`);
});

test('whatever the values are, they are understood within their limits or refused, and never said back', () => {
  const value = fc.oneof(fc.string({ unit: 'binary', minLength: 1 }), fc.stringMatching(/^[a-z-]{0,20}=?[\d.]{0,16}$/));
  const name = fc.constantFrom('x-anvil-intent', 'x-anvil-budget', 'x-anvil-max-latency');
  fc.assert(
    fc.property(name, value, (header, text) => {
      const said = ask({ [header]: text });
      if (said === undefined) expect(text).toBe('');
      else if ('status' in said) expect(said.status).toBe(400);
      else {
        for (const cap of Object.values(said.caps ?? {})) expect(cap >= 0 && Number.isFinite(cap)).toBe(true);
        expect(said.firstByteMaxMs ?? 1).toBeWithin(1, 3_600_001);
      }
    }),
  );
});
