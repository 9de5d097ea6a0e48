/** Another program's YAML gets what is meant; its comments and the other entries stay. */
import { describe, expect, test } from 'bun:test';
import { parse } from 'yaml';
import type { Edit } from '#platform/document-edit';
import { editYaml } from '#platform/yaml-edit';

const EDITS: readonly Edit[] = [
  { kind: 'default', path: ['name'], value: 'anvil' },
  { kind: 'upsert', path: ['models'], by: ['name'], values: [{ name: 'planning', tokens: 5 }] },
];

const textOf = (text: string): string => {
  const result = editYaml(text, EDITS);
  if (!result.ok) throw new Error(result.problem);
  return result.text;
};

test('an empty text becomes a document', () => {
  expect(textOf('')).toBe('name: anvil\nmodels:\n  - name: planning\n    tokens: 5\n');
});

test('comments, order and foreign entries stay', () => {
  const before =
    '# mine\nname: Home # me\nmodels:\n  # the big one\n  - name: other\n    apiKey: x\nrules:\n  - be brief\n';
  const after = textOf(before);
  expect(after).toBe(
    '# mine\nname: Home # me\nmodels:\n  # the big one\n  - name: other\n    apiKey: x\n  - name: planning\n    tokens: 5\nrules:\n  - be brief\n',
  );
  expect(editYaml(after, EDITS)).toEqual({ ok: true, text: after, kept: ['name'] });
});

test('an entry of ours is replaced in its place', () => {
  const after = textOf('models:\n  - name: planning\n    tokens: 1\n  - name: other\n');
  expect(parse(after)).toEqual({ models: [{ name: 'planning', tokens: 5 }, { name: 'other' }], name: 'anvil' });
});

test('a document that says it already keeps every byte, odd spacing included', () => {
  const text = 'name:   anvil\nmodels: [ {name: planning,   tokens: 5} ]\n\n\n';
  expect(textOf(text)).toBe(text);
});

describe('what cannot be edited is refused', () => {
  const cases: readonly (readonly [text: string, problem: RegExp])[] = [
    ['a: [1\nb: 2\n', /^not YAML: .* at line \d+, column \d+$/],
    ['- a\n- b\n', /^not a YAML map$/],
    ['a: 1\n---\nb: 2\n', /^not YAML: multiple docs at line 2/],
  ];
  for (const [text, problem] of cases) {
    test(JSON.stringify(text), () => {
      const result = editYaml(text, EDITS);
      expect(result.ok ? result.text : result.problem).toMatch(problem);
    });
  }

  test('and so is a parent that is no map', () => {
    const edit: Edit = { kind: 'set', path: ['models', 'anvil'], value: 1 };
    expect(editYaml('models: [a]\n', [edit])).toEqual({ ok: false, problem: 'models is no map there' });
  });
});
