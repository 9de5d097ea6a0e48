/** Does every shipped configuration load without a surprise, and does the example show every key there is? */
import { describe, expect, test } from 'bun:test';
import { Glob } from 'bun';
import { configTables } from '#config/schema-node';
import { parseToml } from '#platform/toml';
import { settingsOf, shipped, tierOf, warningsOf } from '#tests/config/support';

const FOLDER = `${import.meta.dir}/../../configs`;
const names = [...new Glob('*.toml').scanSync(FOLDER)].sort();

test('there are the five of v0.9', () => {
  expect(names).toEqual(
    expect.arrayContaining([
      'example-docker.toml',
      'example-flexibility.toml',
      'example-with-cloud.toml',
      'example.toml',
      'modes.example.toml',
    ]),
  );
});

// Other kinds of files are called `kind.example.toml`.
test.each(names.filter((name) => !name.endsWith('.example.toml')))('%s loads without a warning', async (name) => {
  expect(warningsOf(await shipped(name))).toEqual([]);
});

describe('the example', () => {
  test('keeps held turns alive and serves what nobody has measured', async () => {
    const settings = settingsOf(await shipped('example.toml'));
    expect(settings.whenUnproven).toBe('verify');
    expect(settings.hold).toMatchObject({ keepaliveAfterMs: 10_000, keepaliveEveryMs: 10_000 });
    expect(settings.hold.byVerdict).toEqual({ allow: 'block', 'allow-with-verify': 'all' });
    expect(settings.presets.get('planning')?.tiers).toEqual(['heavy-local']);
    expect(settings.aliases.size).toBe(0);
    expect(settings.server.tokens).toEqual([]);
  });

  /** "#key = …" and "#[table]" are settings; "# text" is prose. */
  const everything = async (): Promise<string> => (await shipped('example.toml')).replace(/^#(?=[a-z[])/gm, '');

  test('shows every key of the schema, commented or not', async () => {
    const text = `${await everything()}\n${(await shipped('modes.example.toml')).replace(/^#.*$/gm, '')}`;
    const parsed = parseToml(text);
    if (!parsed.ok) throw new Error(`${parsed.problem.line}: ${parsed.problem.message}`);
    const missing = configTables().flatMap(({ name, node }) => {
      const shown = membersAt(parsed.document, name.split('.').filter(Boolean));
      return Object.keys(node.properties ?? {})
        .filter((key) => !shown.has(key))
        .map((key) => `${name}.${key}`);
    });
    expect(missing).toEqual([]);
  });

  test('stays valid with every commented setting switched on', async () => {
    const settings = settingsOf(await everything());
    expect(settings.aliases.get('qwen')).toBe('heavy-local');
    expect(settings.server.tokens.map(({ name }) => name)).toEqual(['default', 'laptop']);
    expect(tierOf(settings, 'heavy-local').deadlines.firstByteMs).toBe(120_000);
  });

  test('quotes real defaults wherever the schema has one', async () => {
    const parsed = parseToml(await everything());
    if (!parsed.ok) throw new Error(parsed.problem.message);
    // Shown with the value that suits a person at a terminal, or one that says more than an empty list.
    const chosen = [
      'router.when_unproven',
      'router.tiers.forward',
      'router.verify.off',
      'router.presets',
      'router.aliases',
      'router.errors',
      'router.swap_groups',
      'server.tokens',
    ];
    for (const { name, node } of configTables()) {
      for (const [key, entry] of Object.entries(node.properties ?? {})) {
        if (entry.default === undefined || chosen.includes(`${name}.${key}`)) continue;
        for (const value of valuesAt(parsed.document, [...name.split('.').filter(Boolean), key])) {
          const number = typeof value === 'bigint' ? Number(value) : value;
          expect([`${name}.${key}`, number]).toEqual([`${name}.${key}`, entry.default]);
        }
      }
    }
  });
});

/** Every value at a path; entries of arrays of tables are looked into one by one. */
const valuesAt = (value: unknown, path: readonly string[]): readonly unknown[] => {
  const [step, ...rest] = path;
  if (step === undefined) return [value];
  if (Array.isArray(value)) return value.flatMap((entry) => valuesAt(entry, path));
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return [];
  return valuesAt((value as Record<string, unknown>)[step], rest);
};

const membersAt = (document: unknown, path: readonly string[]): ReadonlySet<string> =>
  new Set(
    valuesAt(document, path)
      .flatMap((value) => (Array.isArray(value) ? value : [value]))
      .flatMap((table) => (typeof table === 'object' && table !== null ? Object.keys(table) : [])),
  );
