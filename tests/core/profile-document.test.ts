// Which profile documents are read, what is said about broken ones, and that writing is byte-stable.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  type ProfileDocument,
  type ProfileRow,
  readProfileDocument,
  writeProfileDocument,
} from '#core/profile-document';
import { WORK_CLASSES } from '#core/work-class';

const V2 = 'anvil-serving.router.profile_bootstrap/v2';
const entry = {
  tier_id: 'fast-local',
  work_class: 'review',
  decision: 'allow',
  quality_score: 0.9876,
  sample_n: 4,
};
const document = (...entries: unknown[]) => ({ schema: V2, mode: 'live', eval_max: 25, entries });

describe('reading', () => {
  test('a v1 document has no fingerprints and no reasoning', () => {
    const read = readProfileDocument({ ...document(entry), schema: V2.replace('/v2', '/v1') });
    expect(read.ok && read.document.rows[0]).toMatchObject({
      tierId: 'fast-local',
      fingerprint: null,
      reasoning: null,
    });
  });
  test('unknown keys are ignored', () => {
    expect(readProfileDocument({ ...document({ ...entry, stale: true }), defaults: {} }).ok).toBeTrue();
  });
  test('a row without a class stands for custom presets', () => {
    const read = readProfileDocument(document({ ...entry, work_class: null }));
    expect(read.ok && read.document.rows[0]?.workClass).toBeNull();
  });
});

const CLASSES = WORK_CLASSES.join(', ');
test.each([
  [7, ['expected a JSON object with schema and entries']],
  [{ schema: 'x/v3', entries: [] }, [`key schema: expected ${V2} or its /v1, found "x/v3"`]],
  [{ entries: [] }, [`key schema: expected ${V2} or its /v1, found nothing`]],
  [{ schema: V2 }, ['key entries: expected an array of rows']],
  [document(1), ['row 1: expected an object']],
  [
    document(entry, { ...entry, work_class: 'chat', decision: 'yes' }),
    ['row 2, key decision: expected one of allow, allow-with-verify, deny'],
  ],
  [
    document({ ...entry, quality_score: 2, sample_n: 1.5 }),
    ['row 1, key quality_score: expected a number 0..1', 'row 1, key sample_n: expected a whole number, 0 or more'],
  ],
  [
    document({ ...entry, work_class: 'reviews', last_measured: 3 }),
    [
      `row 1, key work_class: expected null or one of ${CLASSES}`,
      'row 1, key last_measured: expected an ISO date or null',
    ],
  ],
  [
    document({ tier_id: '' }),
    [
      'row 1, key tier_id: expected a tier id',
      `row 1, key work_class: missing, expected null or one of ${CLASSES}`,
      'row 1, key decision: missing, expected one of allow, allow-with-verify, deny',
      'row 1, key quality_score: missing, expected a number 0..1',
      'row 1, key sample_n: missing, expected a whole number, 0 or more',
    ],
  ],
  [document(entry, entry), ['row 2: second row for tier fast-local, work class review']],
])('%j is refused with row and key named', (value, problems) => {
  expect(readProfileDocument(value)).toEqual({ ok: false, problems });
});

test('a document of more than 10,000 rows is refused', () => {
  expect(readProfileDocument(document(...Array.from({ length: 10_001 }, () => entry)))).toMatchObject({ ok: false });
});

const ROW: ProfileRow = {
  tierId: 'zürich',
  workClass: 'planning',
  decision: 'deny',
  qualityScore: 1,
  sampleN: 4,
  lastMeasured: null,
  fingerprint: null,
  modelLabel: null,
  evalTotalAvg: 24.75,
  evalMax: 25,
  sourceEvals: [],
  reasoning: { b: [1, 'ü'], a: {} },
};

test('writing gives sorted keys and rows, floats spelled as floats, ASCII and a trailing newline', () => {
  expect(writeProfileDocument({ mode: 'live', evalMax: 25, rows: [ROW] })).toBe(`{
  "entries": [
    {
      "decision": "deny",
      "eval_max": 25.0,
      "eval_total_avg": 24.75,
      "fingerprint": null,
      "last_measured": null,
      "model_label": null,
      "quality_score": 1.0,
      "reasoning": {
        "a": {},
        "b": [
          1,
          "\\u00fc"
        ]
      },
      "sample_n": 4,
      "source_evals": [],
      "tier_id": "z\\u00fcrich",
      "work_class": "planning"
    }
  ],
  "eval_max": 25.0,
  "mode": "live",
  "schema": "${V2}"
}
`);
});

const rows = fc.uniqueArray(
  fc.record({
    tierId: fc.string({ minLength: 1, unit: 'binary' }),
    workClass: fc.constantFrom(...WORK_CLASSES, null),
    decision: fc.constantFrom('allow' as const, 'allow-with-verify' as const, 'deny' as const),
    qualityScore: fc.integer({ min: 0, max: 10_000 }).map((value) => value / 10_000),
    sampleN: fc.nat(),
    lastMeasured: fc.option(fc.string()),
    fingerprint: fc.option(fc.string()),
    modelLabel: fc.option(fc.string()),
    evalTotalAvg: fc.option(fc.integer({ min: 0, max: 2500 }).map((value) => value / 100)),
    evalMax: fc.constant(25),
    sourceEvals: fc.array(fc.string()),
    reasoning: fc.constant(null),
  }),
  { selector: ({ tierId, workClass }) => `${tierId} ${workClass}` },
);

test('what was written is read back, and written again byte for byte the same in any order of rows', () => {
  fc.assert(
    fc.property(rows, (some) => {
      const given: ProfileDocument = { mode: 'live', evalMax: 25, rows: some };
      const text = writeProfileDocument(given);
      const read = readProfileDocument(JSON.parse(text));
      if (!read.ok) throw new Error(read.problems.join());
      expect(new Set(read.document.rows)).toEqual(new Set(some));
      expect(writeProfileDocument({ ...read.document, rows: [...read.document.rows].reverse() })).toBe(text);
    }),
  );
});
