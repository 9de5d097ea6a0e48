/** A warning is told once, however often it comes, and memory for it does not grow without end. */
import { expect, test } from 'bun:test';
import { tellOnce } from '#platform/tell-once';

test('each warning is told once', () => {
  const told: string[] = [];
  const tell = tellOnce((message) => told.push(message));
  for (const message of ['a', 'b', 'a', 'a', 'b']) tell(message);
  expect(told).toEqual(['a', 'b']);
});

test('after two hundred different ones the first may be told again', () => {
  const told: string[] = [];
  const tell = tellOnce((message) => told.push(message));
  for (let index = 0; index < 200; index++) tell(String(index));
  tell('0');
  expect(told).toHaveLength(200);
  tell('one more');
  tell('0');
  expect(told.slice(200)).toEqual(['one more', '0']);
});
