/** While the configuration changes: who serves whom, and what is kept? */
import { expect, test } from 'bun:test';
import type { FetchSession } from '#platform/effects';
import { buildGeneration, missingKeys } from '#router/generation';
import { answering, ask, CHAT, openSmallHouse, passTime, play, smallToml } from '#tests/router/small-house';
import { json } from '#tests/support/fake-tier-steps';
import { chatSeen } from '#tests/support/sse';
import { chatRequest } from '#tests/support/two-tiers';

const REQUEST = JSON.stringify(chatRequest());

test('a request under way keeps its tiers and settings; the next one has the new ones', async () => {
  const house = await openSmallHouse({
    scripts: { 'fast-local': () => play(json(500, {}), { chunkMs: () => 5_000 }), 'heavy-local': answering() },
  });
  const early = house.post(CHAT, REQUEST);
  await house.clock.advance(10);
  await house.reload(
    smallToml({ router: 'response_model = "served"' })
      .replaceAll('heavy-local.test', 'elsewhere.test')
      .replace('"test.1"', '"test.2"'),
  );
  const late = await ask(house, CHAT, chatRequest({ model: 'review' }));
  expect(late.record).toMatchObject({ mapping: 'test.2', servedTier: 'heavy-local' });
  const body = await passTime(
    house,
    early.response.then((answered) => answered.text()),
  );
  expect(chatSeen(body).terminal).toBe(true);
  expect(body).toContain('"model":"chat"');
  expect(await house.recorded(early.decision)).toMatchObject({ mapping: 'test.1', servedTier: 'heavy-local' });
  expect(house.calls.map(({ host }) => host)).toEqual(['fast-local', 'elsewhere', 'heavy-local']);
});

test('a tier that is gone from the configuration still finishes what it began', async () => {
  const house = await openSmallHouse({ scripts: { 'fast-local': answering(undefined, { chunkMs: () => 1_000 }) } });
  const early = house.post(CHAT, REQUEST);
  const answered = await passTime(house, early.response);
  const toml = smallToml();
  const start = toml.indexOf('[[router.tiers]]');
  const end = toml.indexOf('[[router.tiers]]', start + 1);
  await house.reload(`${toml.slice(0, start)}${toml.slice(end)}`.replaceAll('"fast-local", ', ''));
  expect(chatSeen(await passTime(house, answered.text())).terminal).toBe(true);
  expect((await house.recorded(early.decision)).outcome).toBe('finished');
  expect((await ask(house, CHAT, chatRequest())).record.servedTier).toBe('heavy-local');
});

test('a configuration that is refused changes nothing', async () => {
  const house = await openSmallHouse();
  const before = house.assembly.router.generation;
  expect(house.reload(smallToml({ router: 'no_such_key = 1' }))).rejects.toThrow('no_such_key');
  expect(house.assembly.router.generation).toBe(before);
  expect((await ask(house, CHAT, chatRequest())).record.outcome).toBe('finished');
});

test('breakers of tiers that stay in place survive', async () => {
  const house = await openSmallHouse({
    tables: '[router.breaker]\navailability_failures = 1\ncooldown_seconds = 60\n',
    scripts: { 'fast-local': () => play(json(500, {})) },
  });
  await ask(house, CHAT, chatRequest());
  const { breakers } = house.assembly.router;
  expect(breakers.peek('fast-local', 'chat').state).toBe('open');
  await house.reload(smallToml());
  expect(breakers.peek('fast-local', 'chat').state).toBe('open');
  await house.reload(smallToml().replaceAll('fast-local.test', 'other.test'));
  expect(breakers.peek('fast-local', 'chat').state).toBe('closed');
});

test('connection pools are kept for tiers that stay at their address, the others are closed', async () => {
  const closed: string[] = [];
  let opened = 0;
  const house = await openSmallHouse({
    disturb: (effects) => ({
      ...effects,
      openSession: (): FetchSession => {
        const name = `pool ${++opened}`;
        return { ...effects.openSession(), close: () => void closed.push(name) };
      },
    }),
  });
  expect(opened).toBe(2);
  await house.reload(smallToml());
  expect([opened, closed]).toEqual([2, []]);
  await house.reload(smallToml().replaceAll('fast-local.test', 'other.test'));
  expect([opened, closed]).toEqual([3, ['pool 1']]);
  house.assembly.router.stop();
  expect(closed).toEqual(['pool 1', 'pool 3', 'pool 2']);
});

test('keys come from the environment; a cloud tier without one is named with its variable', async () => {
  const house = await openSmallHouse({ cloud: 'behind' });
  const { settings, profile, keys } = house.assembly.router.generation;
  expect([...keys]).toEqual([['cloud', 'cloud-key']]);
  const openSession = (): FetchSession => ({ fetch: async () => new Response(), close: () => undefined });
  const bare = buildGeneration(settings, profile, { env: () => undefined, openSession });
  expect(missingKeys(bare)).toEqual(['tier cloud is skipped: environment variable TEST_CLOUD_KEY is unset or blank']);
});
