/** Is asking what would happen the same decision as serving, without any of its consequences? */
import { expect, test } from 'bun:test';
import { ask, CHAT, openSmallHouse, passTime, play } from '#tests/router/small-house';
import { json } from '#tests/support/fake-tier-steps';
import { chatRequest } from '#tests/support/two-tiers';

interface RouteAnswer {
  readonly provider: string | null;
  readonly work_class: string;
  readonly candidates: readonly { readonly tier: string; readonly hold: string; readonly breaker: string }[];
  readonly exclusions: readonly { readonly tier: string; readonly kind: string }[];
}

const routeIn = async (house: Awaited<ReturnType<typeof openSmallHouse>>, request: object): Promise<RouteAnswer> => {
  const response = await passTime(house, house.post('/v1/route', JSON.stringify(request)).response);
  const body = (await passTime(house, response.json())) as RouteAnswer & { readonly decision?: RouteAnswer };
  return body.decision ?? body;
};

for (const model of ['chat', 'planning', 'gpt-5', 'fast-local', 'anvil/Review']) {
  test(`model ${model}: the same candidates and exclusions as when it is served`, async () => {
    const house = await openSmallHouse();
    const asked = await routeIn(house, chatRequest({ model }));
    expect(house.calls.length).toBe(0);
    expect(house.records.length).toBe(0);
    const { record } = await ask(house, CHAT, chatRequest({ model }));
    expect(asked.candidates.map(({ tier, hold }) => ({ tier, hold }))).toEqual(
      record.candidates.map(({ tier, hold }) => ({ tier, hold })),
    );
    expect(asked.exclusions).toEqual([...record.exclusions]);
    expect(asked.work_class).toBe(record.intent?.workClass ?? '');
  });
}

test('asking takes no probe from a half-open breaker', async () => {
  const house = await openSmallHouse({
    tables: '[router.breaker]\navailability_failures = 1\ncooldown_seconds = 5\n',
    scripts: { 'fast-local': () => play(json(500, {})) },
  });
  await ask(house, CHAT, chatRequest());
  expect((await routeIn(house, chatRequest())).exclusions).toMatchObject([
    { tier: 'fast-local', kind: 'breaker-open' },
  ]);
  await house.clock.advance(5_000);
  for (let turn = 0; turn < 3; turn++)
    expect((await routeIn(house, chatRequest())).candidates.map(({ tier, breaker }) => [tier, breaker])).toContainEqual(
      ['fast-local', 'half-open'],
    );
  expect(house.assembly.router.breakers.admit('fast-local', 'chat', 'somebody')).toEqual({ ok: true, probe: true });
});

test('a class declared beside the model decides, as the model would', async () => {
  const house = await openSmallHouse();
  const hinted = await routeIn(house, { ...chatRequest({ model: 'gpt-5' }), signals: { work_class: 'planning' } });
  expect(hinted).toMatchObject({ provider: null, work_class: 'planning' });
});
