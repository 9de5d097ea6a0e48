/** Do the keys that v0.9 did not have resolve to the settings they promise? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { resolveDeadlines } from '#config/resolve-tier';
import { minimal, problemsOf, settingsOf, tierOf, tierToml } from '#tests/config/support';

const withTable = (...lines: string[]): string => minimal([], lines);

describe('hold modes', () => {
  test.each([
    ['nothing said', [], 'block'],
    ['verify_local_min = true', ['verify_local_min = true'], 'all'],
    ['verify_local_min = false', ['verify_local_min = false'], 'none'],
  ] as const)('of allowed answers follow v0.9 switch: %s', (_what, lines, allow) => {
    expect(settingsOf(minimal([...lines])).hold).toMatchObject({
      byVerdict: { allow, 'allow-with-verify': 'all' },
      cloud: 'none',
      byWorkClass: {},
    });
  });

  test('of [router.hold] win over the switch', () => {
    const text = minimal(
      ['verify_local_min = true'],
      ['[router.hold]', 'allow = "none"', 'allow-with-verify = "block"', 'cloud = "all"'],
    );
    expect(settingsOf(text).hold).toMatchObject({
      byVerdict: { allow: 'none', 'allow-with-verify': 'block' },
      cloud: 'all',
    });
  });

  test('are set per work class, by the class or its preset', () => {
    const text = withTable('[router.hold]', 'chat = "none"', 'quick-edit = "all"', 'multi-file-refactor = "all"');
    expect(settingsOf(text).hold.byWorkClass).toEqual({
      chat: 'none',
      'bounded-edit': 'all',
      'multi-file-refactor': 'all',
    });
  });

  test('may name a class twice only if both say the same', () => {
    const same = withTable('[router.hold]', 'quick-edit = "all"', 'bounded-edit = "all"');
    expect(problemsOf(same)).toEqual([]);
    const other = withTable('[router.hold]', 'quick-edit = "all"', 'bounded-edit = "none"');
    expect(problemsOf(other)).toMatchObject([{ key: 'router.hold.quick-edit' }]);
  });

  test('never send keepalives unless told, then every ten seconds', () => {
    expect(settingsOf(minimal()).hold).toMatchObject({ bytesMax: 33_554_432, keepaliveEveryMs: 10_000 });
    expect(settingsOf(minimal()).hold).not.toContainKey('keepaliveAfterMs');
    const text = withTable('[router.hold]', 'keepalive_after_seconds = 2.5', 'keepalive_every_seconds = 15');
    expect(settingsOf(text).hold).toMatchObject({ keepaliveAfterMs: 2500, keepaliveEveryMs: 15_000 });
  });
});

describe('deadlines', () => {
  const LOCAL = {
    connectMs: 5000,
    firstByteMs: 60_000,
    firstBytePer1kTokensMs: 10_000,
    idleMs: 60_000,
    totalMs: 600_000,
  };
  const CLOUD = {
    connectMs: 10_000,
    firstByteMs: 120_000,
    firstBytePer1kTokensMs: 0,
    idleMs: 120_000,
    totalMs: 600_000,
  };
  const explicit = { total_seconds: 300 };

  test.each([
    ['local defaults', { privacy: 'local' }, {}, LOCAL],
    ['cloud defaults', { privacy: 'cloud' }, {}, CLOUD],
    [
      'relay_timeout is the silence of a local tier, never its total',
      { privacy: 'local' },
      { relay_timeout: 20 },
      { ...LOCAL, firstByteMs: 20_000, firstBytePer1kTokensMs: 0, idleMs: 20_000 },
    ],
    ['relay_timeout does not touch cloud tiers', { privacy: 'cloud' }, { relay_timeout: 20 }, CLOUD],
    [
      'a short time-out bounds connecting too',
      { privacy: 'local', timeout: 2 },
      {},
      { ...LOCAL, connectMs: 2000, firstByteMs: 2000, firstBytePer1kTokensMs: 0, idleMs: 2000 },
    ],
    [
      "a tier's time-out wins over relay_timeout",
      { privacy: 'local', timeout: 90 },
      { relay_timeout: 20 },
      { ...LOCAL, firstByteMs: 90_000, firstBytePer1kTokensMs: 0, idleMs: 90_000 },
    ],
    [
      'a long time-out raises a default total to twice itself',
      { privacy: 'cloud', timeout: 900 },
      {},
      { ...CLOUD, firstByteMs: 900_000, idleMs: 900_000, totalMs: 1_800_000 },
    ],
    [
      'but leaves a total that the file sets',
      { privacy: 'local', timeout: 400 },
      { deadlines: explicit },
      { ...LOCAL, firstByteMs: 400_000, firstBytePer1kTokensMs: 0, idleMs: 400_000, totalMs: 300_000 },
    ],
    [
      '[router.deadlines] wins over relay_timeout',
      { privacy: 'local' },
      { relay_timeout: 20, deadlines: { idle_seconds: 45 } },
      { ...LOCAL, firstByteMs: 20_000, firstBytePer1kTokensMs: 0, idleMs: 45_000 },
    ],
    [
      "the tier's own deadlines win over everything",
      { privacy: 'local', timeout: 90, deadlines: { first_byte_per_1k_tokens_seconds: 0.5, total_seconds: 50 } },
      { relay_timeout: 20, deadlines: explicit },
      { ...LOCAL, firstByteMs: 90_000, firstBytePer1kTokensMs: 500, idleMs: 90_000, totalMs: 50_000 },
    ],
  ] as const)('%s', (_what, tier, router, expected) => {
    expect(resolveDeadlines(tier, router)).toEqual(expected);
  });

  test('are waits that a timer can take, whatever the time-out', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, minExcluded: true, max: 1e300, noNaN: true }), (timeout) => {
        for (const ms of Object.values(resolveDeadlines({ privacy: 'local', timeout }, {}))) {
          expect(Number.isInteger(ms)).toBe(true);
          expect(ms).toBeLessThan(2 ** 31);
          expect(ms).toBeGreaterThanOrEqual(0);
        }
        expect(resolveDeadlines({ privacy: 'local', timeout }, {}).firstByteMs).toBeGreaterThan(0);
      }),
    );
  });

  test('of a tier are read from its sub-table', () => {
    const text = minimal([], ['[router.tiers.deadlines]', 'connect_seconds = 1', 'total_seconds = 30']);
    expect(tierOf(settingsOf(text), 'a').deadlines).toMatchObject({ connectMs: 1000, totalMs: 30_000, idleMs: 60_000 });
  });
});

describe('attempts', () => {
  test('are three, with the last one reserved, in 15 minutes', () => {
    expect(settingsOf(minimal()).attempts).toEqual({ max: 3, reserveLast: true, totalMs: 900_000 });
  });

  test('get as long as the slowest tier unless the file says', () => {
    const slow = minimal([], ['[router.tiers.deadlines]', 'total_seconds = 2000']);
    expect(settingsOf(slow).attempts.totalMs).toBe(2_000_000);
    const capped = minimal(
      [],
      ['[router.tiers.deadlines]', 'total_seconds = 2000', '[router.attempts]', 'total_seconds = 60'],
    );
    expect(settingsOf(capped).attempts.totalMs).toBe(60_000);
  });

  test('are read from the table', () => {
    const text = withTable('[router.attempts]', 'max = 5', 'reserve_last = false', 'total_seconds = 1.5');
    expect(settingsOf(text).attempts).toEqual({ max: 5, reserveLast: false, totalMs: 1500 });
  });
});

describe('breaker', () => {
  test('has the documented defaults', () => {
    expect(settingsOf(minimal()).breaker).toEqual({
      availabilityFailures: 2,
      qualityFailures: 3,
      windowMs: 60_000,
      qualityWindowMs: 120_000,
      cooldownMs: 15_000,
      cooldownMaxMs: 300_000,
      probeTimeoutMs: 60_000,
    });
  });

  test('refuses a longest cooldown below the first one, default or not', () => {
    const own = withTable('[router.breaker]', 'cooldown_seconds = 20', 'cooldown_max_seconds = 10');
    expect(problemsOf(own)).toMatchObject([{ key: 'router.breaker.cooldown_max_seconds' }]);
    const againstDefault = withTable('[router.breaker]', 'cooldown_seconds = 301');
    expect(problemsOf(againstDefault)).toHaveLength(1);
  });
});

describe('limits', () => {
  test('come from the file, else from the environment, else from the defaults', () => {
    const env = { ANVIL_MAX_BODY_BYTES: '1000', ANVIL_MAX_CONCURRENCY: '7' };
    expect(settingsOf(minimal()).limits).toEqual({
      bodyBytesMax: 33_554_432,
      jsonDepthMax: 512,
      headerCountMax: 100,
      concurrencyMax: 64,
      queueMax: 64,
      queueWaitMs: 60_000,
      sessionsMax: 10_000,
      bodyReadMs: 30_000,
      drainMs: 30_000,
    });
    expect(settingsOf(minimal(), { env }).limits).toMatchObject({ bodyBytesMax: 1000, concurrencyMax: 7 });
    const text = withTable('[router.limits]', 'body_bytes_max = 5', 'queue_max = 0');
    expect(settingsOf(text, { env }).limits).toMatchObject({ bodyBytesMax: 5, concurrencyMax: 7, queueMax: 0 });
  });

  test.each(['0', '-1', '1e3', '64k', '1.5', '9007199254740993'])('refuse ANVIL_MAX_CONCURRENCY=%s', (value) => {
    expect(problemsOf(minimal(), { env: { ANVIL_MAX_CONCURRENCY: value } })).toMatchObject([
      { file: 'environment', key: 'ANVIL_MAX_CONCURRENCY' },
    ]);
  });
});

describe('names', () => {
  test('of aliases lead to exactly one tier, whatever their case', () => {
    const settings = settingsOf(withTable('[router.aliases]', '"Qwen/Coder" = "a"'));
    expect([...settings.aliases]).toEqual([['qwen/coder', 'a']]);
  });

  test.each([
    ['"x" = "b"', /no tier is called "b"/],
    ['"anvil/x" = "a"', /no request can ask for this name/],
    ['" x" = "a"', /no request can ask/],
    ['"" = "a"', /no request can ask/],
    ['Big = "a"\nbig = "a"', /"big" and "Big" are the same alias/],
    ['x = ["a"]', /must be text/],
  ])('of aliases are checked: %s', (line, message) => {
    expect(problemsOf(withTable('[router.aliases]', line))[0]?.message).toMatch(message);
  });

  test('of presets keep their spelling and are found in lower case', () => {
    const settings = settingsOf(minimal([], ['[router.presets]', 'Planning = ["a"]', 'Mine = ["a"]']));
    expect(settings.presets.get('planning')).toEqual({ name: 'Planning', tiers: ['a'], workClass: 'planning' });
    expect(settings.presets.get('mine')).toEqual({ name: 'Mine', tiers: ['a'] });
  });

  test('in metered_cloud are work classes or presets', () => {
    const text = minimal(['metered_cloud = ["quick-edit", "bounded-edit", "review", "multi-file-refactor"]']);
    expect([...settingsOf(text).meteredClasses]).toEqual(['bounded-edit', 'review', 'multi-file-refactor']);
  });

  test('of your own presets cannot be metered, and the message says why', () => {
    const text = minimal(['metered_cloud = ["mine"]'], ['[router.presets]', 'chat = ["a"]', 'mine = ["a"]']);
    expect(problemsOf(text)[0]?.message).toMatch(/it has no work class/);
  });
});

test('tokens are those of [[server.tokens]] beside auth_env', () => {
  const lines = ['[server]', 'auth_env = "ONE"', '[[server.tokens]]', 'name = "laptop"', 'env = "TWO"'];
  expect(settingsOf(withTable(...lines)).server.tokens).toEqual([
    { name: 'default', env: 'ONE' },
    { name: 'laptop', env: 'TWO' },
  ]);
});

test.each([
  [
    'twice the same name',
    ['[[server.tokens]]', 'name = "x"', 'env = "A"', '[[server.tokens]]', 'name = "x"', 'env = "B"'],
  ],
  ['the name of auth_env', ['[server]', 'auth_env = "A"', '[[server.tokens]]', 'name = "default"', 'env = "B"']],
  ['no variable', ['[[server.tokens]]', 'name = "x"']],
  ['a secret for a variable', ['[[server.tokens]]', 'name = "x"', 'env = "s3cret"']],
])('tokens are refused with %s', (_what, lines) => {
  expect(problemsOf(withTable(...lines))).toHaveLength(1);
});

test('the new keys of a tier arrive', () => {
  const lines = [
    'input = ["text", "image"]',
    'max_output_tokens = 4096',
    'swap_group = "gpu0"',
    'forward = ["seed"]',
    'upstream_stream = "as-caller"',
    'cost_input_per_mtok = 1',
    'cost_cache_read_per_mtok = 0.1',
    'cost_cache_write_per_mtok = 1.25',
  ];
  const text = `[router]\nmapping_version = "1"\n${tierToml('a', lines)}`;
  expect(tierOf(settingsOf(text), 'a')).toMatchObject({
    input: ['text', 'image'],
    maxOutputTokens: 4096,
    swapGroup: 'gpu0',
    forward: ['seed'],
    upstreamStream: 'as-caller',
    prices: { input: 1, cacheRead: 0.1, cacheWrite: 1.25 },
  });
});

test.each([
  'input = ["video"]',
  'input = []',
  'input = ["text", "text"]',
  'max_output_tokens = 0',
  'swap_group = ""',
  'upstream_stream = "never"',
  'cost_cache_read_per_mtok = -0.1',
])('a tier is refused with %s', (line) => {
  expect(problemsOf(`[router]\nmapping_version = "1"\n${tierToml('a', [line])}`)).toHaveLength(1);
});

test('budgets and the store are off and bounded by default', () => {
  const settings = settingsOf(minimal(), { path: '/etc/anvil/config.toml' });
  expect(settings.budgets).toEqual({});
  expect(settings.store).toEqual({ ageMaxDays: 30, bytesMax: 268_435_456 });
  const lines = [
    '[router.budgets]',
    'session_usd = 5',
    'day_tokens = 0',
    '[router.store]',
    'path = "d.sqlite"',
    'size_mib_max = 1',
  ];
  const set = settingsOf(withTable(...lines), { path: '/etc/anvil/config.toml' });
  expect(set.budgets).toEqual({ sessionUsd: 5, dayTokens: 0 });
  expect(set.store).toEqual({ path: '/etc/anvil/d.sqlite', ageMaxDays: 30, bytesMax: 1_048_576 });
});

test('when_unproven and response_model are taken as written', () => {
  const text = minimal(['when_unproven = "verify"', 'response_model = "served"']);
  expect(settingsOf(text)).toMatchObject({ whenUnproven: 'verify', responseModel: 'served' });
});
