/** What must a local Messages server not see? Blocks and tools that only Anthropic's own service understands. */
import type { JsonObject } from '#core/message';
import type { Tier } from '#core/tier';
import { withoutForeignProof } from '#dialects/anthropic-messages/blocks';
import {
  isOffered,
  isServerTool,
  isToolChange,
  namedToolsOf,
  toolChangeOf,
  toolChangeText,
} from '#dialects/anthropic-messages/named-tools';
import { serverToolText } from '#dialects/anthropic-messages/server-tools';
import type { BodyEdit } from '#dialects/body-edit';
import { isObject, objectsOf, stringOr } from '#dialects/json';
import type { Losses } from '#dialects/losses';

/** A tool without the members by which it was deferred. */
const shown = (tool: JsonObject): JsonObject => {
  const { defer_loading: _deferred, ...rest } = tool;
  return rest;
};

/**
 * Takes out server tools, unless the tier's `forward` names their type, and deferred tools that nothing has named yet, the
 * placeholder among them.
 */
const localTools = (edit: BodyEdit, tier: Tier, messages: unknown, losses: Losses): void => {
  const tools = objectsOf(edit.get('tools'));
  const named = namedToolsOf(messages);
  const kept = tools.filter((tool) => {
    if (isServerTool(tool) && !tier.forward.includes(String(tool.type))) losses.add(`tools.${String(tool.type)}`);
    else if (isOffered(tool, named)) return true;
    else losses.add('tools.deferred');
    return false;
  });
  const deferred = kept.some((tool) => tool.defer_loading !== undefined);
  if (kept.length === tools.length && !deferred) return;
  if (kept.length > 0) edit.set('tools', kept.map(shown));
  else edit.remove('tools');
  const choice = edit.get('tool_choice');
  if (!isObject(choice)) return;
  if (choice.type === 'tool' && !kept.some((tool) => tool.name === choice.name)) losses.add('tool_choice');
  else if (kept.length > 0) return;
  if (choice.type === 'any') losses.add('tool_choice');
  edit.remove('tool_choice');
};

const textBlock = (text: string): JsonObject => ({ type: 'text', text });

/** A block in the words of a local server; the same block when nothing about it is Anthropic's own. */
const localBlock = (block: JsonObject, losses: Losses): JsonObject | undefined => {
  if (isToolChange(block)) {
    losses.add(`messages.${String(block.type)}`);
    const change = toolChangeOf(block);
    return change && textBlock(toolChangeText(change));
  }
  const told = serverToolText(block);
  if (told !== undefined) {
    losses.add(`messages.${stringOr(block.type, 'block')}`);
    return textBlock(told);
  }
  if (block.type === 'tool_result' && Array.isArray(block.content)) {
    const content = localContent(block.content, losses);
    return content === block.content ? block : { ...block, content };
  }
  const own = withoutForeignProof(block);
  if (own !== block) losses.add('messages.thinking.signature');
  return own;
};

/** The same array when every block stays as it is. */
const localContent = (content: readonly unknown[], losses: Losses): readonly unknown[] => {
  let changed = false;
  const kept = content.flatMap((block) => {
    const written = isObject(block) ? localBlock(block, losses) : block;
    if (written !== block) changed = true;
    return written === undefined ? [] : [written];
  });
  return changed ? kept : content;
};

/** The same array when every message stays as it is; a message of which nothing is left goes. */
const localMessages = (messages: readonly JsonObject[], losses: Losses): readonly JsonObject[] => {
  let changed = false;
  const kept = messages.flatMap((message) => {
    if (!Array.isArray(message.content)) return [message];
    const content = localContent(message.content, losses);
    if (content === message.content) return [message];
    changed = true;
    return content.length > 0 ? [{ ...message, content }] : [];
  });
  return changed ? kept : messages;
};

/** Edits a caller's body for a server that is not Anthropic's, and names what it is spared. */
export const makeLocal = (edit: BodyEdit, tier: Tier, losses: Losses): void => {
  const sent = edit.get('messages');
  localTools(edit, tier, sent, losses);
  const messages = objectsOf(sent);
  const written = localMessages(messages, losses);
  if (written !== messages) edit.set('messages', written);
};
