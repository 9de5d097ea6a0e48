/** Can what a harness says of a request make it fail where its model name alone would have been served? */
import { describe, expect, test } from 'bun:test';
import { answering, ask, MESSAGES, passTime, play, smallToml } from '#tests/router/small-house';
import { openHouse } from '#tests/simulation/house';
import type { HostCall, HostScript } from '#tests/simulation/scripted-hosts';
import { plainAnswer } from '#tests/support/answer';
import { json } from '#tests/support/fake-tier-steps';
import { messagesRequest } from '#tests/support/two-tiers';

type Script = (call: HostCall) => HostScript;
type Scripts = Readonly<Record<string, Script>>;

/** Titles go to the fast tier alone; a review goes to the heavy one alone. */
const house = (scripts: Scripts, options: { readonly router?: string; readonly tables?: string } = {}) =>
  openHouse({
    toml: smallToml(options).replace('chat = ["fast-local", "heavy-local"]', 'chat = ["fast-local"]'),
    env: {},
    scriptFor: (call) => (scripts[call.host] ?? answering())(call),
  });

const TITLE = {
  'x-claude-code-session-id': 'b5a2dfc6-90d0-45f0-adfc-596108c8fad9',
  'x-claude-code-request-class': 'auxiliary',
};
const review = () => messagesRequest({ model: 'review' });

describe('a title whose cheap tier', () => {
  const failures: readonly (readonly [how: string, script: Script, outcome: string])[] = [
    ['is down', () => play([], { refused: true }), 'error'],
    ['answers 500', () => play(json(500, {})), 'error'],
    ['answers nothing', answering(plainAnswer('')), 'rejected'],
    ['finds fault with the request', () => play(json(400, { error: { message: 'no such field' } })), 'error'],
  ];
  for (const [how, script, outcome] of failures)
    test(`${how} is served by the tier that the model name asks for`, async () => {
      const open = await house({ 'fast-local': script });
      const { status, headers, record } = await ask(open, MESSAGES, review(), TITLE);
      expect([status, headers.get('x-anvil-tier')]).toEqual([200, 'heavy-local']);
      expect(record).toMatchObject({
        attempts: [
          { tier: 'fast-local', outcome },
          { tier: 'heavy-local', outcome: 'served' },
        ],
        outcome: 'finished',
        intent: { source: 'hinted', workClass: 'chat' },
        hints: [{ from: 'request-class', taken: true }],
      });
    });

  test('fails is served even where one attempt is all that is allowed', async () => {
    const open = await house({ 'fast-local': () => play(json(500, {})) }, { router: '[router.attempts]\nmax = 1' });
    expect((await ask(open, MESSAGES, review(), TITLE)).headers.get('x-anvil-tier')).toBe('heavy-local');
  });
});

test('the tier behind the hint is gated by the breaker of its own class', async () => {
  const open = await house(
    { 'fast-local': () => play(json(500, {})), 'heavy-local': answering(plainAnswer('')) },
    { tables: '[router.breaker]\nquality_failures = 1\navailability_failures = 99\n' },
  );
  await ask(open, MESSAGES, review(), TITLE);
  const { breakers } = open.assembly.router;
  expect(breakers.peek('heavy-local', 'review').state).toBe('open');
  expect(breakers.peek('heavy-local', 'chat').state).toBe('closed');
});

test('a fault that both tiers find with a request is the caller’s', async () => {
  const fault = () => play(json(400, { error: { message: 'no such field', type: 'invalid_request_error' } }));
  const open = await house({ 'fast-local': fault, 'heavy-local': fault });
  const { status, record } = await ask(open, MESSAGES, review(), TITLE);
  expect([status, record.outcome, record.attempts.length]).toEqual([400, 'refused', 2]);
});

test('an answer is called unproven only where an unproven tier behind the hint gave it', async () => {
  const router = 'when_unproven = "verify"';
  const planning = () => messagesRequest({ model: 'planning' });
  const well = await ask(await house({}, { router }), MESSAGES, planning(), TITLE);
  expect([well.headers.get('x-anvil-tier'), well.headers.get('x-anvil-unproven')]).toEqual(['fast-local', null]);
  expect(well.record.unproven).toBe(false);
  const failing = await house({ 'fast-local': () => play(json(500, {})) }, { router });
  const { headers, record } = await ask(failing, MESSAGES, planning(), TITLE);
  expect([headers.get('x-anvil-tier'), headers.get('x-anvil-unproven')]).toEqual(['heavy-local', 'true']);
  expect(record).toMatchObject({ unproven: true, attempts: [{}, { verdict: 'deny', hold: 'all' }] });
});

test('/v1/route shows the tiers behind the hint, and their breakers by their own class', async () => {
  const open = await house(
    { 'heavy-local': answering(plainAnswer('')) },
    { tables: '[router.breaker]\nquality_failures = 1\navailability_failures = 99\ncooldown_seconds = 1\n' },
  );
  await ask(open, MESSAGES, review());
  await open.clock.advance(1_000);
  const { response } = open.post('/v1/route', JSON.stringify({ model: 'review' }), { headers: TITLE });
  expect(await passTime(open, (await passTime(open, response)).json())).toMatchObject({
    work_class: 'chat',
    candidates: [
      { tier: 'fast-local', breaker: 'closed' },
      { tier: 'heavy-local', breaker: 'half-open' },
    ],
  });
});
