/** Is the operator told what will surprise, with the line, and nothing else? */
import { expect, test } from 'bun:test';
import { minimal, read, settingsOf, tierToml, warningsOf } from '#tests/config/support';

const PRESETS = ['[router.presets]', 'chat = ["a"]'];
const tierWith = (...lines: string[]): string =>
  ['[router]', 'mapping_version = "1"', tierToml('a', lines), ...PRESETS].join('\n');

test.each<readonly [string, string, RegExp]>([
  ['a local tier without a model', tierWith('model = ""'), /^3 router\.tiers\[0\]: .*names no model/],
  [
    'a tier that nothing leads to',
    minimal([], [tierToml('b'), ...PRESETS]),
    /^13 router\.tiers\[1\]\.id: no preset and no alias leads to tier "b"/,
  ],
  [
    'an alias behind a preset',
    minimal([], [...PRESETS, '[router.aliases]', 'chat = "a"']),
    /alias "chat" is never used/,
  ],
  [
    'an alias with the name of a preset that is not configured',
    minimal([], [...PRESETS, '[router.aliases]', 'Planning = "a"']),
    /alias "Planning" has the name of a preset: .*without any quality gate/,
  ],
  ['an alias that hides a tier', minimal([], [...PRESETS, '[router.aliases]', 'A = "a"']), /alias "A" hides the tier/],
  [
    'a preset without a gate',
    minimal([], [...PRESETS, 'mine = ["a"]']),
    /^14 router\.presets\.mine: "mine" is a preset of your own: it has no work class and no quality gate$/,
  ],
  [
    'a preset named like a work class',
    minimal([], [...PRESETS, 'bounded-edit = ["a"]']),
    /the preset of that work class is "quick-edit"/,
  ],
  ['a preset that hides a tier', minimal([], [...PRESETS, 'A = ["a"]']), /preset "A" hides the tier of that name/],
  [
    'a preset that no request can name',
    minimal([], [...PRESETS, '"anvil/x" = ["a"]']),
    /no request can ask for preset "anvil\/x"/,
  ],
  [
    'presets that differ in case',
    minimal([], [...PRESETS, 'Chat = ["a"]']),
    /presets "chat" and "Chat" differ only in case/,
  ],
  [
    'tiers that differ in case',
    minimal([], [tierToml('A'), '[router.presets]', 'chat = ["a", "A"]']),
    /tiers "a" and "A" differ only in case/,
  ],
  ['an address that is no URL', tierWith('base_url = "http://"'), /base_url of tier "a" is no URL/],
  ['credentials in an address', tierWith('base_url = "http://u:hunter2@h/v1"'), /^5 .* carries credentials/],
  ['more answer than window', tierWith('max_output_tokens = 99999'), /more tokens than its whole window of 32768/],
  [
    'a first byte after the end',
    minimal([], ['[router.tiers.deadlines]', 'first_byte_seconds = 60', 'total_seconds = 30', ...PRESETS]),
    /^12 router\.tiers\[0\]\.deadlines: tier "a" may take 60 s to its first byte but only 30 s in all/,
  ],
  [
    'less time for all attempts than for one',
    minimal([], [...PRESETS, '[router.attempts]', 'total_seconds = 10']),
    /^15 router\.attempts\.total_seconds: all attempts together get 10 s, less than the 600 s of tier "a" alone/,
  ],
  [
    'a keepalive gap without keepalives',
    minimal([], [...PRESETS, '[router.hold]', 'keepalive_every_seconds = 5']),
    /no keepalive is ever sent/,
  ],
])('%s is worth a warning', (_what, text, expected) => {
  const warnings = warningsOf(text);
  expect(warnings.filter((warning) => expected.test(warning))).toHaveLength(1);
});

test('a clean file has none', () => {
  expect(warningsOf(minimal())).toEqual([]);
});

test('credentials in an address are not repeated', () => {
  expect(warningsOf(tierWith('base_url = "http://u:hunter2@h/v1"')).join()).not.toContain('hunter2');
});

test('an alias counts as a way to a tier', () => {
  expect(warningsOf(minimal([], [tierToml('b'), ...PRESETS, '[router.aliases]', 'big = "b"']))).toEqual([]);
});

const PROFILE = minimal(['profile_path = "p/profile.json"']);

test.each([
  ['beside the file', ['/etc/anvil/p/profile.json', 'p/profile.json'], '/etc/anvil/p/profile.json', 0],
  ['only in the working directory, with a warning', ['p/profile.json'], 'p/profile.json', 1],
  ['nowhere yet: beside the file', [], '/etc/anvil/p/profile.json', 0],
] as const)('a relative profile_path is looked for %s', (_what, files, expected, warnings) => {
  const world = { path: '/etc/anvil/config.toml', files };
  expect(settingsOf(PROFILE, world).profilePath).toBe(expected);
  const told = warningsOf(PROFILE, world);
  expect(told).toHaveLength(warnings);
  if (warnings > 0) expect(told[0]).toMatch(/^3 router\.profile_path: .*found in the working directory/);
});

test.each([
  ['/abs/profile.json', '/abs/profile.json'],
  ['~/profile.json', '/home/me/profile.json'],
  ['C:\\\\anvil\\\\profile.json', 'C:\\anvil\\profile.json'],
  ['./profile.json', '/etc/anvil/profile.json'],
  ['../profile.json', '/etc/anvil/../profile.json'],
])('profile_path = "%s" leads to %s', (written, expected) => {
  const world = { path: '/etc/anvil/config.toml', env: { HOME: '/home/me' } };
  expect(settingsOf(minimal([`profile_path = "${written}"`]), world).profilePath).toBe(expected);
});

test('a configuration without a file keeps relative paths as they are', () => {
  const result = read(PROFILE, { path: '' });
  expect(result.ok && result.settings.profilePath).toBe('p/profile.json');
});
