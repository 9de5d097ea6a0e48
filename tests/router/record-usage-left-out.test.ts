/** Does the record tell a truthful usage where a Responses tier leaves counts out, and does the caller get the same? */
import { expect, test } from 'bun:test';
import { ask, CHAT, MESSAGES, openSmallHouse, play, RESPONSES } from '#tests/router/small-house';
import { plainAnswer } from '#tests/support/answer';
import { responsesEvents } from '#tests/support/answers-responses';
import { sse } from '#tests/support/fake-tier-steps';
import { chatRequest, messagesRequest, responsesRequest } from '#tests/support/two-tiers';

const ANSWER = { ...plainAnswer('word '.repeat(20)), usage: 'none' as const };
/** The stream with this as its closing usage. */
const telling = (usage: unknown) =>
  play(
    sse(
      responsesEvents(ANSWER).map((event, at, all) =>
        at === all.length - 1 ? event.replace('"usage":null', `"usage":${JSON.stringify(usage)}`) : event,
      ),
    ),
  );

const closingUsage = (body: string): unknown => {
  const data = body.split('\n').find((line) => line.includes('"type":"response.completed"'));
  return JSON.parse(data?.slice('data: '.length) ?? '{}').response?.usage;
};

for (const allow of ['none', 'block', 'all']) {
  const opened = (usage: unknown) =>
    openSmallHouse({
      dialect: 'openai-responses',
      tables: `[router.hold]\nallow = "${allow}"\n`,
      scripts: { 'fast-local': () => telling(usage) },
    });

  test(`hold ${allow}: a count that is missing is estimated for the caller and on record`, async () => {
    const { body, record } = await ask(await opened({ output_tokens: 4 }), RESPONSES, responsesRequest());
    expect(closingUsage(body)).toMatchObject({ output_tokens: 4, anvil_estimated: true });
    expect(record.usage).toMatchObject({ output: 4, estimated: true });
    expect(record.usage?.input).toBeGreaterThan(0);
    expect(closingUsage(body)).toMatchObject({ input_tokens: record.usage?.input });
  });

  test(`hold ${allow}: a total that is missing is a sum, and no estimate`, async () => {
    const { body, record } = await ask(
      await opened({ input_tokens: 30, output_tokens: 4 }),
      RESPONSES,
      responsesRequest(),
    );
    expect(closingUsage(body)).toMatchObject({ total_tokens: 34 });
    expect(closingUsage(body)).not.toHaveProperty('anvil_estimated');
    expect(record.usage).toEqual({ input: 30, output: 4 });
  });

  test(`hold ${allow}: no usage at all is an estimate`, async () => {
    const { body, record } = await ask(await opened(null), RESPONSES, responsesRequest());
    expect(closingUsage(body)).toMatchObject({ anvil_estimated: true });
    expect(record.usage?.estimated).toBe(true);
  });
}

test('a caller of another dialect gets the estimate as well', async () => {
  for (const [path, request] of [
    [CHAT, chatRequest],
    [MESSAGES, messagesRequest],
  ] as const) {
    const house = await openSmallHouse({
      dialect: 'openai-responses',
      scripts: { 'fast-local': () => telling({ output_tokens: 4 }) },
    });
    const { body, record } = await ask(house, path, request({ stream: false }));
    expect(JSON.parse(body).usage).toMatchObject({ anvil_estimated: true });
    expect(record.usage).toMatchObject({ output: 4, estimated: true });
  }
});
