/** Do simulated effects behave like a world, and does exactly the chosen call fail? */
import { expect, test } from 'bun:test';
import { diskFull, failingAt, simulatedEffects } from '#tests/support/effects';
import { rejectionOf } from '#tests/support/rejection';

test('files live in memory, ids count up, blank variables are unset', async () => {
  const world = simulatedEffects({ files: { '/a': 'one' }, env: { KEY: ' k ', BLANK: '  ' } });
  await world.files.replace('/b', 'two');
  expect([await world.files.read('/a'), await world.files.exists('/b'), await world.files.read('/c')]).toEqual([
    'one',
    true,
    undefined,
  ]);
  expect([world.id(), world.id()].map((id) => Number.parseInt(id, 16))).toEqual([1, 2]);
  expect([world.env('KEY'), world.env('BLANK'), world.env('NONE')]).toEqual(['k', undefined, undefined]);
});

test('every effect call can be made to fail, one at a time', async () => {
  const work = async (nth: number): Promise<number> => {
    const world = simulatedEffects({ fetch: async () => new Response('ok') });
    const failing = failingAt(world, nth, diskFull);
    const { files, reach, openSession } = failing.effects;
    const attempts = [
      () => files.read('/a'),
      () => reach('127.0.0.1', 1, 10),
      () => openSession().fetch('http://x', {}),
      () => files.replace('/a', 'x'),
      () => files.exists('/a'),
    ];
    for (const [index, attempt] of attempts.entries()) {
      if (index + 1 === nth) expect((await rejectionOf(attempt())).code).toBe('ENOSPC');
      else await attempt();
    }
    return failing.calls();
  };
  const calls = await work(0);
  expect(calls).toBe(5);
  for (let nth = 1; nth <= calls; nth++) expect(await work(nth)).toBe(calls);
});
