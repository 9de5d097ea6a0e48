/** Do streams survive slow readers, odd splits and callers that leave, in every combination of dialects? */
import { describe, expect, test } from 'bun:test';
import type { DialectName } from '#core/message';
import { quiet, until } from '#tests/server/quiet';
import { rawConnection, rawRequest } from '#tests/server/raw';
import { PATH } from '#tests/server/said';
import { GOOD_ANSWERS, hugeAnswer, plainAnswer } from '#tests/support/answer';
import { bytesOf, chunksOf, eventsFor } from '#tests/support/answers';
import { type Step, sse, sseHead } from '#tests/support/fake-tier-steps';
import { chatSeen, messagesSeen } from '#tests/support/sse';
import { chatRequest, messagesRequest, startTwoTiers } from '#tests/support/two-tiers';

const DIALECTS = ['openai-chat', 'anthropic-messages'] as const;
const request = { 'openai-chat': chatRequest, 'anthropic-messages': messagesRequest };
const seenIn = { 'openai-chat': chatSeen, 'anthropic-messages': messagesSeen };
const pairs = DIALECTS.flatMap((caller) => DIALECTS.map((tier) => [caller, tier] as const));
const MIB = 1024 * 1024;
const MULTIBYTE = 'Größe: 3 µm — 東京 🚀👩‍🚀 \u2028 done';

/** Events of a long answer that never ends, about 100 MiB. */
function* endless(dialect: DialectName): Generator<Step> {
  const events = eventsFor(dialect, hugeAnswer(MIB));
  const opening = events.slice(0, 4);
  const middle = events.slice(4, -4).join('');
  yield sseHead();
  for (const event of opening) yield { chunk: event };
  for (let turn = 0; turn < 25; turn++) yield { chunk: middle };
}

for (const [caller, tier] of pairs) {
  describe(`${caller} caller, ${tier} tier`, () => {
    for (const hold of ['none', 'block'])
      test(`hold ${hold}: a reader that stops reading stops the tier, so that no memory grows`, async () => {
        await using two = await startTwoTiers({ dialect: tier, tables: `[router.hold]\nallow = "${hold}"\n` });
        two.fast.always(() => endless(tier));
        const connection = await rawConnection(two.server.url);
        connection.pause();
        await connection.send(rawRequest('POST', PATH[caller], { body: JSON.stringify(request[caller]()) }));
        await two.fast.nextRequest();
        // The tier has stopped when it has sent nothing for a thousand turns of the event loop.
        let sent = -1;
        let still = 0;
        await until('the tier is stopped', () => {
          still = two.fast.bytesSent(0) === sent && sent > 0 ? still + 1 : 0;
          sent = two.fast.bytesSent(0);
          return still > 1_000;
        });
        expect(sent).toBeLessThan(24 * MIB);
        connection.reset();
        await connection.closed;
        await two.fast.callerClosed(0);
        await quiet(two.server);
        expect(two.server.bugs).toEqual([]);
      }, 20_000);

    test('multibyte text cut at every byte arrives whole', async () => {
      await using two = await startTwoTiers({ dialect: tier });
      const bytes = bytesOf(eventsFor(tier, { ...plainAnswer(MULTIBYTE), pieceChars: 1 }));
      two.fast.always(sse(chunksOf(bytes, 1)));
      const response = await two.server.post(PATH[caller], request[caller]());
      const seen = seenIn[caller](await response.text());
      expect(seen).toMatchObject({ text: MULTIBYTE, terminal: true, error: undefined });
    });

    for (const after of ['the head', 'the first event', 'the last event'] as const)
      test(`a caller that leaves after ${after} leaves nothing behind`, async () => {
        await using two = await startTwoTiers({ dialect: tier, tables: '[router.hold]\nallow = "none"\n' });
        const events = eventsFor(tier, GOOD_ANSWERS.text);
        const upTo = { 'the head': 0, 'the first event': 4, 'the last event': events.length - 1 }[after];
        two.fast.always([sseHead(), ...events.slice(0, upTo).map((chunk) => ({ chunk })), { hang: true }]);
        const connection = await rawConnection(two.server.url);
        await connection.send(rawRequest('POST', PATH[caller], { body: JSON.stringify(request[caller]()) }));
        await two.fast.nextRequest();
        if (upTo > 0) await until('something arrived', () => connection.text.includes('data: '));
        connection.reset();
        await connection.closed;
        await two.fast.callerClosed(0);
        await quiet(two.server);
        expect(two.server.assembly.decisions.list({ limit: 5 }).records).toMatchObject([{ outcome: 'cancelled' }]);
        expect(two.server.bugs).toEqual([]);
      });
  });
}
