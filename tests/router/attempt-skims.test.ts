/** An unheld stream passes unread: is it still counted, and are its errors and its end still noticed? */
import { expect, test } from 'bun:test';
import { answering, ask, CHAT, MESSAGES, openSmallHouse, play } from '#tests/router/small-house';
import { type Answer, plainAnswer } from '#tests/support/answer';
import { errorEventFor, eventsFor } from '#tests/support/answers';
import { type Step, sse, sseHead } from '#tests/support/fake-tier-steps';
import { chatSeen, messagesSeen } from '#tests/support/sse';
import { chatRequest, messagesRequest } from '#tests/support/two-tiers';

const CASES = [
  { dialect: 'openai-chat', path: CHAT, request: chatRequest, seenIn: chatSeen },
  { dialect: 'anthropic-messages', path: MESSAGES, request: messagesRequest, seenIn: messagesSeen },
] as const;
const WORDS = 'word '.repeat(100);
const NONE = '[router.hold]\nallow = "none"\n';
const each = (events: readonly string[]): Step[] => [sseHead(), ...events.map((chunk) => ({ chunk }))];

for (const { dialect, path, request, seenIn } of CASES) {
  const house = (script: () => ReturnType<typeof play>) =>
    openSmallHouse({ dialect, tables: NONE, scripts: { 'fast-local': script } });
  const eventsOf = (answer: Answer): string[] => eventsFor(dialect, answer);
  const words = eventsOf(plainAnswer(WORDS));

  test(`${dialect}: the usage that the tier reports at the end is on record`, async () => {
    const answer = { ...plainAnswer(WORDS), usage: { input: 321, output: 123 } };
    const { record } = await ask(await house(() => play(each(eventsOf(answer)))), path, request());
    expect(record).toMatchObject({ outcome: 'finished', usage: { input: 321, output: 123 } });
  });

  test(`${dialect}: without a report the events are counted, and the count is marked as an estimate`, async () => {
    const answer = { ...plainAnswer(WORDS), usage: 'none' as const };
    const { record } = await ask(await house(() => play(each(eventsOf(answer)))), path, request());
    expect(record.usage?.estimated).toBe(true);
    // 500 letters in 42 pieces: about one token each.
    expect(record.usage?.output).toBeWithin(35, 60);
  });

  test(`${dialect}: an error event in the middle is noticed`, async () => {
    const steps = each([...words.slice(0, 9), errorEventFor(dialect, 'the engine died')]);
    const { body, record } = await ask(await house(() => play(steps)), path, request());
    expect(seenIn(body)).toMatchObject({ terminal: false, error: expect.anything() });
    expect(body).not.toContain('the engine died');
    expect(record.attempts).toMatchObject([{ outcome: 'broken', failure: 'server-error' }]);
  });

  test(`${dialect}: a stream that just stops is noticed`, async () => {
    const { body, record } = await ask(await house(() => play(each(words.slice(0, 9)))), path, request());
    expect(seenIn(body)).toMatchObject({ terminal: false, error: expect.anything() });
    expect(record.attempts).toMatchObject([{ outcome: 'broken', failure: 'cut-off' }]);
  });

  test(`${dialect}: events in one write are told apart as well`, async () => {
    const { body, record } = await ask(await house(() => play(sse([words.join('')]))), path, request());
    expect(seenIn(body)).toMatchObject({ text: WORDS, terminal: true });
    expect(record.outcome).toBe('finished');
  });
}

test('a chat caller gets the usage chunk only if it asked for one', async () => {
  for (const [options, expected] of [
    [undefined, undefined],
    [{ include_usage: false }, undefined],
    [{ include_usage: true }, { prompt_tokens: 25 }],
  ] as const) {
    for (const allow of ['none', 'block', 'all']) {
      const house = await openSmallHouse({
        tables: `[router.hold]\nallow = "${allow}"\n`,
        scripts: { 'fast-local': answering() },
      });
      const fields = options === undefined ? {} : { stream_options: options };
      const { body, record } = await ask(house, CHAT, chatRequest(fields));
      if (expected === undefined) expect(chatSeen(body).usage).toBeUndefined();
      else expect(chatSeen(body).usage).toMatchObject(expected);
      expect(record.usage).toMatchObject({ input: 25, output: 3 });
    }
  }
});
