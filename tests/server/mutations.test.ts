/** Can any request that is almost sound make the router fail by itself? Real requests with parts of them replaced. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import fc from 'fast-check';
import { dialects } from '#dialects/dialect';
import { quiet } from '#tests/server/quiet';
import { RECORDINGS, type Recording } from '#tests/server/recordings';
import { errorIn } from '#tests/server/said';
import { isObject, type Json } from '#tests/server/strict';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

const RUNS = 250;

let stages: readonly TwoTiers[];
beforeAll(async () => {
  stages = await Promise.all(
    Object.values(dialects).map(async ({ name: dialect }) => {
      const two = await startTwoTiers({ dialect, router: 'when_unproven = "verify"' });
      for (const tier of [two.fast, two.heavy])
        tier.always((request) =>
          answerSteps(dialect, (request.json as Json | undefined)?.stream === true, plainAnswer('Whole.')),
        );
      return two;
    }),
  );
});
afterAll(async () => {
  for (const two of stages) {
    await quiet(two.server);
    expect(two.server.bugs).toEqual([]);
    await two[Symbol.asyncDispose]();
  }
});

type Path = readonly (string | number)[];

/** Every place in a document, in order; long lists by their first entries only. */
const placesIn = (value: unknown, at: Path = []): Path[] => {
  const inner = Array.isArray(value)
    ? value.slice(0, 4).flatMap((entry, index) => placesIn(entry, [...at, index]))
    : isObject(value)
      ? Object.entries(value).flatMap(([name, entry]) => placesIn(entry, [...at, name]))
      : [];
  return at.length === 0 ? inner : [at, ...inner];
};

/** A copy with one place replaced, or removed when `replacement` is undefined. */
const replaced = (document: Json, path: Path, replacement: unknown): Json => {
  const copy = structuredClone(document) as Record<string | number, unknown>;
  let place = copy;
  for (const step of path.slice(0, -1)) {
    const next = place[step];
    if (typeof next !== 'object' || next === null) return copy as Json;
    place = next as Record<string | number, unknown>;
  }
  const last = path.at(-1) ?? '';
  if (replacement === undefined) delete place[last];
  else place[last] = replacement;
  return copy as Json;
};

const oddity = fc.oneof(
  fc.constantFrom(
    undefined,
    null,
    '',
    ' ',
    0,
    -1,
    1e308,
    true,
    false,
    [],
    {},
    [[]],
    [null],
    '\u0000',
    '\ud800',
    '__proto__',
  ),
  fc.json().map((text) => JSON.parse(text) as unknown),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

interface Mutation {
  readonly recording: Recording;
  readonly body: Json;
}

const mutation: fc.Arbitrary<Mutation> = fc
  .tuple(fc.constantFrom(...RECORDINGS), fc.array(fc.tuple(fc.nat(), oddity), { minLength: 1, maxLength: 3 }))
  .map(([recording, changes]) => {
    const places = placesIn(recording.body);
    const body = changes.reduce(
      (document, [at, value]) => replaced(document, places[at % places.length] ?? [], value),
      recording.body,
    );
    return { recording, body };
  });

test('whatever is replaced, the answer is a good one or a refusal in the caller’s dialect', async () => {
  await fc.assert(
    fc.asyncProperty(mutation, async ({ recording, body }) => {
      for (const two of stages) {
        const response = await fetch(two.server.url + recording.target, {
          method: 'POST',
          headers: recording.headers,
          body: JSON.stringify(body),
        });
        const text = await response.text();
        expect(two.server.bugs).toEqual([]);
        if (response.status === 200) expect(text).toContain('Whole.');
        else {
          expect([400, 404, 413, 503]).toContain(response.status);
          errorIn(recording.dialect, text);
        }
      }
    }),
    { numRuns: RUNS },
  );
}, 120_000);
