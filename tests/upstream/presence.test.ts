/** Which tiers are looked for before they are asked, and which are left alone for a while? */
import { describe, expect, test } from 'bun:test';
import { tierOf } from '#tests/core/decide-fixtures';
import { createSimulatedClock } from '#tests/support/clock';
import { createPresence } from '#upstream/presence';

const deadlines = { connectMs: 500, firstByteMs: 1, firstBytePer1kTokensMs: 0, idleMs: 1, totalMs: 1 };
const TIER = tierOf('fast', { baseUrl: 'http://gpu.test:8000/v1', deadlines });

const start = (answers: readonly (Error | undefined)[] = []) => {
  const clock = createSimulatedClock();
  const looks: { host: string; port: number; timeoutMs: number }[] = [];
  const presence = createPresence({
    clock,
    reach: async (host, port, timeoutMs) => {
      const answer = answers[looks.length];
      looks.push({ host, port, timeoutMs });
      if (answer) throw answer;
    },
  });
  return { clock, looks, presence };
};
const refused = (): Error => Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:8000'), { code: 'ECONNREFUSED' });

describe('looking', () => {
  test('happens once, then not while the tier is heard from', async () => {
    const { clock, looks, presence } = start();
    expect(await presence.check(TIER)).toBeUndefined();
    for (let turn = 0; turn < 5; turn++) {
      await clock.advance(9_000);
      expect(presence.check(TIER)).toBeUndefined();
      presence.heard('fast');
    }
    expect(looks).toEqual([{ host: 'gpu.test', port: 8_000, timeoutMs: 500 }]);
    await clock.advance(10_000);
    expect(presence.check(TIER)).toBeInstanceOf(Promise);
  });

  test('happens again after a connection was lost', async () => {
    const { looks, presence } = start();
    await presence.check(TIER);
    presence.lost('fast');
    await presence.check(TIER);
    expect(looks.length).toBe(2);
  });

  test.each([
    ['http://localhost/v1', 'localhost', 80],
    ['https://api.example.com', 'api.example.com', 443],
    ['http://[::1]:9000/v1', '::1', 9_000],
    ['http://127.0.0.1:30001', '127.0.0.1', 30_001],
  ])('%s means %s port %d', async (baseUrl, host, port) => {
    const { looks, presence } = start();
    await presence.check({ ...TIER, baseUrl });
    expect(looks).toMatchObject([{ host, port }]);
  });
});

describe('a tier that is not there', () => {
  test('is told without its address, and left alone for twice as long each time, up to 15 s', async () => {
    const { clock, presence } = start(Array.from({ length: 9 }, refused));
    const waits: number[] = [];
    for (let turn = 0; turn < 8; turn++) {
      expect(await presence.check(TIER)).toEqual({
        kind: 'unreachable',
        detail: 'no connection within 500 ms (ECONNREFUSED)',
      });
      const { retryAfterMs = 0 } = presence.absence('fast') ?? {};
      waits.push(retryAfterMs);
      await clock.advance(retryAfterMs);
      expect(presence.absence('fast')).toBeUndefined();
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  });

  test('is back at once when it is heard, and the waits begin anew', async () => {
    const { presence } = start([refused(), refused(), undefined, refused()]);
    await presence.check(TIER);
    await presence.check(TIER);
    await presence.check(TIER);
    expect(presence.absence('fast')).toBeUndefined();
    presence.lost('fast');
    await presence.check(TIER);
    expect(presence.absence('fast')).toMatchObject({ retryAfterMs: 500 });
  });
});

describe('a tier that asks for a rest', () => {
  test('gets it, but no more than five minutes', async () => {
    const { clock, presence } = start();
    presence.rest('fast', 7_000);
    expect(presence.absence('fast')).toEqual({
      reason: 'it asked to be left alone (Retry-After)',
      retryAfterMs: 7_000,
    });
    await clock.advance(7_000);
    expect(presence.absence('fast')).toBeUndefined();
    presence.rest('fast', 1e12);
    expect(presence.absence('fast')?.retryAfterMs).toBe(300_000);
  });

  test('ends its rest by answering', () => {
    const { presence } = start();
    presence.rest('fast', 7_000);
    presence.heard('fast');
    expect(presence.absence('fast')).toBeUndefined();
  });
});

test('nothing speaks against a tier that nobody asked yet', () => {
  expect(start().presence.absence('fast')).toBeUndefined();
});
