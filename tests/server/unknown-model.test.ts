/** What becomes of a model name that means nothing here: inferred, refused, or sent to one preset? */
import { describe, expect, test } from 'bun:test';
import { CHAT, errorIn, MESSAGES } from '#tests/server/said';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { chatRequest, messagesRequest, startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

const RESPONSES = '/v1/responses';
const start = async (router = '', tables = ''): Promise<TwoTiers> => {
  const two = await startTwoTiers({ router, tables });
  for (const tier of [two.fast, two.heavy])
    tier.always(answerSteps('openai-chat', false, plainAnswer('Hello! That is all there is to say.')));
  return two;
};
const whole = (model: string, fields: object = {}) => chatRequest({ model, stream: false, ...fields });
const recordOf = (two: TwoTiers, response: Response) =>
  two.server.record(response.headers.get('x-anvil-decision') ?? '');

test('by default the request decides', async () => {
  for (const router of ['', 'unknown_model = "infer"']) {
    await using two = await start(router);
    const response = await two.server.post(CHAT, whole('gpt-9'));
    expect([response.status, response.headers.get('x-anvil-intent')]).toEqual([200, 'inferred']);
  }
});

describe('unknown_model = "refuse"', () => {
  const bodies = [
    [CHAT, whole('gpt-9'), 'openai-chat'],
    [MESSAGES, messagesRequest({ model: 'claude-sonnet-9', stream: false }), 'anthropic-messages'],
  ] as const;
  for (const [path, body, dialect] of bodies)
    test(`${path} answers 404 and lists the names that there are`, async () => {
      await using two = await start('unknown_model = "refuse"', '[router.aliases]\nqwen = "heavy-local"\n');
      const response = await two.server.post(path, body);
      expect([response.status, response.headers.get('x-anvil-reason')]).toEqual([404, 'not-found']);
      const { message } = errorIn(dialect, await response.text());
      expect(message).toContain(JSON.stringify(body.model));
      expect(message).toContain('chat, quick-edit, review, planning, long-context, qwen, fast-local, heavy-local');
      expect([two.fast.requests.length, two.heavy.requests.length]).toEqual([0, 0]);
      expect(await recordOf(two, response)).toMatchObject({
        outcome: 'refused',
        status: 404,
        failure: 'not-found',
        intent: { note: 'unknown model name; [router] unknown_model = "refuse"' },
      });
    });

  test('/v1/responses answers with a 4xx that names it, and no tier is asked', async () => {
    await using two = await start('unknown_model = "refuse"');
    const response = await two.server.post(RESPONSES, { model: 'gpt-9', input: 'hello' });
    expect(response.status).toBeWithin(400, 500);
    expect(await response.text()).toContain('gpt-9');
    expect([two.fast.requests.length, two.heavy.requests.length]).toEqual([0, 0]);
  });

  test('a very long name is not said back in full', async () => {
    await using two = await start('unknown_model = "refuse"');
    const response = await two.server.post(CHAT, whole('x'.repeat(5_000)));
    expect((await response.text()).length).toBeLessThan(600);
  });

  test('every spelling of a known name is served, and so is no name at all', async () => {
    await using two = await start('unknown_model = "refuse"');
    for (const model of ['chat', 'ANVIL/chat', 'anthropic/chat', 'Claude-Anvil-Chat', 'fast-local', ''])
      expect([model, (await two.server.post(CHAT, whole(model))).status]).toEqual([model, 200]);
  });

  test('an intent declared in a header is as good as a name', async () => {
    await using two = await start('unknown_model = "refuse"');
    const headers = { 'x-anvil-intent': 'chat' };
    expect((await two.server.post(CHAT, whole('gpt-9'), { headers })).status).toBe(200);
  });

  test('/v1/route tells the same', async () => {
    await using two = await start('unknown_model = "refuse"');
    expect((await two.server.post('/v1/route', { model: 'gpt-9' })).status).toBe(404);
    expect((await two.server.post('/v1/route', { model: 'gpt-9', signals: { work_class: 'chat' } })).status).toBe(200);
  });
});

test('the name of a preset sends unknown names to it, in any case', async () => {
  await using two = await start('unknown_model = "Review"');
  const response = await two.server.post(CHAT, whole('gpt-9'));
  expect([response.status, response.headers.get('x-anvil-tier'), response.headers.get('x-anvil-work-class')]).toEqual([
    200,
    'heavy-local',
    'review',
  ]);
  const missing = await two.server.post(CHAT, whole(''));
  expect(missing.headers.get('x-anvil-intent')).toBe('inferred');
});

test('a word that is neither is refused when the configuration is read', async () => {
  await using two = await start();
  const failed = await two.server.reload(two.toml.replace('[router]', '[router]\nunknown_model = "reviw"')).then(
    () => '',
    (error: Error) => error.message,
  );
  expect(failed).toContain('no preset is called "reviw"');
  expect(failed).toContain('did you mean "review"?');
});
