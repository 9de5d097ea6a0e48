/** Is an answer that comes as one JSON document exactly one document for the caller, in every pairing of dialects? */
import { expect, test } from 'bun:test';
import type { DialectName } from '#core/message';
import { answering, ask, CHAT, GREETING, MESSAGES, openSmallHouse } from '#tests/router/small-house';
import { understand } from '#tests/simulation/judge-visit';
import { chatRequest, messagesRequest } from '#tests/support/two-tiers';

const DIALECTS: readonly DialectName[] = ['openai-chat', 'anthropic-messages'];
const ALIAS = '[router.aliases]\nexact = "fast-local"\n';

for (const tier of DIALECTS) {
  for (const caller of DIALECTS) {
    const path = caller === 'openai-chat' ? CHAT : MESSAGES;
    const request = (fields: object) =>
      caller === 'openai-chat' ? chatRequest({ ...fields }) : messagesRequest({ ...fields });

    for (const [name, fields] of [
      ['an exact name, untouched', { model: 'exact' }],
      ['a preset, verified', { model: 'chat' }],
    ] as const) {
      test(`${caller} caller, ${tier} tier: ${name}`, async () => {
        const house = await openSmallHouse({ dialect: tier, tables: ALIAS });
        const { status, body, record } = await ask(house, path, request({ ...fields, stream: false }));
        expect(status).toBe(200);
        expect(JSON.parse(body)).toBeObject();
        expect(body).toContain(GREETING);
        expect(record).toMatchObject({ outcome: 'finished', usage: { input: 25 } });
      });
    }

    test(`${caller} caller that streams, ${tier} tier that will not: the document becomes a stream`, async () => {
      const house = await openSmallHouse({
        dialect: tier,
        tables: ALIAS,
        scripts: { 'fast-local': (call) => answering()({ ...call, body: '{"stream":false}' }) },
      });
      const { headers, body } = await ask(house, path, request({ model: 'exact' }));
      const seen = understand({
        request: {
          dialect: caller,
          number: 1,
          path,
          stream: true,
          offersTools: false,
          model: '',
          session: undefined,
          body: '',
          sound: true,
        },
        manner: 'reads',
        decision: '',
        status: 200,
        headers,
        body,
        ended: 'complete',
      });
      expect(seen).toEqual({ text: GREETING, tools: [], end: 'whole' });
    });
  }
}
