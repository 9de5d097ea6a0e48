/** By which marks is each harness known, and which of its marks says what a request is for? Data, measured on the wire. */
import type { RequestFacts } from '#core/message';
import type { RequestClass } from '#core/request-class';

export type Harness =
  | 'claude-code'
  | 'codex'
  | 'opencode'
  | 'pi'
  | 'qwen-code'
  | 'anthropic-sdk'
  | 'openai-sdk'
  | 'ai-sdk';

/** Reads a request header by lower-case name. */
export type HeaderReader = (name: string) => string | null | undefined;

export type SignalFacts = Pick<RequestFacts, 'toolNames' | 'wantsJson' | 'firstUserText'>;

/** Headers that only one harness sends; Qwen Code borrows Claude Code's User-Agent, so they come before it. */
export const HARNESS_BY_HEADER: readonly (readonly [header: string, harness: Harness])[] = [
  ['x-claude-code-session-id', 'claude-code'],
  ['x-codex-turn-metadata', 'codex'],
];

/** What is left to tell the others: the opening of `User-Agent`. SDKs come last, harnesses are built on them. */
export const HARNESS_BY_AGENT: readonly (readonly [agent: RegExp, harness: Harness])[] = [
  [/^codex[_-]/i, 'codex'],
  [/^opencode\//, 'opencode'],
  [/^pi \(/, 'pi'],
  [/^QwenCode\//, 'qwen-code'],
  [/^(?:Async)?Anthropic\//, 'anthropic-sdk'],
  [/^(?:Async)?OpenAI\//, 'openai-sdk'],
  [/^ai-sdk[-/]/, 'ai-sdk'],
];

/** `x-claude-code-request-class`, sent with `CLAUDE_CODE_GATEWAY_HINT_HEADERS=1`. */
const CLAUDE_CODE_CLASSES: Readonly<Record<string, RequestClass>> = {
  main: 'main',
  subagent: 'subagent',
  workflow: 'workflow',
  compaction: 'compaction',
  auxiliary: 'auxiliary',
  side_reply: 'side-reply',
};

/** `request_kind` of `x-codex-turn-metadata`. */
const CODEX_KINDS: Readonly<Record<string, RequestClass>> = {
  turn: 'main',
  compaction: 'compaction',
  prewarm: 'prewarm',
};

/** The tools of Qwen Code's background memory update, exactly these; its turns offer many more. */
const QWEN_MEMORY_TOOLS = 'read_file grep_search glob run_shell_command write_file edit';
const OPENCODE_TITLE = 'Generate a title for this conversation';

const METADATA_CHARS_MAX = 8_192;

const own = <Value>(table: Readonly<Record<string, Value>>, key: unknown): Value | undefined =>
  typeof key === 'string' && Object.hasOwn(table, key) ? table[key] : undefined;

const claudeCode = (header: HeaderReader, { toolNames, wantsJson }: SignalFacts): RequestClass | undefined => {
  const named = own(CLAUDE_CODE_CLASSES, header('x-claude-code-request-class'));
  if (named !== undefined) return named;
  if (header('x-claude-code-agent-id')) return 'subagent';
  // Without hint headers: only its title request demands JSON, and only that offers no tools.
  if (toolNames.length === 0) return wantsJson ? 'title' : undefined;
  return 'main';
};

const codexKind = (metadata: string | null | undefined): unknown => {
  if (!metadata || metadata.length > METADATA_CHARS_MAX) return undefined;
  try {
    const value: unknown = JSON.parse(metadata);
    return typeof value === 'object' && value !== null && 'request_kind' in value ? value.request_kind : undefined;
  } catch {
    return undefined;
  }
};

const codex = (header: HeaderReader): RequestClass | undefined => {
  const kind = own(CODEX_KINDS, codexKind(header('x-codex-turn-metadata')));
  if (kind !== undefined && kind !== 'main') return kind;
  // Two marks that stand in its program, and were not seen on the wire.
  return header('x-openai-subagent') || header('x-codex-parent-thread-id') ? 'subagent' : kind;
};

const opencode = (header: HeaderReader, { toolNames, firstUserText }: SignalFacts): RequestClass | undefined => {
  if (toolNames.length === 0) return firstUserText.startsWith(OPENCODE_TITLE) ? 'title' : undefined;
  return header('x-parent-session-id') ? 'subagent' : 'main';
};

const qwenCode = (_header: HeaderReader, { toolNames }: SignalFacts): RequestClass | undefined =>
  toolNames.length === 6 && toolNames.join(' ') === QWEN_MEMORY_TOOLS ? 'memory' : undefined;

/** How the harnesses that say it, or whose requests show it, tell what a request is for. */
export const REQUEST_CLASS_OF: Readonly<
  Partial<Record<Harness, (header: HeaderReader, facts: SignalFacts) => RequestClass | undefined>>
> = {
  'claude-code': claudeCode,
  codex,
  opencode,
  'qwen-code': qwenCode,
};
