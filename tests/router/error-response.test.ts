/** What does a failure look like over HTTP: status, headers that clients act on, and a body in the caller's dialect? */
import { expect, test } from 'bun:test';
import { type FailureKind, failure, NO_TIER_KINDS, STATUS_OF } from '#core/failure';
import { dialects } from '#dialects/dialect';
import { failureHeaders, failureResponse } from '#router/error-response';

const KINDS = Object.keys(STATUS_OF) as FailureKind[];

for (const dialect of Object.values(dialects)) {
  test(`${dialect.name}: every kind has an error document that names the request, and shows no detail`, async () => {
    for (const kind of KINDS) {
      const failed = failure(kind, 'what the caller may know', { detail: 'what only the operator may know' });
      const response = failureResponse(dialect, failed, 'dec_7', { 'x-anvil-mapping': 'test' });
      const body = await response.text();
      expect(response.status).toBe(STATUS_OF[kind]);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(response.headers.get('x-anvil-reason')).toBe(kind);
      expect(response.headers.get('x-anvil-mapping')).toBe('test');
      expect(JSON.parse(body)).toMatchObject({
        request_id: 'dec_7',
        error: { message: expect.stringContaining('what the caller may know'), type: expect.any(String) },
      });
      expect(body).not.toContain('operator');
    }
  });
}

test('clients are told not to try again by themselves exactly where the same request would end the same way', () => {
  const final = KINDS.filter((kind) => failureHeaders(failure(kind, 'm'))['x-should-retry'] === 'false');
  expect(final.sort()).toEqual([...NO_TIER_KINDS, 'budget-spent' as const, 'pin-unavailable' as const].sort());
});

test('Retry-After is the known wait; without one, two minutes where no tier may serve, and nothing elsewhere', () => {
  expect(failureHeaders(failure('exhausted', 'm', { retryAfterSeconds: 7 }))['retry-after']).toBe('7');
  expect(failureHeaders(failure('exhausted', 'm'))['retry-after']).toBe('120');
  expect(failureHeaders(failure('bad-request', 'm'))['retry-after']).toBeUndefined();
  expect(failureHeaders(failure('deadline', 'm'))['retry-after']).toBeUndefined();
});

test('a refused method lists the allowed ones', () => {
  expect(failureHeaders(failure('method-not-allowed', 'm', { allow: 'GET, HEAD' })).allow).toBe('GET, HEAD');
});
