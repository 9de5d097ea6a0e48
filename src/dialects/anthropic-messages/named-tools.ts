/** Which tools does a conversation itself bring in or take away? Tool references, additions and removals of Messages. */
import type { JsonObject } from '#core/message';
import { isObject, listOf, objectsOf, textOf } from '#dialects/json';

/** What the history says about the tools on offer: names it brought in, and names it took away again. */
export interface NamedTools {
  readonly added: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
}

export interface ToolChange {
  readonly kind: 'added' | 'removed';
  readonly name: string;
}

const CHANGES: Readonly<Record<string, ToolChange['kind']>> = {
  tool_reference: 'added',
  tool_addition: 'added',
  tool_removal: 'removed',
};

/** Whether a block does nothing but change the tools on offer. */
export const isToolChange = (block: JsonObject): boolean => Object.hasOwn(CHANGES, String(block.type));

/** The change a block makes; undefined for other blocks, and for one that names no tool. */
export const toolChangeOf = (block: JsonObject): ToolChange | undefined => {
  const kind = isToolChange(block) ? CHANGES[String(block.type)] : undefined;
  const tool = isObject(block.tool) ? block.tool : block;
  const name = textOf(tool.tool_name) ?? textOf(tool.name);
  return kind === undefined || name === undefined ? undefined : { kind, name };
};

/** The word of text by which a model that knows no such block learns of the change. */
export const toolChangeText = ({ kind, name }: ToolChange): string =>
  kind === 'added' ? `[tool now available: ${name}]` : `[tool no longer available: ${name}]`;

/** Collects changes in the order they were made; the last word on a name counts. */
export const createNamedTools = (): NamedTools & { note(change: ToolChange): void } => {
  const added = new Set<string>();
  const removed = new Set<string>();
  return {
    added,
    removed,
    note({ kind, name }) {
      (kind === 'added' ? removed : added).delete(name);
      (kind === 'added' ? added : removed).add(name);
    },
  };
};

const noteBlocks = (content: unknown, named: ReturnType<typeof createNamedTools>): void => {
  for (const block of objectsOf(content)) {
    const change = toolChangeOf(block);
    if (change) named.note(change);
    else if (Array.isArray(block.content)) noteBlocks(block.content, named);
  }
};

/** The changes that the messages of a body make, those inside tool results included. */
export const namedToolsOf = (messages: unknown): NamedTools => {
  const named = createNamedTools();
  for (const message of listOf(messages)) if (isObject(message)) noteBlocks(message.content, named);
  return named;
};

/** Tools that Anthropic itself runs carry a type of their own. */
export const isServerTool = (tool: JsonObject): boolean =>
  tool.type !== undefined && tool.type !== null && tool.type !== 'custom' && tool.type !== 'tool';

/** Whether a tool may be offered now: one that is deferred waits until the conversation names it. */
export const isOffered = (tool: JsonObject, { added, removed }: NamedTools): boolean => {
  const name = String(tool.name);
  return !removed.has(name) && (tool.defer_loading !== true || added.has(name));
};
