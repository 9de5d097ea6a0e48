/** Which engines are asked for their own count, how often, and what becomes of replies that are none? */
import { describe, expect, test } from 'bun:test';
import type { Tier } from '#core/tier';
import type { FetchLike } from '#platform/effects';
import { tierOf } from '#tests/core/decide-fixtures';
import { createSimulatedClock, type SimulatedClock } from '#tests/support/clock';
import { createTokenCounter, type TokenCounter } from '#upstream/token-count';

interface Engine {
  readonly counter: TokenCounter;
  readonly clock: SimulatedClock;
  readonly asked: string[];
  count(tier?: Tier, chars?: number): Promise<number | undefined>;
}

const TIER = tierOf('fast-local', { baseUrl: 'http://engine.test/v1/', model: 'small' });
const CHAT = { model: 'small', messages: [{ role: 'user', content: 'hello' }] };

const engine = (reply: (path: string, body: Record<string, unknown>) => Response | Promise<Response>): Engine => {
  const clock = createSimulatedClock();
  const counter = createTokenCounter(clock);
  const asked: string[] = [];
  const fetch: FetchLike = async (url, init) => {
    const path = new URL(url).pathname;
    asked.push(path);
    expect(init.redirect).toBe('manual');
    return reply(path, JSON.parse(String(init.body)));
  };
  return {
    counter,
    clock,
    asked,
    count: (tier = TIER, chars = 5) =>
      counter.count({ tier, chars, session: { fetch, close: () => {} }, headers: {}, chat: () => CHAT }),
  };
};

test('an engine that counts messages is asked once per prompt', async () => {
  const { count, asked } = engine(() => Response.json({ count: 12, tokens: [] }));
  expect([await count(), await count()]).toEqual([12, 12]);
  expect(asked).toEqual(['/tokenize', '/tokenize']);
});

describe('replies that are no count', () => {
  const cases: readonly (readonly [string, () => Response])[] = [
    ['404', () => new Response('not found', { status: 404 })],
    ['an error of 200', () => Response.json({ error: 'Unexpected endpoint' })],
    ['no JSON', () => new Response('<html>')],
    ['a list', () => Response.json([1, 2])],
    ['a count of nothing', () => Response.json({ count: 0 })],
    ['a count that is none', () => Response.json({ count: '12', prompt: 7 })],
    ['a count beyond all reason', () => Response.json({ count: 1e308 })],
    ['a redirect', () => Response.redirect('http://elsewhere.test/', 302)],
    ['a flood', () => new Response('x'.repeat(9 * 1024 * 1024))],
  ];
  for (const [name, reply] of cases)
    test(`${name}: both ways are tried, then it is left alone for ten minutes`, async () => {
      const { count, asked, clock } = engine(reply);
      expect(await count()).toBeUndefined();
      expect(asked).toEqual(['/tokenize', '/apply-template']);
      await clock.advance(599_000);
      expect(await count()).toBeUndefined();
      expect(asked.length).toBe(2);
      await clock.advance(2_000);
      await count();
      expect(asked.length).toBe(4);
    });
});

test('an engine that cannot be reached is left alone for half a minute', async () => {
  const { count, asked, clock } = engine(() => Promise.reject(new Error('refused')));
  expect(await count()).toBeUndefined();
  await clock.advance(29_000);
  await count();
  expect(asked.length).toBe(1);
  await clock.advance(2_000);
  await count();
  expect(asked.length).toBe(2);
});

for (const status of [429, 500, 502, 503])
  test(`an engine that answers ${status} is left alone for half a minute: it may be loading`, async () => {
    const { count, asked, clock } = engine(() => new Response('', { status }));
    expect(await count()).toBeUndefined();
    await clock.advance(29_000);
    await count();
    expect(asked).toEqual(['/tokenize']);
    await clock.advance(2_000);
    await count();
    expect(asked).toEqual(['/tokenize', '/tokenize']);
  });

test('one prompt that its template refuses does not end the counting for ten minutes', async () => {
  let refuses = false;
  const { count, clock } = engine(() => (refuses ? new Response('', { status: 400 }) : Response.json({ count: 12 })));
  expect(await count()).toBe(12);
  refuses = true;
  expect(await count()).toBeUndefined();
  refuses = false;
  expect(await count()).toBeUndefined();
  await clock.advance(31_000);
  expect(await count()).toBe(12);
});

test('a prompt that no engine could count in a moment is not sent to it', async () => {
  const { count, asked } = engine(() => Response.json({ count: 12 }));
  expect(await count(TIER, 1_000_001)).toBeUndefined();
  expect(asked).toEqual([]);
  expect(await count(TIER, 1_000_000)).toBe(12);
});

test('a changed model is asked anew', async () => {
  const { count, asked } = engine(() => new Response('', { status: 404 }));
  await count();
  await count({ ...TIER, fingerprint: 'another' });
  expect(asked.length).toBe(4);
});

test('cloud tiers and tiers that share a GPU are never asked', async () => {
  const { count, asked } = engine(() => Response.json({ count: 12 }));
  expect(await count({ ...TIER, privacy: 'cloud' })).toBeUndefined();
  expect(await count({ ...TIER, swapGroup: 'gpu0' })).toBeUndefined();
  expect(asked).toEqual([]);
});

test('the prompt made by a template is counted as it is, special tokens read as such', async () => {
  const bodies: Record<string, unknown>[] = [];
  const { count } = engine((path, body) => {
    bodies.push(body);
    if (path === '/apply-template') return Response.json({ prompt: '<|user|>hello' });
    return Response.json({ tokens: body.content === undefined ? [] : [1, 2, 3] });
  });
  expect(await count()).toBe(3);
  expect(bodies[2]).toEqual({ content: '<|user|>hello', add_special: true, parse_special: true });
});
