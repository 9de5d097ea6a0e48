/** Which session does a request belong to? The harness's own mark, else the opening of the conversation; hashed. */
import type { JsonObject, RequestFacts } from '#core/message';
import { withoutRuleSpans } from '#core/prefix-rules';
import { isAside, type RequestClass } from '#core/request-class';

export type SessionSource =
  | 'x-parent-session-id'
  | 'x-codex-parent-thread-id'
  | 'x-claude-code-session-id'
  | 'session-id'
  | 'session_id'
  | 'x-session-id'
  | 'x-session-affinity'
  | 'metadata.user_id'
  | 'prompt_cache_key'
  | 'traceparent'
  | 'client_metadata.session_id'
  | 'opening';

export interface SessionMark {
  /** `ses_` and 16 hex digits; the harness's own id does not appear in it. */
  readonly id: string;
  readonly from: SessionSource;
  /** Tells conversations inside a session apart (sub-agents, other presets): each has a prefix of its own. */
  readonly lane: string;
}

export interface SessionInput {
  /** Reads a request header by lower-case name. */
  readonly header: (name: string) => string | null | undefined;
  readonly raw: JsonObject;
  readonly model: string;
  readonly facts: Pick<RequestFacts, 'systemText' | 'firstUserText'>;
  /** What the request is for: one beside the conversation has a lane of its own. */
  readonly requestClass?: RequestClass | undefined;
  /** Name of the access token: equal marks of two callers stay two sessions. */
  readonly tokenName: string | undefined;
  /** Hex digest, keyed if ids must not be guessable. */
  readonly hash: (text: string) => string;
}

/** Longer marks are not session ids. */
const MARK_CHARS_MAX = 256;
/** Opening text that goes into the fingerprint. */
const OPENING_CHARS = 2_048;
const ID_DIGITS = 16;
const LANE_DIGITS = 8;

/** Headers in the order of trust; measured clients send at most one meaning. */
const HEADERS = [
  'x-claude-code-session-id',
  'session-id',
  'session_id',
  'x-session-id',
  'x-session-affinity',
] as const satisfies readonly SessionSource[];

/**
 * A sub-agent that runs as a session of its own names the session that started it. Both are one session here, so that
 * one budget covers the whole task; the lane tells them apart.
 */
const PARENTS = ['x-parent-session-id', 'x-codex-parent-thread-id'] as const satisfies readonly SessionSource[];
/** Headers that name the sub-agent or thread inside a session. */
const LANE_HEADERS = ['x-claude-code-agent-id', 'thread-id'] as const;
const OLD_USER_ID = /_session_([0-9A-Za-z-]{8,64})$/;
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;
const NO_TRACE = '0'.repeat(32);

const asMark = (value: unknown): string | undefined => {
  if (typeof value !== 'string') return undefined;
  const mark = value.trim();
  return mark === '' || mark.length > MARK_CHARS_MAX ? undefined : mark;
};

const member = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as JsonObject)[key] : undefined;

/** `metadata.user_id` of Claude Code: JSON with `session_id`, formerly `user_…_session_<uuid>`. */
const fromUserId = (raw: JsonObject): string | undefined => {
  const value = member(raw.metadata, 'user_id');
  if (typeof value !== 'string' || value.length > 4 * MARK_CHARS_MAX) return undefined;
  if (!value.startsWith('{')) return OLD_USER_ID.exec(value)?.[1];
  try {
    return asMark(member(JSON.parse(value), 'session_id'));
  } catch {
    return undefined;
  }
};

const fromTrace = (value: string | null | undefined): string | undefined => {
  const trace = TRACEPARENT.exec(value ?? '')?.[1];
  return trace === NO_TRACE ? undefined : trace;
};

interface Mark {
  readonly mark: string;
  readonly from: SessionSource;
  /** The mark of the sub-agent's own session, where the mark is its parent's. */
  readonly child?: string;
}

/**
 * The session that started this one. A thread whose own id differs from its session's runs inside that session already.
 */
const parentOf = (header: SessionInput['header'], own: string): Mark | undefined => {
  const thread = asMark(header('thread-id'));
  if (thread !== undefined && thread !== own) return undefined;
  for (const name of PARENTS) {
    const mark = asMark(header(name));
    if (mark !== undefined && mark !== own) return { mark, from: name, child: own };
  }
  return undefined;
};

/** What tells this conversation from others of its session; '' for the main one. */
const agentOf = (header: SessionInput['header'], { mark, child }: Partial<Mark>): string => {
  for (const name of LANE_HEADERS) {
    const agent = asMark(header(name));
    if (agent !== undefined && agent !== mark) return agent;
  }
  return child ?? '';
};

const markOf = ({ header, raw }: SessionInput): Mark | undefined => {
  for (const name of HEADERS) {
    const mark = asMark(header(name));
    if (mark !== undefined) return parentOf(header, mark) ?? { mark, from: name };
  }
  const body: readonly (readonly [SessionSource, string | undefined])[] = [
    ['metadata.user_id', fromUserId(raw)],
    ['prompt_cache_key', asMark(raw.prompt_cache_key)],
    ['traceparent', fromTrace(header('traceparent'))],
    ['client_metadata.session_id', asMark(member(raw.client_metadata, 'session_id'))],
  ];
  for (const [from, mark] of body) {
    if (mark !== undefined) return { mark, from };
  }
  return undefined;
};

/** Billing lines, dates and ids would make every turn another session. */
const opening = ({ systemText, firstUserText }: SessionInput['facts']): string => {
  const system = withoutRuleSpans(systemText.slice(0, 2 * OPENING_CHARS)).slice(0, OPENING_CHARS);
  return `${system}\n${firstUserText.slice(0, OPENING_CHARS)}`;
};

/**
 * The session of a request. Two conversations without a mark that open with the same words under the same token are
 * one session; that is harmless for affinity and strict for budgets.
 */
export const sessionOf = (input: SessionInput): SessionMark => {
  const { hash, header, tokenName, model } = input;
  const found = markOf(input);
  const { mark, from } = found ?? { mark: opening(input.facts), from: 'opening' as const };
  const digest = hash(`${tokenName ?? ''}\n${found === undefined ? 'opening' : 'mark'}\n${mark}`);
  const aside = isAside(input.requestClass) ? `\n${input.requestClass}` : '';
  const lane = hash(`${agentOf(header, found ?? {})}\n${model.trim().toLowerCase()}${aside}`);
  return { id: `ses_${digest.slice(0, ID_DIGITS)}`, from, lane: lane.slice(0, LANE_DIGITS) };
};
