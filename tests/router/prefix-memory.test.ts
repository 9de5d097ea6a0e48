/** What of the beginnings of conversations is remembered, for whom, and how much at most? */
import { expect, test } from 'bun:test';
import type { ModelRequest } from '#core/message';
import type { SessionMark } from '#core/session';
import { createPrefixMemory, type PrefixMemory } from '#router/prefix';

const mark = (id: string, lane = 'main'): SessionMark => ({ id, from: 'opening', lane });

const request = (system: string, ...turns: readonly string[]): ModelRequest => {
  const messages = turns.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content }));
  const raw = { messages: [{ role: 'system', content: system }, ...messages] };
  return { dialect: 'openai-chat', raw, text: JSON.stringify(raw) } as unknown as ModelRequest;
};

/** Whether a number that has changed is taken for one that does so. */
const moves = (memory: PrefixMemory, session: SessionMark | undefined): boolean => {
  const { record } = memory.stabilise(session, request('5 files are open.', 'one', 'a', 'two'));
  return record !== undefined;
};
const see = (memory: PrefixMemory, session: SessionMark | undefined): void => {
  memory.stabilise(session, request('4 files are open.', 'one'));
};

test('only requests of one session and lane are compared', () => {
  const memory = createPrefixMemory(10);
  see(memory, mark('a'));
  expect(moves(memory, mark('b'))).toBe(false);
  expect(moves(memory, mark('a', 'sub-agent'))).toBe(false);
  expect(moves(memory, mark('a'))).toBe(true);
});

test('without a session nothing is remembered, and the rules apply all the same', () => {
  const memory = createPrefixMemory(10);
  see(memory, undefined);
  expect(moves(memory, undefined)).toBe(false);
  expect(memory.size).toBe(0);
  const { record } = memory.stabilise(undefined, request("Today's date: 2026-11-21", 'one'));
  expect(record).toEqual({ spans: [{ rule: 'date', count: 1 }], notes: 1 });
});

test('the least recently seen conversation is forgotten first', () => {
  const memory = createPrefixMemory(2);
  for (const id of ['a', 'b']) see(memory, mark(id));
  see(memory, mark('a'));
  see(memory, mark('c'));
  expect(memory.size).toBe(2);
  expect(moves(memory, mark('a'))).toBe(true);
  expect(moves(memory, mark('b'))).toBe(false);
});

test('a lower bound forgets at once', () => {
  const memory = createPrefixMemory(10);
  for (const id of ['a', 'b', 'c']) see(memory, mark(id));
  memory.resize(1);
  expect(memory.size).toBe(1);
  expect(moves(memory, mark('c'))).toBe(true);
});

test('all conversations together stay within their bytes, also when one alone is larger', () => {
  const memory = createPrefixMemory(1_000, 100_000);
  const prompt = `${'Rule 17: be brief. '.repeat(1_000)}\nToday's date: 2026-11-21`;
  for (let index = 0; index < 50; index++) {
    memory.stabilise(mark(`session ${index}`), request(prompt, 'one'));
    expect(memory.bytes).toBeLessThanOrEqual(100_000);
  }
  expect(memory.size).toBeGreaterThan(1);
  const small = createPrefixMemory(1_000, 1_000);
  expect(small.stabilise(mark('a'), request(prompt, 'one')).record).toBeDefined();
  expect([small.size, small.bytes]).toEqual([0, 0]);
});

test('the record holds names and counts, never words', () => {
  const secret = 'sk-live-4f9a8b7c6d5e4f3a';
  const memory = createPrefixMemory(10);
  const prompt = (clock: string) => `Session id: ${secret}x1y2z3\nCurrent time: ${clock}\n`;
  memory.stabilise(mark('a'), request(prompt('10:55'), 'one'));
  const { record } = memory.stabilise(mark('a'), request(prompt('10:56'), 'one', 'yes', 'two'));
  expect(record?.notes).toBe(2);
  expect(JSON.stringify(record)).not.toMatch(/sk-live|10:5/);
});
