// What counts as the caller's own words, and what as pasted or injected material.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { instructionIn } from '#core/instruction';

const CASES: readonly (readonly [name: string, text: string, instruction: string])[] = [
  ['plain prose stays', 'plan the work', 'plan the work'],
  ['a fenced block goes', 'fix it:\n```ts\nplan();\n```\nthanks', 'fix it:\nthanks'],
  ['a fence of tildes goes', 'a\n~~~\nplan\n~~~\nb', 'a\nb'],
  ['an outer fence of four marks holds an inner one', 'a\n````\n```\nplan\n```\nplan\n````\nb', 'a\nb'],
  ['an unclosed fence runs to the end', 'fix\n```\nplan', 'fix'],
  ['three marks inside a sentence are no fence', 'use ```x``` here', 'use here'],
  ['inline code goes', 'rename `plan` now', 'rename   now'],
  ['a quoted line goes', '> plan this\nno', 'no'],
  ['quoted words go', 'rename "the plan" to “review”', 'rename   to'],
  ['a reminder goes', '<system-reminder>\nplan\n</system-reminder>\nfix', 'fix'],
  ['a reminder with attributes goes', '<file path="x">plan</file> fix', 'fix'],
  ['an unknown tag loses only itself', '<task>plan it</task>', 'plan it'],
  ['a context tag that never closes is prose', 'see <context> here', 'see   here'],
  ['markers of OpenClaw go', '<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>plan<<<END_OPENCLAW_INTERNAL_CONTEXT>>> fix', 'fix'],
  ['indented code goes', 'fix:\n\n    plan = 1\n\nnow', 'fix:\n\n\nnow'],
  ['an indented list stays', '- a\n\n    - plan', '- a\n\n    - plan'],
  ['a message indented as a whole stays', '\n    plan the work\n    in steps', 'plan the work\n    in steps'],
  ['statements go', 'const plan = review();\nfix it', 'fix it'],
  ['imports go', 'import { plan } from "x"\nfrom plan import fix\nfix it', 'fix it'],
  [
    'sentences that begin like statements stay',
    'if the test fails, fix it\nreturn to the plan',
    'if the test fails, fix it\nreturn to the plan',
  ],
  ['log lines go', '2026-01-02T03:04:05Z INFO plan\nERROR fix\n    at plan (a.ts:1:2)\nwhy', 'why'],
  ['compiler messages go', 'error[E0382]: fix the borrow\nhelp', 'help'],
  ['shell prompts go', '$ git plan\nwhat?', 'what?'],
  ['json goes', '{"plan": ["fix", 1], "a": {}}\nwhat?', 'what?'],
];

test.each(CASES)('%s', (_name, text, instruction) =>
  expect(instructionIn(text).replace(/[ \t]+/g, ' ')).toBe(instruction.replace(/[ \t]+/g, ' ')),
);

const DIFF = `diff --git a/x b/x
index 1..2 100644
--- a/x
+++ b/x
@@ -1,3 +1,3 @@
 plan
-review
+fix
 audit`;

describe('a pasted diff', () => {
  test('goes, and the list that follows it stays', () => {
    expect(instructionIn(`look:\n${DIFF}\n- fix the typo`)).toBe('look:\n- fix the typo');
  });
  test('goes without its git header too', () => {
    expect(instructionIn(`${DIFF.split('\n').slice(2).join('\n')}\nok?`)).toBe('ok?');
  });
  test('that is cut short gives way to prose', () => {
    expect(instructionIn('@@ -1,90 +1,90 @@\n plan\nwhat is this?')).toBe('what is this?');
  });
  test('does not swallow a markdown rule', () => {
    expect(instructionIn('a\n--- \nplan')).toBe('a\n--- \nplan');
  });
});

describe('a message of more than 16 Ki characters', () => {
  const paste = (line: string): string => `${line}\n`.repeat(4_000);

  test('is read at both ends', () => {
    const text = `plan this\n${paste('lorem ipsum')}then fix it`;
    expect(instructionIn(text)).toStartWith('plan this');
    expect(instructionIn(text)).toEndWith('then fix it');
  });
  test('keeps the instruction after a fence that opened in the unread middle', () => {
    const text = `${paste('intro')}\`\`\`\n${paste('plan plan')}\`\`\`\nfix it`;
    expect(instructionIn(text)).not.toContain('plan');
    expect(instructionIn(text)).toEndWith('fix it');
  });
  test('keeps the instruction after an element that opened in the unread middle', () => {
    const text = `${paste('intro')}<file>\n${paste('plan plan')}</file>\nfix it`;
    expect(instructionIn(text)).not.toContain('plan');
    expect(instructionIn(text)).toEndWith('fix it');
  });
  test('drops an element that is still open where the reading stops', () => {
    expect(instructionIn(`go\n<file>\n${paste('plan')}</file>\nfix`)).toBe('go\nfix');
  });
});

test('what is returned consists of pieces of the message', () => {
  const piece = fc.constantFrom(
    '```\n',
    'plan\n',
    '<file>',
    '</file>',
    '> q\n',
    '@@ -1 +1 @@\n',
    '+x\n',
    '"',
    '`',
    '\n',
    'a; ',
    '    b\n',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join('');
      for (const line of instructionIn(text).split('\n')) {
        for (const word of line.split(/\s+/).filter(Boolean)) expect(text).toContain(word);
      }
    }),
  );
});
