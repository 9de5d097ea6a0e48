/** What does a failure look like over HTTP: status, headers that clients act on, and a body in the caller's dialect? */
import { expect, test } from 'bun:test';
import { sayFailure } from '#core/error-table';
import { type FailureKind, failure, STATUS_OF } from '#core/failure';
import { dialects } from '#dialects/dialect';
import { failureEvent, failureResponse, tellIn } from '#router/error-response';

const KINDS = Object.keys(STATUS_OF) as FailureKind[];
const NO_RULES = { errors: { rules: [], rulesOfToken: new Map() } };
const chat = dialects['openai-chat'];

for (const dialect of Object.values(dialects)) {
  test(`${dialect.name}: every kind has an error document that names the request, and shows no detail`, async () => {
    for (const kind of KINDS) {
      const failed = failure(kind, 'what the caller may know', { detail: 'what only the operator may know' });
      const told = tellIn(dialect, 'dec_7', undefined, NO_RULES);
      const response = failureResponse(told, failed, { 'x-anvil-mapping': 'test' });
      const body = await response.text();
      expect(response.status).toBe(sayFailure(failed, dialect.name, 'head').status);
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

test('a refused method lists the allowed ones', () => {
  const told = tellIn(chat, 'dec_7', undefined, NO_RULES);
  const response = failureResponse(told, failure('method-not-allowed', 'm', { allow: 'GET, HEAD' }));
  expect(response.headers.get('allow')).toBe('GET, HEAD');
});

test('the configuration is heard in both phases, and for its token alone', () => {
  const away = { outcome: 'exhausted', status: 422, retryAfterSeconds: 0, shouldRetry: true, text: 'Away.' } as const;
  const settings = { errors: { rules: [], rulesOfToken: new Map([['impatient', [away]]]) } };
  const failed = failure('exhausted', 'nobody is there');
  const says = (token: string | undefined) => {
    const told = tellIn(chat, 'dec_7', token, settings);
    const { status, headers } = failureResponse(told, failed);
    return [status, headers.get('retry-after'), headers.get('x-should-retry'), failureEvent(told, failed)];
  };
  expect(says('impatient')).toEqual([422, null, 'true', expect.stringContaining('"message":"Away."')]);
  for (const token of [undefined, 'another'])
    expect(says(token)).toEqual([503, '120', 'false', expect.stringContaining('"message":"nobody is there"')]);
});
