/** Does the story say how long a model on a shared GPU was waited for, for what, and what to do when it was refused? */
import { describe, expect, test } from 'bun:test';
import type { AttemptRecord, SlotRecord } from '#core/decision';
import { explain } from '#core/explain';
import { sampleAttempt, sampleRecord } from '#tests/store/sample-record';

const quiet = (fields: Partial<AttemptRecord>): AttemptRecord =>
  sampleAttempt({ verifiers: [], bytesHeldMax: 0, ...fields });
const served = (slot: SlotRecord): string[] => explain(sampleRecord({ attempts: [quiet({ slot })] }));

describe('an attempt', () => {
  test.each([
    ['swap', 38_000, 'waited 38.00 s for its model to be swapped in'],
    ['load', 65_400, 'waited 1 min 5 s for its model to be loaded'],
    ['wake', 2_900, 'waited 2.90 s for its model to wake up'],
    ['turn', 412, 'waited 412 ms for its turn on its model'],
    ['retry', 5_000, 'waited 5.00 s for its model, which had failed before, to be loaded again'],
    ['nothing', 20, 'waited 20 ms for its model'],
  ] as const)('that needed %s tells the wait', (needed, waitedMs, line) => {
    expect(served({ model: 'm', needed, waitedMs })).toContain(`     ${line}`);
  });

  test('that found its model ready tells nothing', () => {
    expect(served({ model: 'm', needed: 'nothing', waitedMs: 0.2 })).toEqual(
      explain(sampleRecord({ attempts: [quiet({})] })),
    );
  });

  test('that was cut off says why, and what would have helped', () => {
    const slot: SlotRecord = { model: 'm', needed: 'nothing', waitedMs: 0, cut: true };
    const lines = explain(sampleRecord({ attempts: [quiet({ outcome: 'broken', failure: 'cut-off', slot })] }));
    expect(lines).toContain('     cut off: its model had to make room for another one, and the drain limit had passed');
    expect(lines).toContain(
      '  - fast-local: raise drain_timeout_seconds in the registry, or give the models a GPU of their own',
    );
    expect(lines.join('\n')).not.toContain("look into the engine's log");
  });
});

describe('a tier that was refused its model', () => {
  const refused = (slot: SlotRecord): string[] =>
    explain(
      sampleRecord({
        attempts: [
          quiet({ outcome: 'skipped-busy', detail: 'no room within its bound', slot }),
          quiet({ tier: 'cloud' }),
        ],
      }),
    );

  test('is told with the reason, the wait and the remedy of its kind', () => {
    const lines = refused({ model: 'm', waitedMs: 60_000, refused: 'wait-limit' });
    expect(lines).toContain('  1. fast-local: not asked, no room within its bound, after waiting 1 min 0 s');
    expect(lines).toContain(
      '  - fast-local: raise wait_bound_seconds in the registry, or give models that are used together a GPU of their own',
    );
    expect(lines.join('\n')).not.toContain('max_concurrency');
  });

  test('at once is told without a wait', () => {
    const lines = refused({ model: 'm', waitedMs: 0, refused: 'unknown-model' });
    expect(lines).toContain('  1. fast-local: not asked, no room within its bound');
    expect(lines).toContain('  - fast-local: name its model as the registry of its swap group does, or add it there');
  });
});
