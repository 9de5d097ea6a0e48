/** What exactly does a caller receive for each kind of failure? Every row as status, headers, body and stream event. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type FailureKind, failure, STATUS_OF } from '#core/failure';
import { dialects } from '#dialects/dialect';
import { failureEvent, failureResponse, tellIn } from '#router/error-response';

const KINDS = Object.keys(STATUS_OF) as FailureKind[];
const NO_RULES = { errors: { rules: [], rulesOfToken: new Map() } };

/** What the router knows of such a failure when it says it. */
const FIELDS: Partial<Record<FailureKind, Parameters<typeof failure>[2]>> = {
  'bad-request': { param: 'temperature' },
  'method-not-allowed': { allow: 'POST' },
  'caller-error': { status: 422, upstream: { status: 422, type: 'BadRequestError', message: 'tools[0] is wrong' } },
  'over-context': { tokens: { prompt: 137_500, window: 131_072 } },
  'budget-spent': { retryAfterSeconds: 3_600 },
  overloaded: { retryAfterSeconds: 2 },
  draining: { retryAfterSeconds: 5 },
};

for (const dialect of Object.values(dialects)) {
  describe(`a ${dialect.name} caller`, () => {
    test.each(KINDS)('told of %s', async (kind) => {
      const told = tellIn(dialect, 'dec_7', undefined, NO_RULES);
      const failed = failure(kind, 'the message', { detail: 'for the operator', ...FIELDS[kind] });
      const response = failureResponse(told, failed);
      const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`);
      const head = [`HTTP ${response.status}`, ...headers.filter((line) => !line.startsWith('content-type'))];
      const row = [...head, '', await response.text(), '', failureEvent(told, failed).trimEnd()].join('\n');
      expect(row).not.toContain('for the operator');
      expect(row).toMatchSnapshot();
    });

    test('gets one whole event and one whole document, whatever a tier or the operator wrote into the message', () => {
      const anything = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 });
      fc.assert(
        fc.property(fc.constantFrom(...KINDS), anything, anything, (kind, words, type) => {
          const upstream = kind === 'caller-error' ? { upstream: { status: 400, type, message: words } } : {};
          const told = tellIn(dialect, 'dec_7', undefined, NO_RULES);
          const event = failureEvent(told, failure(kind, words, upstream));
          expect(event).toEndWith('\n\n');
          expect(event.trimEnd()).not.toMatch(/\n\n|\r/);
          const data = event.split('\n').filter((line) => line.startsWith('data: '));
          expect(data).toHaveLength(1);
          expect(JSON.parse(data[0]?.slice('data: '.length) ?? '')).toBeObject();
        }),
      );
    });
  });
}
