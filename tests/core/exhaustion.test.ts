/** When the candidates are used up: which failure does the caller hear, with which status and wait? */
import { describe, expect, test } from 'bun:test';
import type { AttemptOutcome, AttemptRecord } from '#core/decision';
import { brokenFailure, callerFault, type Ending, exhaustionFailure } from '#core/exhaustion';
import type { SlotRefusalKind } from '#core/slot-lease';

const attempt = (tier: string, outcome: AttemptOutcome, detail?: string): AttemptRecord => ({
  tier,
  model: 'm',
  privacy: 'local',
  verdict: 'allow',
  hold: 'all',
  outcome,
  ...(detail === undefined ? {} : { detail }),
  verifiers: [],
  startedMs: 0,
  endedMs: 1,
  costUsd: 0,
  bytesHeldMax: 0,
});

const lent = (tier: string, refused: SlotRefusalKind): AttemptRecord => ({
  ...attempt(tier, 'skipped-busy'),
  slot: { model: 'm', waitedMs: 0, refused },
});

const ending = (fields: Partial<Ending> = {}): Ending => ({
  attempts: [attempt('fast', 'error', 'HTTP 500'), attempt('heavy', 'rejected', 'not_truncated: cut')],
  last: undefined,
  deadlinePassed: false,
  exactTier: undefined,
  retryAfterMs: undefined,
  ...fields,
});

describe('exhaustion', () => {
  test.each<[string, Partial<Ending>, object]>([
    ['plain', {}, { kind: 'exhausted', status: 503 }],
    ['with a known wait, rounded up', { retryAfterMs: 1_001 }, { retryAfterSeconds: 2 }],
    ['with a wait below a second', { retryAfterMs: 1 }, { retryAfterSeconds: 1 }],
    [
      'by a window too small',
      { last: { kind: 'context-overflow', detail: 'd' } },
      { kind: 'over-context', status: 413 },
    ],
    [
      'by a window of known size',
      { last: { kind: 'context-overflow', detail: 'd' }, tokens: { prompt: 9, window: 8 } },
      { kind: 'over-context', tokens: { prompt: 9, window: 8 } },
    ],
    [
      'by the deadline',
      { deadlinePassed: true, retryAfterMs: 5_000 },
      { kind: 'deadline', status: 504, retryAfterSeconds: 5 },
    ],
    [
      'because all are busy',
      { attempts: [attempt('fast', 'skipped-busy'), attempt('heavy', 'skipped-busy')] },
      { kind: 'overloaded', status: 503, retryAfterSeconds: 2 },
    ],
    [
      'because others wait for their models as well',
      { attempts: [lent('fast', 'wait-limit'), lent('heavy', 'queue-full')], retryAfterMs: 9_000 },
      { kind: 'overloaded', status: 503, retryAfterSeconds: 9 },
    ],
    [
      'because their models cannot be loaded, which is not a matter of many requests',
      { attempts: [lent('fast', 'load-failed'), lent('heavy', 'no-memory')], retryAfterMs: 9_000 },
      { kind: 'exhausted', status: 503, retryAfterSeconds: 9 },
    ],
    [
      'because the one tier that is meant cannot load its model',
      { attempts: [lent('fast', 'load-failed')], exactTier: 'fast' },
      {
        kind: 'pin-unavailable',
        message: 'tier fast is unavailable (load-failed); no other tier is tried for an exact name',
      },
    ],
    [
      'because some are busy',
      { attempts: [attempt('fast', 'skipped-busy'), attempt('heavy', 'skipped-breaker')] },
      { kind: 'exhausted' },
    ],
    [
      'because the money went meanwhile',
      { attempts: [attempt('cloud', 'skipped-budget')] },
      { kind: 'budget-spent', status: 429 },
    ],
    [
      'of an exact name',
      { exactTier: 'fast', last: { kind: 'timeout', detail: 'd' } },
      { kind: 'pin-unavailable', status: 503, message: expect.stringContaining('fast is unavailable (timeout)') },
    ],
    [
      'of an exact name that was not even asked',
      { exactTier: 'fast', attempts: [attempt('fast', 'skipped-breaker')] },
      { kind: 'pin-unavailable', message: expect.stringContaining('(not asked)') },
    ],
    ['without any attempt', { attempts: [] }, { kind: 'exhausted' }],
  ])('%s', (_name, fields, expected) => {
    expect(exhaustionFailure(ending(fields))).toMatchObject(expected);
  });

  test('the operator reads the whole story, the caller none of it', () => {
    const { message, detail } = exhaustionFailure(ending());
    expect(detail).toBe('fast: HTTP 500; heavy: not_truncated: cut');
    expect(message).not.toContain('fast');
  });
});

describe('the caller’s own mistake', () => {
  test('is told in the words and with the status of the tier', () => {
    const upstream = { status: 422, type: 'invalid_request_error', message: 'temperature must be at most 2' };
    expect(callerFault({ kind: 'caller-error', detail: 'HTTP 422', upstream })).toMatchObject({
      kind: 'caller-error',
      status: 422,
      message: 'temperature must be at most 2',
      upstream,
    });
  });

  test('has words even when the tier has none', () => {
    expect(callerFault({ kind: 'caller-error', detail: 'HTTP 400' })).toMatchObject({ status: 400 });
  });
});

test('a broken stream says whether the answer or the server failed, and no more', () => {
  expect(brokenFailure({ kind: 'rejected', detail: 'secret' }, 'story')).toMatchObject({
    kind: 'broken',
    message: 'the answer broke off: it failed verification; nothing more follows',
    detail: 'story',
  });
  expect(brokenFailure(undefined, '').message).toContain('the model server failed');
});
