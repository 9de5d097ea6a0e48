/** What is remembered of each conversation's beginning, and the request as a tier with a prefix cache should see it. */
import type { PrefixRecord } from '#core/decision';
import type { ModelRequest } from '#core/message';
import { NOTHING_SEEN, type PrefixPlan, type PrefixState, planPrefix } from '#core/prefix-plan';
import { editJson, spliceJson } from '#core/prefix-splice';
import type { SessionMark } from '#core/session';
import { prefixViews } from '#dialects/prefix-views';

/** All conversations together; the least recently seen are forgotten first. */
const BYTES_MAX = 16 * 1024 * 1024;
/** Kept for a conversation, and for each of its texts, beside what is counted. */
const ENTRY_BYTES = 256;
const DIGEST_BYTES = 8;
const NOTE_BYTES = 48;
/** A span with its statement, which is a line at most. */
const SPAN_BYTES = 256;

export interface StableRequest {
  /** The same object when nothing is changed. */
  readonly request: ModelRequest;
  readonly record: PrefixRecord | undefined;
}

export interface PrefixMemory {
  /**
   * The request with a beginning that stays the same from turn to turn, in the caller's own dialect. Without a session
   * the rules alone apply. Calling it again for one request changes nothing.
   */
  stabilise(session: SessionMark | undefined, request: ModelRequest): StableRequest;
  /** Changes the bound on conversations. */
  resize(sessionsMax: number): void;
  /** Conversations remembered, and about how many bytes they take. */
  readonly size: number;
  readonly bytes: number;
}

const bytesOf = ({ watched, notes }: PrefixState): number => {
  let bytes = ENTRY_BYTES;
  for (const { text, spans, runs } of watched) {
    bytes += ENTRY_BYTES + (text?.length ?? 0) + spans.length * SPAN_BYTES + runs.length * DIGEST_BYTES;
  }
  for (const { text } of notes) bytes += NOTE_BYTES + 2 * text.length;
  return bytes;
};

const recordOf = ({ spans, notes }: PrefixPlan): PrefixRecord => ({
  spans: [...spans].map(([rule, count]) => ({ rule, count })),
  notes,
});

/**
 * @param sessionsMax conversations remembered
 * @param bytesMax about how many bytes they may take together
 */
export const createPrefixMemory = (sessionsMax: number, bytesMax = BYTES_MAX): PrefixMemory => {
  const states = new Map<string, { readonly state: PrefixState; readonly bytes: number }>();
  let limit = sessionsMax;
  let bytes = 0;

  const forget = (key: string): void => {
    bytes -= states.get(key)?.bytes ?? 0;
    states.delete(key);
  };

  const trim = (): void => {
    for (const key of states.keys()) {
      if (states.size <= limit && bytes <= bytesMax) return;
      forget(key);
    }
  };

  const remember = (key: string, state: PrefixState): void => {
    forget(key);
    const entry = { state, bytes: bytesOf(state) };
    states.set(key, entry);
    bytes += entry.bytes;
    trim();
  };

  return {
    stabilise(session, request) {
      const key = session && `${session.id}/${session.lane}`;
      const before = (key === undefined ? undefined : states.get(key)?.state) ?? NOTHING_SEEN;
      const plan = planPrefix(prefixViews[request.dialect](request.raw), before);
      if (key !== undefined) remember(key, plan.state);
      if (plan.edits.length === 0) return { request, record: undefined };
      const text = spliceJson(request.text, plan.edits);
      return { request: { ...request, text, raw: editJson(request.raw, plan.edits) }, record: recordOf(plan) };
    },
    resize(sessionsMaxNew) {
      limit = sessionsMaxNew;
      trim();
    },
    get size() {
      return states.size;
    },
    get bytes() {
      return bytes;
    },
  };
};
