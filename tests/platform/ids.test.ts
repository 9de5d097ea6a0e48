/** Are ids unique, in order, and without anything that a program could read in them? */
import { expect, test } from 'bun:test';
import { bunEffects } from '#platform/bun-effects';

test('ids of one process differ, and sort as they were made', () => {
  const { id } = bunEffects();
  const made = Array.from({ length: 2_000 }, id);
  expect(new Set(made).size).toBe(2_000);
  expect([...made].sort()).toEqual(made);
});

test('ids of two processes have nothing in common', () => {
  const [one, other] = [bunEffects().id(), bunEffects().id()];
  expect(one.slice(0, 16)).not.toBe(other.slice(0, 16));
});

test('an id holds no digits: opencode takes any error whose text holds 500 or 429 for one that passes', () => {
  const { id } = bunEffects();
  for (let count = 0; count < 20_000; count++) expect(id()).toMatch(/^[a-p]{24}$/);
});
