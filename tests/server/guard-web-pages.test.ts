// May a web page that somebody looks at use the models of their machine behind their back?
import { describe, expect, test } from 'bun:test';
import { createGuard } from '#server/guard';
import { chatRequest, startTwoTiers } from '#tests/support/two-tiers';

const from = (site: string, extra: Record<string, string> = {}): Headers =>
  new Headers({ 'sec-fetch-site': site, ...extra });

describe('without a token', () => {
  const guard = createGuard([]);
  test.each(['same-origin', 'same-site', 'none'])('a browser may ask that says %s', (site) => {
    expect(guard.check(from(site))).toEqual({ ok: true, token: undefined });
  });
  test('so may every program that is no browser', () => {
    expect(guard.check(new Headers()).ok).toBe(true);
  });
  test('a page of another site may not, and is told why', () => {
    expect(guard.check(from('cross-site'))).toEqual({
      ok: false,
      why: expect.stringContaining('a web page of another site'),
    });
  });
});

test('with a token it may: the page knows it', () => {
  const guard = createGuard([{ name: 'default', secret: 'a-token' }]);
  expect(guard.check(from('cross-site', { authorization: 'Bearer a-token' }))).toEqual({ ok: true, token: 'default' });
});

test('the router turns such a page away before anything is asked', async () => {
  await using two = await startTwoTiers();
  const headers = { 'sec-fetch-site': 'cross-site', 'content-type': 'text/plain' };
  const answer = await two.server.post('/v1/chat/completions', chatRequest(), { headers });
  expect(answer.status).toBe(401);
  expect(await answer.text()).toContain('a web page of another site');
  expect(two.fast.requests).toEqual([]);
});
