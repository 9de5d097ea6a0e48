/** How is a Messages request passed to a Messages tier? The caller's bytes, with as few edits as the tier needs. */
import type { UpstreamBody } from '#core/dialect';
import type { ModelRequest } from '#core/message';
import type { Tier } from '#core/tier';
import { dropForeignThinking, foldSystemMessages } from '#dialects/anthropic-messages/blocks';
import { makeLocal } from '#dialects/anthropic-messages/local';
import { fitBudget } from '#dialects/anthropic-messages/thinking';
import { messagesTierFacts } from '#dialects/anthropic-messages/tier-facts';
import { applyDefaults, applyDenyList, applyOverrides, type BodyEdit, createBodyEdit } from '#dialects/body-edit';
import { countOf, isObject, numberOf, objectsOf } from '#dialects/json';
import { createLosses, type Losses } from '#dialects/losses';

/** Body for a Messages tier from a Messages request. */
export const forwardMessages = (request: ModelRequest, tier: Tier, stream: boolean): UpstreamBody => {
  const losses = createLosses();
  const edit = createBodyEdit(request.raw);
  const facts = messagesTierFacts(tier, tier.model ?? request.model);
  applyDenyList(edit, tier, losses);
  applyDefaults(edit, tier);
  clampCap(edit, tier, losses);
  edit.set('model', tier.model);
  if (stream || edit.get('stream') === true) edit.set('stream', stream);
  if (!facts.serverTools) makeLocal(edit, tier, losses);
  const messages = objectsOf(edit.get('messages'));
  if (!facts.midSystem) edit.set('messages', foldSystemMessages(messages));
  if (facts.checksSignatures) {
    const kept = dropForeignThinking(messages);
    if (kept) losses.add('messages.thinking');
    edit.set('messages', kept);
  }
  applyOverrides(edit, tier);
  return { text: edit.apply(request.text), losses: losses.list(), maxOutputTokens: countOf(edit.get('max_tokens')) };
};

const clampCap = (edit: BodyEdit, tier: Tier, losses: Losses): void => {
  const limit = tier.maxOutputTokens;
  const asked = numberOf(edit.get('max_tokens'));
  if (limit === undefined || (asked !== undefined && asked <= limit)) return;
  edit.set('max_tokens', limit);
  const thinking = edit.get('thinking');
  if (!isObject(thinking)) return;
  const budget = numberOf(thinking.budget_tokens);
  if (budget === undefined || budget < limit) return;
  const fitting = fitBudget(budget, limit);
  if (fitting === undefined) {
    edit.remove('thinking');
    losses.add('thinking');
  } else edit.set('thinking', { ...thinking, budget_tokens: fitting });
};
