/** Is every rule of v0.9's tables kept, for `[router]`, `[[router.tiers]]` and `[server]`? */
import { describe, expect, test } from 'bun:test';
import { minimal, problemsOf, read, tierToml } from '#tests/config/support';

type Case = readonly [line: string, verdict: 'fits' | RegExp];

const FITS = 'fits';

/** Each line is tried alone in `[router]`. */
const ROUTER: readonly Case[] = [
  ['mapping_version = ""', /must not be empty/],
  ['mapping_version = 1', /text in quotes, not empty, not the whole number 1/],
  ['metered_cloud = []', FITS],
  ['metered_cloud = ["bounded-edit", "multi-file-refactor"]', FITS],
  ['metered_cloud = ["quick-edit"]', FITS],
  ['metered_cloud = ["quick-edti"]', /neither a work class nor a preset/],
  ['metered_cloud = "planning"', /must be a list of texts, not text/],
  ['metered_cloud = [1]', /must be text in quotes/],
  ['exhaustion_status = 400', FITS],
  ['exhaustion_status = 599', FITS],
  ['exhaustion_status = 399', /from 400 to 599, not 399/],
  ['exhaustion_status = 600', /from 400 to 599, not 600/],
  ['exhaustion_status = 200', /from 400 to 599, not 200/],
  ['exhaustion_status = true', /not true/],
  ['exhaustion_status = 503.0', /not the decimal 503\.0/],
  ['exhaustion_status = "503"', /not text/],
  ['cost_sync = true', FITS],
  ['cost_sync = 1', /true or false, not the whole number 1/],
  ['relay_timeout = 20', FITS],
  ['relay_timeout = 0.5', FITS],
  ['relay_timeout = 1e300', FITS],
  ['relay_timeout = 0', /a number above 0, not 0/],
  ['relay_timeout = -1.5', /above 0, not -1\.5/],
  ['relay_timeout = true', /not true/],
  ['relay_timeout = nan', /not NaN/],
  ['relay_timeout = inf', /not Infinity/],
  ['verify_local_min = false', FITS],
  ['verify_local_min = "yes"', /true or false, not text/],
  ['profile_path = "profile.json"', FITS],
  ['profile_path = ""', /must not be empty/],
  ['profile_path = 3', /text in quotes/],
];

/** Each line replaces or joins those of a valid tier. */
const TIER: readonly Case[] = [
  ['id = ""', /must not be empty/],
  ['id = 7', /text in quotes/],
  ['base_url = "HTTPS://host"', FITS],
  ['base_url = "file:///etc/passwd"', /must start with http:\/\/ or https:\/\//],
  ['base_url = "127.0.0.1:8000"', /must start with http/],
  ['base_url = 8000', /text in quotes/],
  ['dialect = "anthropic"', FITS],
  ['dialect = "openai-chat"', FITS],
  ['dialect = "anthropic-messages"', FITS],
  ['dialect = "OpenAI"', /one of "openai", "anthropic"/],
  ['dialect = "gemini"', /one of/],
  ['context_limit = 1', FITS],
  ['context_limit = 0', /at least 1, not 0/],
  ['context_limit = -5', /at least 1, not -5/],
  ['context_limit = 32768.0', /not the decimal 32768\.0/],
  ['context_limit = true', /not true/],
  ['context_limit = 9223372036854775807', /at most 9007199254740991, not 9223372036854775807/],
  ['privacy = "cloud"', FITS],
  ['privacy = "Local"', /one of "local", "cloud"/],
  ['tool_support = false', FITS],
  ['tool_support = 1', /true or false/],
  ['tool_support = "true"', /true or false, not text/],
  ['auth_env = "A"', FITS],
  ['auth_env = "ANVIL_2"', FITS],
  ['auth_env = ""', /NAME of an environment variable/],
  ['auth_env = "lower"', /NAME/],
  ['auth_env = "2FAST"', /NAME/],
  ['auth_env = "_X"', /NAME/],
  ['auth_env = "WITH-DASH"', /NAME/],
  ['auth_env = "NAME\\n"', /NAME/],
  ['auth_env = "AKIAABCDEFGHIJKLMNOP"', /NAME/],
  ['auth_env = "ASIA0123456789ABCDEF"', /NAME/],
  ['auth_env = "AKIAABCDEFGHIJKLMNOPQ"', FITS],
  ['model = ""', FITS],
  ['model = 3', /text in quotes/],
  ['cost_input_per_mtok = 0', FITS],
  ['cost_input_per_mtok = 3.5', FITS],
  ['cost_input_per_mtok = -1', /at least 0, not -1/],
  ['cost_input_per_mtok = inf', /not Infinity/],
  ['cost_output_per_mtok = nan', /not NaN/],
  ['cost_output_per_mtok = true', /not true/],
  ['extra_body = {}', FITS],
  ['extra_body = { a = [1, 2.5, "x", true, { b = {} }] }', FITS],
  ['extra_body = "x"', /must be a table, not text/],
  ['extra_body = { at = 2026-01-01 }', /JSON has no dates/],
  ['extra_body = { t = nan }', /JSON has no NaN/],
  ['extra_body = { t = [inf] }', /JSON has no Infinity/],
  ['extra_body = { seed = 9007199254740993 }', /too large for a JSON number/],
  ['extra_body_defaults = { a = 1 }', FITS],
  ['extra_body_defaults = [1]', /must be a table, not a list/],
  ['engine = "vllm"', FITS],
  ['engine = 1', /text in quotes/],
  ['quantization = "mxfp4"', FITS],
  ['quantization = true', /text in quotes/],
  ['params = { max_model_len = 131072 }', FITS],
  ['params = 1', /must be a table/],
  ['params = { at = 07:30:00 }', /JSON has no dates/],
  ['timeout = 90', FITS],
  ['timeout = 0.1', FITS],
  ['timeout = 0', /above 0, not 0/],
  ['timeout = true', /not true/],
  ['timeout = inf', /not Infinity/],
  ['max_concurrency = 1', FITS],
  ['max_concurrency = 0', /at least 1, not 0/],
  ['max_concurrency = 2.0', /not the decimal 2\.0/],
  ['max_concurrency = true', /not true/],
];

const REST: readonly Case[] = [
  ['[server]', FITS],
  ['[server]\nauth_env = "ANVIL_ROUTER_TOKEN"', FITS],
  ['[server]\nauth_env = ""', /NAME of an environment variable/],
  ['[server]\nauth_env = "secret-value"', /NAME of an environment variable/],
  ['[router.presets]\nchat = ["a"]\nmine = ["a"]', FITS],
  ['[router.presets]\nchat = []', /must not be empty/],
  ['[router.presets]\nchat = "a"', /must be a list of texts, not empty, not text/],
  ['[router.presets]\nchat = ["a", "a"]', /"a" is listed twice/],
  ['[router.presets]\nchat = ["b"]', /no tier is called "b"/],
  ['[router.presets]\nchat = ["A"]', /no tier is called "A"/],
  ['[router.presets]\nchat = [1]', /must be text in quotes/],
];

const expectVerdict = (text: string, verdict: Case[1]): void => {
  const problems = problemsOf(text);
  if (verdict === 'fits') {
    expect(problems).toEqual([]);
    return;
  }
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.map(({ message }) => message).join('\n')).toMatch(verdict);
  for (const { remedy, line } of problems) {
    expect(remedy).not.toBe('');
    expect(line).toBeGreaterThan(0);
  }
};

const routerWith = (line: string): string =>
  line.startsWith('mapping_version') ? minimal().replace('mapping_version = "1"', line) : minimal([line]);

describe('[router]', () => {
  test.each(ROUTER)('%p', (line, verdict) => {
    expectVerdict(routerWith(line), verdict);
  });

  test.each([
    ['an empty file', ''],
    ['no table', 'router = 1'],
    ['other tables only', '[server]\nauth_env = "X"'],
  ])('is required: %s', (_what, text) => {
    const [problem] = problemsOf(text);
    expect(problem?.message).toMatch(/no \[router\] block|must be a table/);
  });

  test.each([
    ['absent', '[router]\nmapping_version = "1"', /required key is missing: tiers/],
    ['empty', '[router]\nmapping_version = "1"\ntiers = []', /must not be empty/],
    ['no list', '[router]\nmapping_version = "1"\ntiers = "a"', /must be an array of tables, not text/],
    ['a list of texts', '[router]\nmapping_version = "1"\ntiers = ["a"]', /must be a table, not text/],
  ])('wants tiers: %s', (_what, text, message) => {
    expect(
      problemsOf(text)
        .map((problem) => problem.message)
        .join('\n'),
    ).toMatch(message);
  });

  test('refuses a second tier of the same id, and names the line', () => {
    const text = minimal([], [tierToml('b'), tierToml('a')]);
    const problems = problemsOf(text);
    expect(problems).toMatchObject([{ key: 'router.tiers[2].id', message: 'tier "a": a second tier is called "a"' }]);
    expect(problems[0]?.line).toBe(text.split('\n').lastIndexOf('id = "a"') + 1);
  });

  test('needs no presets', () => {
    expect(read(`[router]\nmapping_version = "1"\n${tierToml('a')}`).ok).toBe(true);
  });
});

describe('[[router.tiers]]', () => {
  test.each(TIER)('%p', (line, verdict) => {
    const text = `[router]\nmapping_version = "1"\n${tierToml('a', [line])}`;
    expectVerdict(text, verdict);
  });

  test('lists every missing required key at once', () => {
    const [problem] = problemsOf('[router]\nmapping_version = "1"\n\n[[router.tiers]]\nid = "lone"\nprivacy = "local"');
    expect(problem).toMatchObject({
      key: 'router.tiers[0]',
      line: 4,
      message: 'tier "lone": required keys are missing: base_url, dialect, context_limit, tool_support, auth_env',
    });
  });

  test('an empty model, engine or quantisation counts as absent', () => {
    const text = `[router]\nmapping_version = "1"\n${tierToml('a', ['model = ""', 'engine = ""', 'quantization = ""'])}`;
    const result = read(text);
    if (!result.ok) throw new Error('refused');
    expect(result.settings.tiers[0]).not.toContainAnyKeys(['model', 'engine', 'quantization']);
  });
});

describe('[server] and [router.presets]', () => {
  test.each(REST)('%p', (table, verdict) => {
    expectVerdict(`[router]\nmapping_version = "1"\n${tierToml('a')}\n${table}`, verdict);
  });

  test('[server] must be a table', () => {
    expect(problemsOf(`server = "x"\n${minimal()}`)).toMatchObject([{ key: 'server', line: 1 }]);
  });
});

test('the keys of the substrate are allowed with any value', () => {
  const keys = [
    'claude_logs = 3',
    'hf_extra_roots = "x"',
    'model_dirs = [1]',
    'gpu_index = "0"',
    'served_model_name = 1.5',
  ];
  expect(problemsOf(`${keys.join('\n')}\n${minimal()}`)).toEqual([]);
});
