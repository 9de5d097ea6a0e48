/** Does one look at the messages tell an operator everything that is wrong, where, and what to do? */
import { describe, expect, test } from 'bun:test';
import { formatProblems } from '#config/problem';
import { fixture, lineOf, minimal, problemsOf } from '#tests/config/support';

test('a thoroughly broken file is reported whole, in the order of its lines', async () => {
  const text = await fixture('broken.toml');
  const problems = problemsOf(text, { path: 'broken.toml' });
  expect(formatProblems(problems)).toBe((await fixture('broken.expected.txt')).trimEnd());
});

describe('an unknown key', () => {
  test.each([
    ['at the top', `rotuer = 1\n${minimal()}`, 'rotuer', 1, 'did you mean "router"?'],
    [
      'in [router]',
      minimal(['exhaustion_staus = 503']),
      'router.exhaustion_staus',
      3,
      'did you mean "exhaustion_status"?',
    ],
    [
      'with the wrong dash',
      minimal(['when-unproven = "verify"']),
      'router.when-unproven',
      3,
      'did you mean "when_unproven"?',
    ],
    [
      'without its unit',
      minimal([], ['[router.deadlines]', 'connect = 5']),
      'router.deadlines.connect',
      13,
      'did you mean "connect_seconds"?',
    ],
    [
      'of another table',
      minimal(['auth_env = "X"']),
      'router.auth_env',
      3,
      'this key belongs to [[router.tiers]] or [[router.swap_groups]] or [server]',
    ],
    ['of the top', minimal(['gpu_index = 0']), 'router.gpu_index', 3, 'this key belongs to the top of the file'],
    [
      'of nowhere',
      minimal([], ['[[server.tokens]]', 'colour = "red"', 'name = "x"', 'env = "X"']),
      'server.tokens[0].colour',
      13,
      'remove it; keys of this table are name, env, error_profile',
    ],
    ['that TOML would quote', minimal(['"a b" = 1']), 'router."a b"', 3, expect.stringContaining('remove it')],
  ])('%s names its line and the remedy', (_where, text, key, line, remedy) => {
    expect(problemsOf(text)).toEqual([
      { file: 'config.toml', key, line, message: 'unknown key', remedy },
    ] as unknown as ReturnType<typeof problemsOf>);
  });

  test('inside a tier names the tier too', () => {
    const text = minimal().replace('model = "m"', 'modell = "m"');
    expect(problemsOf(text)).toMatchObject([
      { key: 'router.tiers[0].modell', line: lineOf(text, 'modell = "m"'), message: 'tier "a": unknown key' },
    ]);
  });

  test('named like a property of every object is unknown all the same', () => {
    for (const key of ['__proto__', 'constructor', 'toString']) {
      const [problem] = problemsOf(minimal([`"${key}" = 1`]));
      expect(problem).toMatchObject({ key: `router.${key}`, line: 3, message: 'unknown key' });
    }
  });
});

test('free tables carry JSON of any keys, also those of every object', () => {
  const text = minimal().replace('model = "m"', 'extra_body = { "__proto__" = { polluted = true }, constructor = 1 }');
  expect(problemsOf(text)).toEqual([]);
  expect({}).not.toHaveProperty('polluted');
});

test('more than a hundred problems end in a count', () => {
  const keys = Array.from({ length: 150 }, (_, index) => `zzz${index} = 1`);
  const problems = problemsOf(minimal(keys));
  expect(problems).toHaveLength(101);
  expect(problems.at(-1)?.message).toBe('50 more problems');
});

test('tables nested without end are refused, not followed', () => {
  const header = `[router.tiers.params.${Array(20_000).fill('a').join('.')}]`;
  const [problem] = problemsOf(
    `[router]\nmapping_version = "1"\n${minimal().split('\n').slice(2, 11).join('\n')}\n${header}\nb = 1`,
  );
  expect(problem?.message).toContain('nested more than 64 levels deep');
  expect(problem?.line).toBe(12);
});

describe('secrets written where names belong', () => {
  const SECRET = 'sk-live-0123456789abcdef';

  test.each([
    `auth_env = "${SECRET}"`,
    `base_url = "${SECRET}"`,
    `dialect = "${SECRET}"`,
    `privacy = "${SECRET}"`,
    `context_limit = "${SECRET}"`,
    `tool_support = "${SECRET}"`,
    `extra_body = "${SECRET}"`,
    `max_concurrency = "${SECRET}"`,
    `input = ["${SECRET}"]`,
    `upstream_stream = "${SECRET}"`,
    `timeout = "${SECRET}"`,
  ])('are not repeated: %s', (line) => {
    const key = line.split(' =')[0] ?? '';
    const kept = minimal()
      .split('\n')
      .filter((other) => !other.startsWith(`${key} =`));
    const text = kept.map((other) => (other === 'id = "a"' ? `${other}\n${line}` : other)).join('\n');
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toContain(SECRET);
  });
});
