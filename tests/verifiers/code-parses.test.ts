/** Which fenced blocks prove that an answer broke off? */
import { describe, expect, test } from 'bun:test';
import type { StreamPart } from '#core/message';
import { judge, judgeParts, verdict } from '#tests/verifiers/support';
import { codeParses } from '#verifiers/code-parses';

const lines = (...rows: readonly string[]): string => rows.join('\n');

describe('fences that are never closed', () => {
  const cases: readonly [title: string, text: string, expected: string][] = [
    ['a tagged block at the end', '```python\nprint(1)', 'fence-never-closed'],
    ['a tagged block with nothing in it', 'Here it is:\n\n```python', 'fence-never-closed'],
    ['a tagged tilde block', '~~~js\nlet a;', 'fence-never-closed'],
    ['a four-mark block that only three marks follow', lines('````md', '```', 'text', '```'), 'pass'],
    ['a four-mark block with nothing like an end', lines('````md', 'text'), 'fence-never-closed'],
    ['the second of two blocks', lines('```js', 'a', '```', 'then', '```ts', 'b'), 'fence-never-closed'],
    ['a block ended with the other mark', lines('```js', 'a', '~~~'), 'pass'],
    ['a block whose end is glued to code', lines('```js', 'a()```'), 'pass'],
    ['a bare fence, which may end what the request began', lines('print(1)', '```', 'That prints one.'), 'pass'],
    ['a bare fence with code behind it', lines('```', 'print(1)'), 'pass'],
    ['prose that begins with marks', '```json is the tag to use here', 'pass'],
    ['an inline span of three marks', '```let a = 1``` is enough.', 'pass'],
    ['a block deep inside a list', lines('1. run', '', '       ```bash', '       npm i'), 'pass'],
    [
      'four-mark outer block with a three-mark block inside',
      lines('````markdown', '```js', 'a', '```', '````'),
      'pass',
    ],
    ['a tilde block around a backtick block', lines('~~~', '```js', 'a', '```', '~~~'), 'pass'],
    ['a longer closing fence', lines('```js', 'a', '`````'), 'pass'],
    ['a closing fence with blanks behind it', lines('```js', 'a', '```  \t'), 'pass'],
    ['Windows line ends', '```js\r\na\r\n```\r\n', 'pass'],
    ['a block inside a list item', lines('- item', '  ```js', '  a', '  ```'), 'pass'],
    ['a closing fence a little deeper than the opening', lines('```js', 'a', '   ```'), 'pass'],
    ['an info string with a title', lines('```js title="a.js"', 'a'), 'pass'],
    ['a line of marks longer than we keep', '`'.repeat(500), 'pass'],
  ];
  test.each(cases)('%s', (_title, text, expected) => {
    for (const size of [1, 3, 1000]) expect(verdict(codeParses, { text }, undefined, [size])).toBe(expected);
  });

  test.each(['length', 'context-overflow', 'stop-sequence', 'refusal', 'content-filter', 'pause'] as const)(
    'a block cut by %s is not this check’s business',
    (reason) => {
      expect(verdict(codeParses, { text: '```python\nprint(1', reason })).toBe('pass');
    },
  );

  test.each(['stop', 'tool-calls', 'other', null] as const)('a block cut by %p is proof', (reason) => {
    expect(verdict(codeParses, { text: '```python\nprint(1', reason })).toBe('fence-never-closed');
  });

  test('beside a tool call the text is only commentary', () => {
    expect(verdict(codeParses, { text: '```python\nprint(1', calls: [{ json: '{}' }] })).toBe('pass');
  });

  test('a doubtful end lowers the score without failing', () => {
    expect(judge(codeParses, { text: 'print(1)\n```\nThat prints one.' }).score).toBe(0.7);
    expect(judge(codeParses, { text: '```\nprint(1)\n```' }).score).toBe(1);
  });

  const wellClosed: readonly [title: string, text: string][] = [
    ['fewer marks inside a longer fence', lines('````md', '```', 'text', '````')],
    ['the other mark inside', lines('~~~', '```js', 'a', '```', '~~~')],
    ['marks too deep to be the end', lines('```js', 'a', '       ```', 'b', '```')],
    ['a line of marks longer than we keep', '`'.repeat(500)],
    ['marks in the middle of a line', 'Use ``` or ~~~ for a block.'],
  ];
  test.each(wellClosed)('%s leaves no doubt', (_title, text) => {
    expect(judge(codeParses, { text })).toEqual({ finding: undefined, score: 1, provenAt: -1 });
  });

  test('marks that only seem to follow one another are no end', () => {
    expect(verdict(codeParses, { text: '```python\nx``\n`y' })).toBe('fence-never-closed');
    expect(verdict(codeParses, { text: '```python\nx``abc`' }, undefined, [10, 3, 3, 1])).toBe('fence-never-closed');
  });

  test('each text block begins a new line', () => {
    const parts: StreamPart[] = [
      { type: 'text-delta', index: 0, text: 'Look:' },
      { type: 'text-delta', index: 3, text: '```js\na\n```' },
    ];
    expect(judgeParts(codeParses, parts).finding).toBeUndefined();
    expect(judgeParts(codeParses, parts).score).toBe(1);
  });
});

describe('JSON blocks', () => {
  const cases: readonly [title: string, body: string, expected: string][] = [
    ['a whole document', '{"a": [1, 2]}', 'pass'],
    ['an empty block', '', 'pass'],
    ['a string cut in the middle', '{"name": "anv', 'json-block-cut'],
    ['a literal cut in the middle', '{"ok": tr', 'json-block-cut'],
    ['a number cut after its sign', '[-', 'json-block-cut'],
    ['a string on the last of many lines', '{\n  "a": 1,\n  "b": "x', 'json-block-cut'],
    ['an excerpt that stops after a comma', '{\n  "name": "anvil",', 'pass'],
    ['an excerpt that stops after a bracket', '{\n  "compilerOptions": {', 'pass'],
    ['an ellipsis for the rest', '{\n  "a": 1,\n  ...\n}', 'pass'],
    ['an ellipsis inside a string', '{"key": "sk-abc...', 'pass'],
    ['a comment', '{\n  // the port\n  "port": 1\n}', 'pass'],
    ['several documents', '{"a":1}\n{"b":2}', 'pass'],
    ['a fragment of an object', '"scripts": { "test": "bun test" }', 'pass'],
    ['single quotes', "{'a': 1}", 'pass'],
    ['a trailing comma', '[1,2,]', 'pass'],
  ];
  test.each(cases)('%s', (_title, body, expected) => {
    const text = `Result:\n\`\`\`json\n${body}\n\`\`\`\nDone.`;
    for (const size of [1, 4, 1000]) expect(verdict(codeParses, { text }, undefined, [size])).toBe(expected);
  });

  test('the proof comes when the block ends, before the answer does', () => {
    const text = '```json\n{"a": "b\n```\nAnd more.';
    expect(judge(codeParses, { text }, undefined, [1]).provenAt).toBeGreaterThan(0);
  });

  test('only the tag json alone means strict JSON', () => {
    for (const tag of ['jsonc', 'json5', 'json title="x"', 'js', '']) {
      expect(verdict(codeParses, { text: `\`\`\`${tag}\n{"a": "b\n\`\`\`\n` })).toBe('pass');
    }
    expect(verdict(codeParses, { text: '```JSON\n{"a": "b\n```\n' })).toBe('json-block-cut');
  });

  test('a line longer than we keep ends our interest in its block', () => {
    const text = `\`\`\`json\n{"a": "${'x'.repeat(70_000)}\n\`\`\`\n`;
    expect(verdict(codeParses, { text }, undefined, [4096])).toBe('pass');
  });
});
