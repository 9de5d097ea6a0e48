/** Which order of blocks and messages is legal in Messages? Merging, wrapping and signing rules used by two writers. */
import type { JsonObject } from '#core/message';
import { unwrapProof } from '#dialects/carried-proof';
import { isObject, listOf, objectsOf } from '#dialects/json';
import { asReminder } from '#dialects/words';

/** Signature of thinking that no Anthropic model has signed. Clients send a block back only when it has one. */
export const UNSIGNED_SIGNATURE = 'anvil-unsigned';

const isOwnProof = (proof: string): boolean => unwrapProof(proof, 'anthropic-messages').origin === 'anthropic-messages';

/** Whether Anthropic could accept a thinking block: it has a signature, neither ours nor one of another dialect. */
export const isSigned = (signature: unknown): boolean =>
  typeof signature === 'string' && signature !== '' && signature !== UNSIGNED_SIGNATURE && isOwnProof(signature);

/** Redacted thinking of another dialect, which a Messages caller keeps for it. */
const isForeignRedaction = (block: JsonObject): boolean =>
  block.type === 'redacted_thinking' && typeof block.data === 'string' && !isOwnProof(block.data);

/** A block without another dialect's proof; undefined when nothing is left of it, the same block when it had none. */
export const withoutForeignProof = (block: JsonObject): JsonObject | undefined => {
  if (isForeignRedaction(block)) return undefined;
  const { type, signature } = block;
  return type === 'thinking' && typeof signature === 'string' && !isOwnProof(signature)
    ? { ...block, signature: UNSIGNED_SIGNATURE }
    : block;
};

/** Wraps an instruction given in mid-conversation as part of a user turn. */
export const reminderBlock = (text: string): JsonObject => ({
  type: 'text',
  text: asReminder(text),
});

export interface MessageDraft {
  readonly role: 'user' | 'assistant';
  readonly blocks: JsonObject[];
}

/** Adds blocks to the last message when the role is the same: Messages combines such turns anyway. */
export const pushMerged = (
  messages: MessageDraft[],
  role: MessageDraft['role'],
  blocks: readonly JsonObject[],
): void => {
  if (blocks.length === 0) return;
  const last = messages.at(-1);
  if (last?.role === role) last.blocks.push(...blocks);
  else messages.push({ role, blocks: [...blocks] });
};

/** Tool results come first in their message, or the service does not find them behind the calls. */
export const writeDraft = ({ role, blocks }: MessageDraft): JsonObject => {
  const results = blocks.filter((block) => block.type === 'tool_result');
  const others = blocks.filter((block) => block.type !== 'tool_result');
  return { role, content: [...results, ...others] };
};

const blocksOf = (content: unknown): readonly JsonObject[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : objectsOf(content);

const systemText = (content: unknown): string =>
  blocksOf(content)
    .map((block) => block.text)
    .filter((text) => typeof text === 'string')
    .join('\n\n');

const isSystem = (message: JsonObject): boolean => message.role === 'system' || message.role === 'developer';

/** A caller's messages with those of role `system` folded into user turns; undefined when there are none. */
export const foldSystemMessages = (messages: readonly JsonObject[]): readonly JsonObject[] | undefined => {
  if (!messages.some(isSystem)) return undefined;
  const drafts: MessageDraft[] = [];
  for (const message of messages) {
    if (isSystem(message)) pushMerged(drafts, 'user', [reminderBlock(systemText(message.content))]);
    else pushMerged(drafts, message.role === 'assistant' ? 'assistant' : 'user', blocksOf(message.content));
  }
  return drafts.map(writeDraft);
};

const isForeignThinking = (block: unknown): boolean =>
  isObject(block) && ((block.type === 'thinking' && !isSigned(block.signature)) || isForeignRedaction(block));

/** A caller's messages without thinking that another model wrote; undefined when there is none. */
export const dropForeignThinking = (messages: readonly JsonObject[]): readonly JsonObject[] | undefined => {
  if (!messages.some((message) => listOf(message.content).some(isForeignThinking))) return undefined;
  return messages.flatMap((message) => {
    if (!Array.isArray(message.content)) return [message];
    const content = message.content.filter((block) => !isForeignThinking(block));
    return content.length > 0 ? [{ ...message, content }] : [];
  });
};
