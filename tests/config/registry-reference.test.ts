// The reference page, the JSON Schema for editors and the example say everything that the schema of registries knows.
import { describe, expect, test } from 'bun:test';
import { Compile } from 'typebox/schema';
import { POLICY } from '#config/registry-defaults';
import { registryJsonSchema, renderRegistryReference } from '#config/registry-reference';
import { registrySchema } from '#config/registry-schema';
import { freeValueNode, tablesOf } from '#config/schema-node';
import { readTomlRegistry, warningLines } from '#tests/config/registry-support';
import { asEditor, shipped } from '#tests/config/support';

const TABLES = tablesOf(registrySchema);
const example = await shipped('multiplexer.example.toml');

describe('the reference page', () => {
  const page = renderRegistryReference();
  test.each(TABLES.map(({ header, node }) => [header || 'the top of the file', header, node] as const))(
    'describes every key of %s',
    (_name, header, node) => {
      const [, section = ''] = page.split(`${header === '' ? '## Top of the file' : `## \`${header}\``}\n`);
      const rows = (section.split('\n## ')[0] ?? '').split('\n');
      for (const [key, entry] of Object.entries(node.properties ?? {})) {
        const cells = rows.find((line) => line.startsWith(`| \`${key}\` |`))?.split(' | ') ?? [];
        expect([key, cells.length]).toEqual([key, 4]);
        if (node.required?.includes(key) === true) expect([key, cells[2]]).toEqual([key, '**required**']);
        else if (
          entry.properties === undefined &&
          entry.items?.properties === undefined &&
          freeValueNode(entry) === undefined
        ) {
          expect([key, entry.default === undefined ? entry.defaultNote : entry.default]).not.toEqual([key, undefined]);
        }
      }
    },
  );

  test('has one line of help for every key', () => {
    for (const { header, node } of TABLES) {
      for (const [key, { description }] of Object.entries(node.properties ?? {})) {
        expect([header, key, description]).toEqual([header, key, expect.stringMatching(/^.{10,160}$/)]);
      }
    }
  });
});

describe('the JSON Schema for editors', () => {
  const editor = Compile(JSON.parse(JSON.stringify(registryJsonSchema())) as object);
  const row = { name: 'm', port: 1, model_path: '/m' };

  test('accepts the example', () => {
    expect(editor.Check(asEditor(example))).toBe(true);
  });
  test.each([
    { args: '--a b' },
    { args: ['--a'] },
    { gpu: 1 },
    { gpu: 'GPU-1' },
    { gpus: [0, 'GPU-1'] },
    { exclusive: 'a' },
    { env: { A: 'b' } },
  ])('accepts %j', (rest) => {
    expect(editor.Check({ models: [{ ...row, ...rest }] })).toBe(true);
  });
  test.each([{ prot: 1 }, { port: 'x' }, { args: 3 }, { gpu: true }, { engine: 'vlm' }])('refuses %j', (rest) => {
    expect(editor.Check({ models: [{ ...row, ...rest }] })).toBe(false);
  });
  test('has no notes that editors do not know', () => {
    expect(JSON.stringify(registryJsonSchema())).not.toMatch(/"(?:defaultNote|rule|json|ignored|~[a-z]+)":/);
  });
});

describe('the example', () => {
  test('states the defaults of the policy', () => {
    const { multiplexer } = asEditor(example) as { readonly multiplexer: object };
    expect(multiplexer).toEqual({ ...POLICY });
  });
  test('loads without a warning', () => {
    expect(warningLines(readTomlRegistry(example))).toEqual([]);
  });
  test.each(
    TABLES.filter(({ header, node }) => header !== '' && freeValueNode(node) === undefined).map(
      ({ header, node }) => [header, node] as const,
    ),
  )('shows every key of %s', (header, node) => {
    const sections = example
      .split(/\n(?=\[)/)
      .filter((section) => section.startsWith(`${header}\n`))
      .join('\n');
    for (const key of Object.keys(node.properties ?? {})) {
      expect([key, new RegExp(`^(?:# ?)?${key} = `, 'm').test(sections)]).toEqual([key, true]);
    }
  });
});
