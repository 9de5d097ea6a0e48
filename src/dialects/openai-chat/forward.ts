/** How is a Chat request passed to a Chat tier? The caller's bytes, with as few edits as the tier needs. */
import type { UpstreamBody } from '#core/dialect';
import type { ModelRequest } from '#core/message';
import type { Tier } from '#core/tier';
import { applyDefaults, applyDenyList, applyOverrides, type BodyEdit, createBodyEdit } from '#dialects/body-edit';
import { isObject, objectsOf } from '#dialects/json';
import { createLosses } from '#dialects/losses';
import { localChatMessages } from '#dialects/openai-chat/local';
import { type ChatTierFacts, chatTierFacts } from '#dialects/openai-chat/tier-facts';

const CAP_NAMES = ['max_completion_tokens', 'max_tokens'] as const;

/** Body for a Chat tier from a Chat request. */
export const forwardChat = (request: ModelRequest, tier: Tier, stream: boolean): UpstreamBody => {
  const losses = createLosses();
  const edit = createBodyEdit(request.raw);
  const facts = chatTierFacts(tier, tier.model ?? request.model);
  applyDenyList(edit, tier, losses);
  applyDefaults(edit, tier);
  clampCaps(edit, tier, facts);
  edit.set('model', tier.model);
  setStream(edit, stream);
  if (!facts.midSystem) edit.set('messages', localChatMessages(objectsOf(edit.get('messages'))));
  applyOverrides(edit, tier);
  return { text: edit.apply(request.text), losses: losses.list(), maxOutputTokens: capOf(edit) };
};

/** @returns a real cap; -1 means none */
const capNamed = (edit: BodyEdit, name: string): number | undefined => {
  const value = edit.get(name);
  return typeof value === 'number' && value > 0 ? value : undefined;
};

const capOf = (edit: BodyEdit): number | undefined => capNamed(edit, CAP_NAMES[0]) ?? capNamed(edit, CAP_NAMES[1]);

/** A caller without a cap gets the tier's: otherwise a server's own default, often endless, would apply. */
const clampCaps = (edit: BodyEdit, tier: Tier, facts: ChatTierFacts): void => {
  const limit = tier.maxOutputTokens;
  if (limit !== undefined) {
    const named = CAP_NAMES.filter((name) => typeof edit.get(name) === 'number');
    for (const name of named.length > 0 ? named : [facts.capName]) {
      edit.set(name, Math.min(capNamed(edit, name) ?? limit, limit));
    }
  }
  const cap = capNamed(edit, 'max_completion_tokens');
  if (facts.wantsOldCap && cap !== undefined && typeof edit.get('max_tokens') !== 'number') {
    edit.set('max_tokens', cap);
  }
};

/** Usage is always asked of the tier; the relay drops the extra chunk for a caller that did not want it. */
const setStream = (edit: BodyEdit, stream: boolean): void => {
  if (!stream) {
    if (edit.get('stream') === true) edit.set('stream', false);
    edit.remove('stream_options');
    return;
  }
  edit.set('stream', true);
  const options = edit.get('stream_options');
  if (isObject(options) && options.include_usage === true) return;
  edit.set('stream_options', { ...(isObject(options) ? options : {}), include_usage: true });
};
