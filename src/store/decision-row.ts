/** How does a decision record become a row and come back, and which rows does a question mean? */
import type { DecisionRecord, RequestOutcome } from '#core/decision';
import { tokensOf, workClassOf } from '#core/decision-facts';
import { createScrubber, mayHoldSecret } from '#core/redact';
import type { WorkClass } from '#core/work-class';

/** The columns that questions are asked by; everything else is in the JSON. */
export interface DecisionColumns {
  readonly id: string;
  /** Epoch milliseconds, whole. */
  readonly at: number;
  readonly outcome: string;
  readonly status: number;
  readonly tier: string | null;
  readonly workClass: string | null;
  readonly session: string | null;
  readonly costUsd: number;
  /** Input and output of all attempts. */
  readonly tokens: number;
}

export interface DecisionRow extends DecisionColumns {
  readonly record: string;
}

/** Characters of one record's JSON; a longer one is cut down field by field. */
const RECORD_CHARS_MAX = 32_768;
const CUT_TEXT_CHARS = 200;
const CUT_LIST_LENGTH = 32;

const finite = (value: number): number => (Number.isFinite(value) ? value : 0);
const whole = (value: number): number => Math.round(Math.min(Math.max(finite(value), -1e15), 1e15));

export const columnsOf = (record: DecisionRecord): DecisionColumns => {
  const tokens = tokensOf(record);
  return {
    id: record.id,
    at: whole(record.at),
    outcome: record.outcome,
    status: whole(record.status),
    tier: record.servedTier ?? null,
    workClass: workClassOf(record) ?? null,
    session: record.session ?? null,
    costUsd: finite(record.costUsd),
    tokens: whole(tokens.input + tokens.output),
  };
};

const scrub = createScrubber();

const scrubbed = (_key: string, value: unknown): unknown => (typeof value === 'string' ? scrub(value) : value);

const cutDown = (_key: string, value: unknown): unknown => {
  if (typeof value === 'string' && value.length > CUT_TEXT_CHARS) return `${value.slice(0, CUT_TEXT_CHARS)}…`;
  return Array.isArray(value) && value.length > CUT_LIST_LENGTH ? value.slice(0, CUT_LIST_LENGTH) : value;
};

/**
 * The record as JSON of bounded size. A record should hold no secret; should one slip in (a key pasted into the model
 * field), it is masked here.
 */
export const encodeRecord = (record: DecisionRecord): string => {
  const plain = JSON.stringify(record);
  const short = plain.length > RECORD_CHARS_MAX ? JSON.stringify(record, cutDown) : plain;
  return mayHoldSecret(short) ? JSON.stringify(JSON.parse(short), scrubbed) : short;
};

/** Undefined for a row that was damaged by other hands: one such row must not hide the others. */
export const decodeRecord = (json: string): DecisionRecord | undefined => {
  try {
    return JSON.parse(json) as DecisionRecord;
  } catch {
    return undefined;
  }
};

export const rowOf = (record: DecisionRecord): DecisionRow => ({ ...columnsOf(record), record: encodeRecord(record) });

export interface DecisionQuery {
  /** 1 to 500; 50 when absent. */
  readonly limit?: number;
  /** A page's `next`: records older than that page. */
  readonly before?: string;
  /** The tier that served. */
  readonly tier?: string;
  readonly workClass?: WorkClass | string;
  readonly outcome?: RequestOutcome | string;
  readonly session?: string;
  /** Epoch milliseconds; records from then on. */
  readonly since?: number;
}

/** A place in the order newest first: by arrival, then by id. Ids are ASCII, so memory and SQLite sort alike. */
export interface Cursor {
  readonly at: number;
  readonly id: string;
}

export const LIST_LIMIT_MAX = 500;
const LIST_LIMIT_DEFAULT = 50;

export const limitOf = (query: DecisionQuery): number =>
  Math.min(Math.max(Math.trunc(finite(query.limit ?? LIST_LIMIT_DEFAULT)), 1), LIST_LIMIT_MAX);

export const formatCursor = (place: Cursor): string => `${place.at}.${place.id}`;

/** Undefined for text that no page of ours can have given out. */
export const parseCursor = (text: string): Cursor | undefined => {
  const found = /^(-?\d{1,16})\.(.+)$/s.exec(text);
  return found?.[1] && found[2] ? { at: Number(found[1]), id: found[2] } : undefined;
};

const isBefore = (row: Cursor, place: Cursor): boolean =>
  row.at < place.at || (row.at === place.at && row.id < place.id);

/** Sorts newest first. */
export const newestFirst = (a: Cursor, b: Cursor): number => (isBefore(a, b) ? 1 : isBefore(b, a) ? -1 : 0);

/** The same question that the disk answers in SQL, for rows still in memory. */
export const matches = (row: DecisionColumns, query: DecisionQuery, before: Cursor | undefined): boolean =>
  (before === undefined || isBefore(row, before)) &&
  (query.tier === undefined || row.tier === query.tier) &&
  (query.workClass === undefined || row.workClass === query.workClass) &&
  (query.outcome === undefined || row.outcome === query.outcome) &&
  (query.session === undefined || row.session === query.session) &&
  (query.since === undefined || row.at >= query.since);
