/** Do the reference page and the JSON Schema for editors say everything that the schema knows? */
import { describe, expect, test } from 'bun:test';
import { Compile } from 'typebox/schema';
import { configJsonSchema, renderConfigReference } from '#config/reference';
import { configTables, type SchemaNode } from '#config/schema-node';
import { asEditor, fixture, shipped } from '#tests/config/support';

const page = renderConfigReference();

const keysOf = (node: SchemaNode): readonly [string, SchemaNode][] => Object.entries(node.properties ?? {});

describe('the reference page', () => {
  test.each(configTables().map(({ header, node }) => [header || 'the top of the file', header, node] as const))(
    'describes every key of %s',
    (_name, header, node) => {
      const title = header === '' ? '## Top of the file' : `## \`${header}\``;
      const [, section = ''] = page.split(`${title}\n`);
      const own = section.split('\n## ')[0] ?? '';
      for (const [key, entry] of keysOf(node)) {
        const row = own.split('\n').find((line) => line.startsWith(`| \`${key}\` |`));
        expect([key, row]).toEqual([key, expect.any(String)]);
        const cells = row?.split(' | ') ?? [];
        expect(cells).toHaveLength(4);
        expect(cells[3]?.length).toBeGreaterThan(10);
        if (node.required?.includes(key)) expect(cells[2]).toBe('**required**');
        else if (
          entry.default !== undefined &&
          entry.items?.properties === undefined &&
          entry.properties === undefined
        ) {
          expect(cells[2]).toBe(entry.patternProperties === undefined ? `\`${JSON.stringify(entry.default)}\`` : '');
        }
      }
    },
  );

  test('links to headings that exist', () => {
    const headings = [...page.matchAll(/^## `\[?\[([a-z._]+)\]\]?`$/gm)].map(([, name = '']) =>
      name.replaceAll('.', ''),
    );
    const links = [...page.matchAll(/\(#([a-z_]+)\)/g)].map(([, target]) => target);
    expect(links.length).toBeGreaterThan(10);
    expect(new Set(links)).toEqual(new Set(headings));
  });

  test('is the same every time', () => {
    expect(renderConfigReference()).toBe(page);
  });
});

describe('every key', () => {
  test('has one line of help', () => {
    for (const { header, node } of configTables()) {
      for (const [key, { description }] of keysOf(node)) {
        expect([header, key, description]).toEqual([header, key, expect.stringMatching(/^.{10,160}$/)]);
      }
    }
  });

  test('that is optional says its default, in a value or in words, unless absence is its meaning', () => {
    const silent = configTables().flatMap(({ name, node }) =>
      keysOf(node)
        .filter(
          ([key, entry]) => !node.required?.includes(key) && entry.properties === undefined && entry.ignored !== true,
        )
        .filter(([, entry]) => entry.default === undefined && entry.defaultNote === undefined)
        .map(([key]) => `${name}.${key}`),
    );
    expect(silent).toEqual([
      'router.relay_timeout',
      'router.tiers.extra_body',
      'router.tiers.extra_body_defaults',
      'router.tiers.timeout',
      'router.tiers.engine',
      'router.tiers.quantization',
      'router.tiers.params',
      'server.auth_env',
      'modes.agentic',
      'modes.flexibility',
    ]);
  });
});

describe('the JSON Schema for editors', () => {
  const editor = Compile(JSON.parse(JSON.stringify(configJsonSchema())) as object);

  test.each(['example.toml', 'example-with-cloud.toml', 'example-docker.toml', 'example-flexibility.toml'])(
    'accepts the shipped %s',
    async (name) => {
      expect(editor.Check(asEditor(await shipped(name)))).toBe(true);
    },
  );

  test('refuses what the router refuses', async () => {
    expect(editor.Check(asEditor(await fixture('broken.toml')))).toBe(false);
    expect(editor.Check(asEditor((await shipped('example.toml')).replace('tool_support', 'tool_suport')))).toBe(false);
  });

  test('has no notes that editors do not know', () => {
    const text = JSON.stringify(configJsonSchema());
    expect(text).not.toMatch(/"(?:defaultNote|rule|example|json|ignored|~[a-z]+)":/);
    expect(text).toContain('"$schema":"http://json-schema.org/draft-07/schema#"');
  });
});
