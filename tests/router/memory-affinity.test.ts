/** Does a session stay with the tier that holds its prefix, for as long as that tier does well? */
import { expect, test } from 'bun:test';
import { answering, ask, CHAT, openSmallHouse, play, type SmallHouseOptions } from '#tests/router/small-house';
import type { House } from '#tests/simulation/house';
import type { HostCall, HostScript } from '#tests/simulation/scripted-hosts';
import { BAD_ANSWERS, plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { json } from '#tests/support/fake-tier-steps';
import { chatRequest } from '#tests/support/two-tiers';

const boom = (): HostScript => play(json(500, { error: { message: 'boom' } }));

/** Scripts of a host in order; afterwards it answers well. */
const inTurn = (...scripts: readonly ((call: HostCall) => HostScript)[]) => {
  let turn = 0;
  return (call: HostCall): HostScript => (scripts[turn++] ?? answering())(call);
};

const openWith = (fast: (call: HostCall) => HostScript, options: SmallHouseOptions = {}): Promise<House> =>
  openSmallHouse({
    tables: '[router.breaker]\navailability_failures = 100\nquality_failures = 100\n',
    ...options,
    scripts: { 'fast-local': fast },
  });

const servedBy = async (
  house: House,
  session: string,
  fields: Record<string, unknown> = {},
): Promise<string | undefined> =>
  (await ask(house, CHAT, chatRequest(fields), { 'x-session-id': session })).record.servedTier;

test('who took over keeps the session; others still go by cost', async () => {
  const house = await openWith(inTurn(boom));
  expect(await servedBy(house, 'one')).toBe('heavy-local');
  expect(await servedBy(house, 'one')).toBe('heavy-local');
  expect(await servedBy(house, 'two')).toBe('fast-local');
});

test('a rejected answer loses the session as well', async () => {
  const truncated = () => play(answerSteps('openai-chat', true, BAD_ANSWERS.truncated.answer));
  const house = await openWith(inTurn(answering(), truncated), {
    tables: '[router.hold]\nallow = "all"\n[router.breaker]\nquality_failures = 100\n',
  });
  expect(await servedBy(house, 'one')).toBe('fast-local');
  expect(await servedBy(house, 'one')).toBe('heavy-local');
  expect(await servedBy(house, 'one')).toBe('heavy-local');
});

test('other presets of one session are lanes of their own', async () => {
  const house = await openWith(inTurn(boom));
  expect(await servedBy(house, 'one')).toBe('heavy-local');
  expect(await servedBy(house, 'one', { model: 'quick-edit' })).toBe('fast-local');
  expect(await servedBy(house, 'one')).toBe('heavy-local');
});

test("the caller's own mistake says nothing against the tier that holds its prefix", async () => {
  const mistake = () => play(json(422, { error: { message: 'no', type: 'invalid_request_error' } }));
  let heavyTurn = 0;
  const house = await openSmallHouse({
    scripts: {
      'fast-local': inTurn(boom),
      'heavy-local': (call) => (++heavyTurn === 2 ? mistake() : answering()(call)),
    },
  });
  expect(await servedBy(house, 'one')).toBe('heavy-local');
  expect(await servedBy(house, 'one')).toBeUndefined();
  expect(await servedBy(house, 'one')).toBe('heavy-local');
});

test('a tier that is only busy keeps the session that it holds', async () => {
  const house = await openSmallHouse({
    tables: '[router.limits]\nqueue_max = 0\n',
    heavy: 'max_concurrency = 1',
    scripts: { 'fast-local': inTurn(boom) },
  });
  expect(await servedBy(house, 'one')).toBe('heavy-local');
  const { admission } = house.assembly.router;
  const place = await admission.acquire('heavy-local', 1, new AbortController().signal);
  await ask(house, CHAT, chatRequest({ model: 'review' }), { 'x-session-id': 'one' });
  if (typeof place !== 'string') place.release();
  expect(await servedBy(house, 'one')).toBe('heavy-local');
});

test('real usage teaches how long prompts are on a tier, and estimates do not', async () => {
  const words = 'x'.repeat(7_200);
  const request = chatRequest({ messages: [{ role: 'user', content: words }] });
  const estimate = async (house: House) => {
    await ask(house, CHAT, request);
    return (await ask(house, CHAT, request)).record.promptTokensEstimated;
  };
  const reporting = (input: number) => answering({ ...plainAnswer('Fine.'), usage: { input, output: 2 } });
  expect(await estimate(await openWith(answering({ ...plainAnswer('Fine.'), usage: 'none' })))).toBe(2_004);
  expect(await estimate(await openWith(reporting(3_604)))).toBe(3_604);
});
