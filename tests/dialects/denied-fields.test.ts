/** Do fields that name the caller stay here, whatever the dialects on either side, unless a tier's `forward` names them? */
import { expect, test } from 'bun:test';
import type { JsonObject } from '#core/message';
import { DENIED_FIELDS } from '#dialects/body-edit';
import { dialects } from '#dialects/dialect';
import { requestOf, tierOf } from '#tests/dialects/support';

const CANARY = 'canary-5d1f';

const user = { role: 'user', content: 'go' };
const BODY: Readonly<Record<string, JsonObject>> = {
  'anthropic-messages': { model: 'm', max_tokens: 10, messages: [user] },
  'openai-chat': { model: 'm', messages: [user] },
  'openai-responses': { model: 'm', input: [user] },
};

/** `seed` is a number wherever it is checked, so its value is told apart by its digits. */
const DENIED: JsonObject = {
  user: CANARY,
  metadata: { user_id: CANARY },
  logit_bias: { [CANARY]: 1 },
  seed: 987_654_321,
};

for (const caller of Object.values(dialects)) {
  for (const tier of Object.values(dialects)) {
    const same = caller === tier;
    const sentTo = (forward: readonly string[]) => {
      const request = requestOf(caller, { ...BODY[caller.name], ...DENIED });
      const target = tierOf({ dialect: tier.name, forward });
      return same
        ? tier.forward(request, target, false)
        : tier.render(caller.conversation(request), request, target, false);
    };

    test(`${caller.name} to ${tier.name}: they stay here, and are named`, () => {
      const { text, losses } = sentTo([]);
      expect(text).not.toContain(CANARY);
      expect(text).not.toContain('987654321');
      expect(losses).toEqual(expect.arrayContaining([...DENIED_FIELDS]));
    });

    if (!same) continue;
    test(`${caller.name} to ${tier.name}: those that \`forward\` names go`, () => {
      const { text, losses } = sentTo(['metadata', 'seed']);
      expect(JSON.parse(text)).toMatchObject({ metadata: DENIED.metadata, seed: DENIED.seed });
      expect(JSON.parse(text).user).toBeUndefined();
      expect([...losses].sort()).toEqual(['logit_bias', 'user']);
    });
  }
}
