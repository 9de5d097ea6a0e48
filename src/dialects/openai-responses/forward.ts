/** How is a Responses request passed to a Responses tier? The caller's bytes, with as few edits as the tier needs. */
import type { UpstreamBody } from '#core/dialect';
import type { JsonObject, ModelRequest } from '#core/message';
import type { Tier } from '#core/tier';
import { applyDefaults, applyDenyList, applyOverrides, type BodyEdit, createBodyEdit } from '#dialects/body-edit';
import { countOf, isObject, listOf, numberOf, textOf } from '#dialects/json';
import { createLosses, type Losses } from '#dialects/losses';
import { itemType } from '#dialects/openai-responses/items';
import { foldInstructions } from '#dialects/openai-responses/local';
import { readEncrypted } from '#dialects/openai-responses/proof';
import { responsesTierFacts } from '#dialects/openai-responses/tier-facts';

/** Types of tools that the caller runs. */
const CLIENT_TOOLS: ReadonlySet<string> = new Set(['function', 'custom', 'namespace']);

/** Body for a Responses tier from a Responses request. */
export const forwardResponses = (request: ModelRequest, tier: Tier, stream: boolean): UpstreamBody => {
  const losses = createLosses();
  const edit = createBodyEdit(request.raw);
  const facts = responsesTierFacts(tier, tier.model ?? request.model);
  applyDenyList(edit, tier, losses);
  applyDefaults(edit, tier);
  clampCap(edit, tier);
  edit.set('model', tier.model);
  if (stream || edit.get('stream') === true) edit.set('stream', stream);
  if (!stream) edit.remove('stream_options');
  forbidStore(edit, losses);
  edit.set('input', withoutPointers(edit.get('input'), facts.checksProofs, losses));
  if (!facts.midSystem) fold(edit);
  if (!facts.ownTools) dropHostedTools(edit, tier, losses);
  applyOverrides(edit, tier);
  return {
    text: edit.apply(request.text),
    losses: losses.list(),
    maxOutputTokens: countOf(edit.get('max_output_tokens')),
  };
};

/** A caller without a cap gets the tier's: otherwise a server's own default, often endless, would apply. */
const clampCap = (edit: BodyEdit, tier: Tier): void => {
  const limit = tier.maxOutputTokens;
  if (limit === undefined) return;
  edit.set('max_output_tokens', Math.min(numberOf(edit.get('max_output_tokens')) ?? limit, limit));
};

/** A server stores unless it is told not to; the next turn may go to another tier, so nobody would read it. */
const forbidStore = (edit: BodyEdit, losses: Losses): void => {
  if (edit.get('store') === true) losses.add('store');
  edit.set('store', false);
};

const fold = (edit: BodyEdit): void => {
  const folded = foldInstructions(edit.get('input'), edit.get('instructions'));
  if (!folded) return;
  edit.set('input', folded.input);
  if (folded.instructions !== '') edit.set('instructions', folded.instructions);
};

/** A tool that runs at the provider stays behind, unless the tier's `forward` names its type. */
const dropHostedTools = (edit: BodyEdit, tier: Tier, losses: Losses): void => {
  const tools = listOf(edit.get('tools'));
  const kept = tools.filter((tool) => {
    if (!isObject(tool) || typeof tool.type !== 'string') return true;
    if (CLIENT_TOOLS.has(tool.type) || tier.forward.includes(tool.type)) return true;
    losses.add(`tools.${tool.type}`);
    return false;
  });
  if (kept.length === tools.length) return;
  if (kept.length > 0) edit.set('tools', kept);
  else edit.remove('tools');
};

/** The input without what another server would have to resolve; undefined when all of it may pass. */
const withoutPointers = (input: unknown, checksProofs: boolean, losses: Losses): unknown => {
  const items = listOf(input);
  const kept = items.flatMap((item) => passable(item, checksProofs, losses));
  return kept.length === items.length && kept.every((item, index) => item === items[index]) ? undefined : kept;
};

/** References point into memory that no tier has. Reasoning of another model proves nothing to a service that checks. */
const passable = (item: unknown, checksProofs: boolean, losses: Losses): readonly unknown[] => {
  if (!isObject(item)) return [item];
  const type = itemType(item);
  if (type === 'item_reference') {
    losses.add('input.item_reference');
    return [];
  }
  if (type !== 'reasoning') return [item];
  const encrypted = textOf(item.encrypted_content);
  const own = encrypted !== undefined && readEncrypted(encrypted).origin === 'openai-responses';
  if (own || (encrypted === undefined && !checksProofs)) return [item];
  losses.add(encrypted === undefined || checksProofs ? 'input.reasoning' : 'input.reasoning.encrypted_content');
  return checksProofs ? [] : [withoutProof(item)];
};

const withoutProof = ({ encrypted_content: _foreign, ...rest }: JsonObject): JsonObject => rest;
