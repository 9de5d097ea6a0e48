/** A Docker Engine that goes away in the middle: what do callers hear, who goes on serving, and is all well when it is back? */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ask, errorOf, gist, openStream, seenIn, streamed, wholeAnswer } from '#tests/e2e/multiplexer-callers';
import { type OwnEngine, startOwnEngine, whyNoOwnEngine } from '#tests/e2e/multiplexer-engine';
import { inState, type Rules, slotOf, startWorld } from '#tests/e2e/multiplexer-world';
import { dockerForTests, IMAGE_BUILD_MS } from '#tests/support/scripted-image';

const FILE = 'tests/e2e/multiplexer-engine-away.test.ts';
const { skip: noDocker } = await dockerForTests(FILE);
const why = whyNoOwnEngine();
if (why !== undefined) process.stderr.write(`SKIPPED ${FILE}: no Docker Engine of its own can be started: ${why}\n`);
/** Where every privilege is there, as in CI, a skip is a failure. */
const isRequired = process.env.ANVIL_TEST_REQUIRE_ROOT === '1';

const PUBLIC = '--allow-public-without-auth';
const LONG = ['--script-tokens', '100000', '--script-token-ms', '20'];
const rules: Rules = { models: ['alpha', 'beta'].map((name) => ({ name, script: LONG })) };

describe.skipIf(noDocker || (why !== undefined && !isRequired))('a Docker Engine that goes away', () => {
  /** One whose containers outlive it, for those tests that bring it back. */
  let shared: OwnEngine | undefined;
  const lasting = (): OwnEngine => {
    if (shared === undefined) throw new Error('the engine was not started');
    return shared;
  };
  beforeAll(async () => {
    shared = await startOwnEngine(true);
  }, IMAGE_BUILD_MS);
  afterAll(() => shared?.[Symbol.asyncDispose](), IMAGE_BUILD_MS);

  test(
    'and leaves its containers running: the resident serves on, others are refused with a remedy until it is back',
    async () => {
      const own = lasting();
      await using world = await startWorld(own, rules);
      await using multiplexer = await world.start(PUBLIC);
      const { url } = multiplexer;
      const reader = await openStream(url, 'alpha', { tokens: 150 });
      const serve = slotOf(await multiplexer.slots(), 'alpha').serve ?? 'none';

      await own.stop('SIGKILL');
      expect(gist(seenIn(await reader.rest()))).toEqual(wholeAnswer('alpha', 150));
      expect(await streamed(url, 'alpha', { tokens: 8 })).toEqual(wholeAnswer('alpha', 8));
      const refused = await errorOf(await ask(url, 'beta'));
      expect(refused).toMatchObject({ status: 503, type: 'backend_unavailable' });
      expect(refused.message).toContain('start the Docker Engine');
      // The model that cannot come has cost the one that is there nothing.
      expect(await streamed(url, 'alpha', { tokens: 8 })).toEqual(wholeAnswer('alpha', 8));

      await own.start();
      expect(await streamed(url, 'alpha', { tokens: 8 })).toEqual(wholeAnswer('alpha', 8));
      const now = slotOf(await multiplexer.slots(), 'alpha');
      expect(now).toMatchObject({ state: 'ready', serve, loads: 1, crashes: 0 });
      expect(await streamed(url, 'beta', { tokens: 8 })).toEqual(wholeAnswer('beta', 8));
      expect((await world.containers()).map(({ name }) => name)).toEqual([world.container('beta')]);
      expect(await multiplexer.end('SIGTERM')).toBe(0);
      expect(await world.containers()).toEqual([]);
    },
    IMAGE_BUILD_MS,
  );

  test(
    'and takes its containers with it: callers learn it, and the resident is started again once it is back',
    async () => {
      await using own = await startOwnEngine(false);
      await using world = await startWorld(own, rules);
      await using multiplexer = await world.start(PUBLIC);
      const { url } = multiplexer;
      const reader = await openStream(url, 'alpha', { tokens: 100_000 });
      await own.stop('SIGTERM');
      expect(seenIn(await reader.rest())).toMatchObject({
        terminal: false,
        error: { message: expect.stringContaining('broke off') },
      });
      expect(await errorOf(await ask(url, 'alpha'))).toMatchObject({ status: 503, type: 'backend_unavailable' });
      const refused = await errorOf(await ask(url, 'beta'));
      expect([refused.status, refused.message]).toEqual([503, expect.stringContaining('start the Docker Engine')]);

      await own.start();
      const back = await multiplexer.until('alpha is back', (status) => slotOf(status, 'alpha').loads === 2);
      expect(slotOf(back, 'alpha')).toMatchObject({ state: 'ready', crashes: 1 });
      expect(await streamed(url, 'alpha', { tokens: 8 })).toEqual(wholeAnswer('alpha', 8));
      expect(await streamed(url, 'beta', { tokens: 8 })).toEqual(wholeAnswer('beta', 8));
      expect((await world.containers()).map(({ name }) => name)).toEqual([world.container('beta')]);
      expect(await multiplexer.end('SIGTERM')).toBe(0);
      expect(await world.containers()).toEqual([]);
    },
    IMAGE_BUILD_MS,
  );

  test(
    'before a start: the multiplexer starts all the same, and takes over what it finds when the engine is back',
    async () => {
      const own = lasting();
      await using world = await startWorld(own, rules);
      let serve: string | undefined;
      {
        await using first = await world.start(PUBLIC);
        expect((await ask(first.url, 'alpha')).status).toBe(200);
        serve = slotOf(await first.slots(), 'alpha').serve;
        await first.end('SIGKILL');
      }
      await own.stop('SIGKILL');
      await using multiplexer = await world.start(PUBLIC);
      const refused = await errorOf(await ask(multiplexer.url, 'alpha'));
      expect([refused.status, refused.message]).toEqual([503, expect.stringContaining('start the Docker Engine')]);
      await own.start();
      expect(await streamed(multiplexer.url, 'alpha', { tokens: 8 })).toEqual(wholeAnswer('alpha', 8));
      const status = await multiplexer.until('alpha is ready', inState('alpha', 'ready'));
      expect(slotOf(status, 'alpha')).toMatchObject({ serve: serve ?? 'none', loads: 1 });
      expect(await multiplexer.end('SIGTERM')).toBe(0);
      expect(await world.containers()).toEqual([]);
    },
    IMAGE_BUILD_MS,
  );

  test(
    'while the multiplexer leaves: it leaves all the same, says what stays behind, and the next one finds it',
    async () => {
      const own = lasting();
      await using world = await startWorld(own, rules);
      {
        await using first = await world.start(PUBLIC);
        expect((await ask(first.url, 'alpha')).status).toBe(200);
        await own.stop('SIGKILL');
        const began = performance.now();
        expect(await first.end('SIGTERM')).toBe(1);
        expect(performance.now() - began).toBeLessThan(10_000);
        expect(first.err()).toMatch(/"level":"error"[^\n]*start the Docker Engine[^\n]*cannot be removed/);
        expect(first.err()).toMatch(/"leftBehind":\["alpha"\][^\n]*left behind/);
      }
      await own.start();
      const [left] = await world.containers();
      expect(left).toMatchObject({ name: world.container('alpha'), status: 'running' });
      await using multiplexer = await world.start(PUBLIC);
      const status = await multiplexer.until('alpha is ready', inState('alpha', 'ready'));
      expect(slotOf(status, 'alpha').serve).toBe(left?.id ?? 'none');
      expect(await multiplexer.end('SIGTERM')).toBe(0);
      expect(await world.containers()).toEqual([]);
    },
    IMAGE_BUILD_MS,
  );
});
