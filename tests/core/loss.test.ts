/** Has every field that a dialect cannot carry a rule, and does the rule decide what it should? */
import { describe, expect, test } from 'bun:test';
import { Glob } from 'bun';
import fc from 'fast-check';
import { hardLoss, LOSS_RULES, lossRule, notedLosses, weightOf } from '#core/loss';
import { renderTranslationReference } from '#core/loss-reference';

const DIALECTS = `${import.meta.dir}/../../src/dialects`;

const sources = await Promise.all(
  [...new Glob('**/*.ts').scanSync(DIALECTS)].map(async (file) => ({
    file,
    text: await Bun.file(`${DIALECTS}/${file}`).text(),
  })),
);

const literals = sources.flatMap(({ file, text }) =>
  [...text.matchAll(/losses\.add\('([^']+)'\)/g)].map(([, name = '']) => ({ file, name })),
);

test('the names that dialects report are found', () => {
  expect(literals.length).toBeGreaterThan(40);
});

for (const { file, name } of literals) {
  test(`${name} (${file}) has a row, or one for its family`, () => {
    expect(lossRule(name).name).not.toBe('*');
  });
}

test('no name has two rows, and each row says what becomes of the field', () => {
  const names = LOSS_RULES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { fate } of LOSS_RULES) expect(fate.length).toBeGreaterThan(10);
});

test('every name has a rule', () => {
  fc.assert(fc.property(fc.string(), (name) => expect(lossRule(name).name).toBeDefined()));
});

describe('weights', () => {
  const CASES: readonly (readonly [string, string])[] = [
    ['cache_control', 'harmless'],
    ['prompt_cache_key', 'harmless'],
    ['a_field_of_tomorrow', 'noted'],
    ['thinking', 'noted'],
    ['tools.web_search_20260209', 'noted'],
    ['tools.custom', 'hard'],
    ['messages.user.audio', 'hard'],
    ['messages.image.file', 'hard'],
    ['messages.document.url', 'hard'],
    ['messages.block_of_tomorrow', 'hard'],
    ['messages.unnamed-field', 'hard'],
    ['messages.thinking.signature', 'noted'],
    ['input.input_image.file_id', 'hard'],
    ['input.web_search_call', 'noted'],
    ['tool_choice', 'hard'],
    ['n', 'hard'],
    ['and-more', 'hard'],
  ];
  for (const [name, weight] of CASES) {
    test(`${name} is ${weight}`, () => expect(weightOf(name)).toBe(weight as ReturnType<typeof weightOf>));
  }
});

test('the first hard loss counts, and harmless ones are not recorded', () => {
  expect(hardLoss(['thinking', 'cache_control'])).toBeUndefined();
  expect(hardLoss(['thinking', 'stop', 'n'])).toBe('stop');
  expect(notedLosses(['cache_control', 'thinking', 'store', 'stop'])).toEqual(['thinking', 'stop']);
});

test('the reference page tells every row', () => {
  const page = renderTranslationReference();
  for (const { name, fate } of LOSS_RULES) expect(page).toContain(`| \`${name}\` | ${fate} |`);
});
