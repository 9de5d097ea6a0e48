/** What do the verbs that ask a running multiplexer print, and what becomes of a bad answer? */
import { describe, expect, test } from 'bun:test';
import { styleFor } from '#cli/output';
import { slotsText } from '#cli/slots-text';
import type { SlotsStatus } from '#core/slots-status';
import { run } from '#tests/cli/fake-terminal';
import { slotStatus, startHouse } from '#tests/server/multiplexer-house';
import { until } from '#tests/server/quiet';
import { refusedPort } from '#tests/support/ports';

const STATUS: SlotsStatus = {
  object: 'slots',
  at: 1_000_000,
  state: 'serving',
  gpus: [
    { id: '0', vram_mib: 24_000, taken_mib: 18_000 },
    { id: '1', vram_mib: null, taken_mib: 0 },
  ],
  slots: [
    slotStatus('coder', { state: 'ready', leases: 3, needs: 'nothing', ready_in_ms: 0, pinned: true, load_ms: 72_000 }),
    slotStatus('writer', {
      state: 'loading',
      waiting: 2,
      oldest_wait_ms: 8_400,
      ready_in_ms: 200_000,
      lines: ['Loading weights: 40%\u001b[2J'],
    }),
    slotStatus('judge', {
      state: 'failed',
      gpus: [],
      needs: 'retry',
      retry_in_ms: 30_000,
      last_failure: 'exited with 1',
    }),
    slotStatus('old', { state: 'draining', gpus: ['0', '1'], needs: 'swap', vacated_for: 'writer' }),
    slotStatus('idle', { state: 'asleep', needs: 'wake', ready_in_ms: 450 }),
  ],
  queue: [
    { request: 'mux_1', model: 'writer', position: 0, waited_ms: 8_400, bound_in_ms: 111_600 },
    { request: 'mux_2', model: 'writer', position: 1, waited_ms: 900, bound_in_ms: 119_600 },
  ],
  waiting: 3,
  swaps: {
    total: 12,
    by_reason: { worth: 7, demand: 5, idle: 0 },
    cut: 1,
    last: [
      { at: 940_000, out: 'idle', in: 'coder', why: 'worth', drained_ms: 20, cut: 2 },
      { at: 1_000, out: 'coder', in: 'idle', why: 'bound', drained_ms: 20, cut: 0 },
    ],
  },
};

test('the state is a table, the queue and the swaps', () => {
  expect(
    slotsText(
      STATUS,
      styleFor(false, () => undefined),
    ).split('\n'),
  ).toEqual([
    'MODEL           STATE     GPUS  LEASES  WAITING  READY-IN           LOAD        LAST',
    'coder (pinned)  ready     0     3       0        now                1 min 12 s  in 1 min ago (worth)',
    'writer          loading   0     0       2 (8 s)  3 min 20 s (load)  20 s        Loading weights: 40%\ufffd[2J',
    'judge           failed    -     0       0        30 s (retry)       20 s        exited with 1',
    'old             draining  0,1   0       0        20 s (swap)        20 s        makes room for writer',
    'idle            asleep    0     0       0        450 ms (wake)      20 s        out 1 min ago (worth, 2 cut)',
    '',
    'REQUEST  MODEL   POSITION  WAITED  BOUND-IN',
    'mux_1    writer  1         8 s     1 min 52 s',
    'mux_2    writer  2         900 ms  2 min',
    '1 more wait',
    '',
    'swaps: 12 (worth 7, demand 5); answers cut: 1',
    'gpu 0: 18000 of 24000 MiB taken',
    'gpu 1: one model at a time',
    '',
  ]);
});

describe('status', () => {
  test('prints the table, or the whole document', async () => {
    await using house = await startHouse();
    house.multiplexer.set(STATUS);
    const shown = await run(['multiplexer', 'status', '--url', house.url]);
    expect([shown.exit, shown.err]).toEqual([0, '']);
    expect(shown.out).toContain('coder (pinned)  ready');
    const asJson = await run(['multiplexer', 'status', '--json', '--url', `${house.url}/`]);
    expect(JSON.parse(asJson.out)).toEqual(STATUS);
  });

  test('--watch follows every change until the multiplexer leaves', async () => {
    await using house = await startHouse();
    const watching = run(['multiplexer', 'status', '--watch', '--json', '--url', house.url]);
    await until('it watches', () => house.multiplexer.listeners === 1);
    house.multiplexer.slot('alpha', { state: 'loading' });
    house.multiplexer.set({ state: 'leaving' });
    house.front.feed.close();
    const { exit, out, err } = await watching;
    const states = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as SlotsStatus);
    expect(states[0]?.slots[0]?.state).toBe('empty');
    expect([states.at(-1)?.state, states.at(-1)?.slots[0]?.state]).toEqual(['leaving', 'loading']);
    expect([exit, err.includes('has ended: it has hung up')]).toEqual([1, true]);
  });

  test('carries the token of --auth-env, and says so when one is wanted or the variable is empty', async () => {
    await using house = await startHouse({ token: 'sesame-street' });
    process.env.ANVIL_TEST_MULTIPLEXER_TOKEN = 'sesame-street';
    const words = ['multiplexer', 'status', '--url', house.url];
    const good = await run([...words, '--auth-env', 'ANVIL_TEST_MULTIPLEXER_TOKEN']);
    delete process.env.ANVIL_TEST_MULTIPLEXER_TOKEN;
    expect(good.exit).toBe(0);
    const empty = await run([...words, '--auth-env', 'ANVIL_TEST_MULTIPLEXER_TOKEN']);
    expect([empty.exit, empty.err.includes('unset or blank')]).toEqual([2, true]);
    const none = await run(words);
    expect([none.exit, none.err.includes('wants an access token — give --auth-env NAME')]).toEqual([1, true]);
    process.env.ANVIL_TEST_MULTIPLEXER_TOKEN = 'sesame-alley';
    const wrong = await run([...words, '--watch', '--auth-env', 'ANVIL_TEST_MULTIPLEXER_TOKEN']);
    delete process.env.ANVIL_TEST_MULTIPLEXER_TOKEN;
    expect([wrong.exit, wrong.err.includes('not take the access token in ANVIL_TEST_MULTIPLEXER_TOKEN')]).toEqual([
      1,
      true,
    ]);
  });

  test('of nobody says how to start one; of somebody else, that it is none', async () => {
    await using closed = await refusedPort();
    const nobody = await run(['multiplexer', 'status', '--url', closed.url]);
    expect([nobody.exit, nobody.err.includes('start it with `anvil-serving multiplexer`')]).toEqual([1, true]);
    const watched = await run(['multiplexer', 'status', '--watch', '--url', closed.url]);
    expect([watched.exit, watched.err.includes('start it with `anvil-serving multiplexer`')]).toEqual([1, true]);
    using stranger = otherServer(() => Response.json({ hello: 1 }));
    const other = await run(['multiplexer', 'status', '--url', stranger.url]);
    expect([other.exit, other.err.includes('is no multiplexer')]).toEqual([1, true]);
    using page = otherServer(() => new Response('<h1>nginx</h1>\u001b[2J', { status: 502 }));
    const broken = await run(['multiplexer', 'status', '--url', page.url]);
    expect(broken.err).toContain('answered 502: <h1>nginx</h1>\ufffd[2J — is that a multiplexer?');
  });
});

const otherServer = (answer: () => Response | Promise<Response>): Disposable & { readonly url: string } => {
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: answer });
  return { url: `http://127.0.0.1:${server.port}`, [Symbol.dispose]: () => void server.stop(true) };
};

describe('load and unload', () => {
  test('ask for the model by its whole name, and tell when it is done', async () => {
    await using house = await startHouse();
    house.multiplexer.slot('org/beta', { state: 'ready' });
    const loaded = await run(['multiplexer', 'load', 'org/beta', '--url', house.url]);
    expect(loaded).toEqual({ exit: 0, out: 'org/beta is ready\n', err: '' });
    const unloaded = await run(['multiplexer', 'unload', 'org/beta', '--json', '--url', house.url]);
    expect([unloaded.exit, JSON.parse(unloaded.out)]).toMatchObject([0, { object: 'slot', model: 'org/beta' }]);
    expect(house.multiplexer.changes).toEqual(['load org/beta', 'unload org/beta']);
  });

  test('that take longer than they may go on, and that is said', async () => {
    using slow = otherServer(() => new Promise<Response>(() => undefined));
    const words = ['multiplexer', 'unload', 'alpha', '--timeout-seconds', '1', '--url', slow.url];
    expect(await run(words)).toEqual({
      exit: 1,
      out: '',
      err: 'anvil-serving multiplexer unload: alpha is not unloaded after 1 s; that goes on — see `multiplexer status`\n',
    });
  });

  test('that do not come about show why, with the last lines of the server', async () => {
    await using house = await startHouse();
    const unknown = await run(['multiplexer', 'load', 'gamma', '--url', house.url]);
    expect([unknown.exit, unknown.err]).toEqual([
      1,
      'anvil-serving multiplexer load: unknown model "gamma"; known: alpha, org/beta\n',
    ]);
    house.multiplexer.refuse({ refused: 'load-failed', message: 'exited with 1', lines: ['CUDA\u001b error', 'bye'] });
    const failed = await run(['multiplexer', 'load', 'alpha', '--url', house.url]);
    expect([failed.exit, failed.err.split('\n')]).toEqual([
      1,
      ['anvil-serving multiplexer load: backend failed to start: exited with 1', '  CUDA\ufffd error', '  bye', ''],
    ]);
  });
});
