/** What if a stream ends without the blank line behind its last event, or in the middle of one? */
import { expect, test } from 'bun:test';
import { ask, CHAT, GREETING, MESSAGES, openSmallHouse, play } from '#tests/router/small-house';
import { plainAnswer } from '#tests/support/answer';
import { eventsFor } from '#tests/support/answers';
import { sse } from '#tests/support/fake-tier-steps';
import { chatSeen, messagesSeen, parseSse } from '#tests/support/sse';
import { chatRequest, messagesRequest } from '#tests/support/two-tiers';

const CASES = [
  { dialect: 'openai-chat', path: CHAT, request: chatRequest, seenIn: chatSeen },
  { dialect: 'anthropic-messages', path: MESSAGES, request: messagesRequest, seenIn: messagesSeen },
] as const;

for (const { dialect, path, request, seenIn } of CASES) {
  const events = eventsFor(dialect, plainAnswer(GREETING));
  const whole = events.join('');

  for (const allow of ['all', 'block', 'none']) {
    for (const [name, missing] of [
      ['its blank line', /\n$/],
      ['any line end', /\n\n$/],
    ] as const) {
      test(`${dialect}, hold ${allow}: a last event without ${name} is completed, so that the receipt behind it hurts nobody`, async () => {
        const house = await openSmallHouse({
          dialect,
          tables: `[router.hold]\nallow = "${allow}"\n`,
          scripts: { 'fast-local': () => play(sse([whole.replace(missing, '')])) },
        });
        const { body, record } = await ask(house, path, request());
        const seen = seenIn(body);
        expect(seen).toMatchObject({ text: GREETING, terminal: true, error: undefined });
        expect(seen.comments.at(-1)).toStartWith('anvil decision=');
        expect(record.outcome).toBe('finished');
      });
    }
  }

  test(`${dialect}, hold none: wherever a stream stops cleanly, what left is whole events and an error`, async () => {
    const bytes = Buffer.from(whole);
    const firstDelta = whole.indexOf('Hello! What ');
    for (let at = firstDelta + 20; at < whole.indexOf('stop', firstDelta); at += 7) {
      const house = await openSmallHouse({
        dialect,
        tables: '[router.hold]\nallow = "none"\n',
        scripts: {
          'fast-local': () => play(sse([bytes.subarray(0, firstDelta + 15), bytes.subarray(firstDelta + 15, at)])),
        },
      });
      const { body, record } = await ask(house, path, request());
      if (record.servedTier === 'heavy-local') continue;
      expect(parseSse(body).unfinished).toBe('');
      const seen = seenIn(body);
      expect(GREETING).toStartWith(seen.text);
      expect(seen).toMatchObject({ terminal: false, error: expect.anything() });
      expect(record.outcome).toBe('broken');
    }
  });
}
