/** Does any answer that a person would call good ever fail? */
import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VerifyContext } from '#core/verifier';
import { type AnswerSketch, type CallSketch, contextOf, partsOf, tool } from '#tests/verifiers/support';
import { createChain } from '#verifiers/chain';

const folder = join(import.meta.dir, 'good-answers');

/** Cases of one file: a line `=== title`, then the answer up to the next such line. */
const readCases = (file: string): [title: string, text: string][] =>
  readFileSync(join(folder, file), 'utf8')
    .split(/^=== /m)
    .slice(1)
    .map((block): [string, string] => {
      const [title = '', ...rows] = block.split('\n');
      return [title, rows.join('\n')];
    });

const firstFinding = (answer: AnswerSketch, context: VerifyContext, sizes: readonly number[]): unknown => {
  const chain = createChain({ level: 'full', context, micros: () => 0 });
  for (const part of partsOf(answer, sizes)) {
    const finding = chain.observe(part);
    if (finding !== undefined) return finding;
  }
  return chain.finish({ usage: answer.usage });
};

const neverFails = (answer: AnswerSketch, context = contextOf()): void => {
  for (const size of [1, 2, 3, 7, 100_000]) expect(firstFinding(answer, context, [size])).toBeUndefined();
};

const files = readdirSync(folder);
test('the corpus is as large as we think', () => {
  const texts = files.flatMap(readCases).map(([, text]) => text);
  expect(texts.length).toBeGreaterThanOrEqual(70);
  for (const text of texts) expect(text.trim()).not.toBe('');
});

for (const file of files) {
  describe(file, () => {
    test.each(readCases(file))('%s', (_title, text) => {
      neverFails({ text });
      neverFails({ text: text.trimEnd() });
      neverFails({ text: text.replaceAll('\n', '\r\n') });
      neverFails({ text, thinking: 'Let me see.', reason: null });
    });

    test('every answer of the file cut short by a filled cap', () => {
      const usage = { input: 5, output: 4096 };
      for (const [, text] of readCases(file)) {
        const answer: AnswerSketch = { text: text.slice(0, Math.ceil(text.length * 0.7)), reason: 'length', usage };
        expect(firstFinding(answer, contextOf({ maxOutputTokens: 4096 }), [5])).toBeUndefined();
      }
    });
  });
}

describe('tool calls', () => {
  const tools = [
    tool('bash', {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        command: { type: 'string', description: 'What to run' },
        timeout: { type: 'number', maximum: 600_000 },
        run_in_background: { type: 'boolean' },
      },
      required: ['command'],
      additionalProperties: false,
    }),
    tool('todo', {
      type: 'object',
      properties: {
        todos: {
          type: 'array',
          items: {
            type: 'object',
            properties: { content: { type: 'string', minLength: 1 }, status: { enum: ['pending', 'done'] } },
            required: ['content', 'status'],
          },
        },
      },
      required: ['todos'],
    }),
    tool('edit', {
      type: 'object',
      properties: {
        path: { type: 'string' },
        edits: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'object' } }] },
      },
      required: ['path'],
    }),
    tool('list_agents', {}),
    tool('mcp__github__search-issues', { type: 'object', properties: { q: { type: 'string', pattern: '^.+$' } } }),
  ];
  const cases: readonly [title: string, text: string, calls: CallSketch[]][] = [
    ['one call, no text', '', [{ name: 'bash', json: '{"command":"ls -la"}' }]],
    [
      'text, then a call',
      'Let me look at the tests first.',
      [{ name: 'bash', json: '{"command": "bun test", "timeout": 120000}' }],
    ],
    ['spaces and line breaks between the tokens', '', [{ name: 'bash', json: '{\n  "command" : "ls"\n}\n' }]],
    ['options sent as null', '', [{ name: 'bash', json: '{"command":"ls","timeout":null,"run_in_background":null}' }]],
    [
      'a command full of quotes and escapes',
      '',
      [
        {
          name: 'bash',
          json: JSON.stringify({ command: 'grep -R "a\\b" . | awk \'{print $1}\'\n\t# \u0007 \u{1f600}' }),
        },
      ],
    ],
    [
      'a file written in one argument',
      '',
      [{ name: 'edit', json: JSON.stringify({ path: 'a.md', edits: '```js\nlet a;\n```\n'.repeat(200) }) }],
    ],
    ['three calls at once', '', [1, 2, 3].map((n) => ({ name: 'bash', json: `{"command":"echo ${n}"}` }))],
    [
      'a list of objects',
      'Plan:',
      [
        {
          name: 'todo',
          json: '{"todos":[{"content":"read","status":"done"},{"content":"write","status":"pending","note":"x"}]}',
        },
      ],
    ],
    ['an empty list', '', [{ name: 'todo', json: '{"todos":[]}' }]],
    ['the other branch of a union', '', [{ name: 'edit', json: '{"path":"a","edits":[{"old":"x","new":"y"}]}' }]],
    ['no arguments at all', '', [{ name: 'list_agents', json: '' }]],
    ['an empty object of arguments', '', [{ name: 'list_agents', json: '{}' }]],
    [
      'a name with dashes and double underscores',
      '',
      [{ name: 'mcp__github__search-issues', json: '{"q":"is:open"}' }],
    ],
    [
      'an unclosed block in the words before a call',
      'I will run\n```bash\nls',
      [{ name: 'bash', json: '{"command":"ls"}' }],
    ],
    [
      'a large number of items',
      '',
      [
        {
          name: 'todo',
          json: JSON.stringify({
            todos: Array.from({ length: 2000 }, (_, n) => ({ content: `step ${n}`, status: 'pending' })),
          }),
        },
      ],
    ],
  ];
  test.each(cases)('%s', (_title, text, calls) => {
    for (const toolChoice of [undefined, { kind: 'auto' }, { kind: 'required' }] as const) {
      neverFails({ text, calls, reason: 'tool-calls' }, contextOf({ tools, ...(toolChoice && { toolChoice }) }));
    }
    neverFails({ text, calls, reason: 'stop' });
  });
});

describe('answers to special requests', () => {
  const titleSchema = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] };
  const cases: readonly [title: string, answer: AnswerSketch, context: VerifyContext][] = [
    [
      'a probe of one token',
      { text: 'H', reason: 'length', usage: { input: 9, output: 1 } },
      contextOf({ maxOutputTokens: 1 }),
    ],
    ['a probe of one token without usage', { text: 'H', reason: 'length' }, contextOf({ maxOutputTokens: 1 })],
    [
      'a filled cap in the middle of code',
      { text: '```python\ndef f(', reason: 'length', usage: { input: 9, output: 256 } },
      contextOf({ maxOutputTokens: 256 }),
    ],
    [
      'a title as JSON',
      { text: '{"title": "Fix the parser"}' },
      contextOf({ outputFormat: { kind: 'json-schema', schema: titleSchema } }),
    ],
    [
      'a title as a fenced block',
      { text: '```json\n{"title": "x"}\n```\n' },
      contextOf({ outputFormat: { kind: 'json' } }),
    ],
    [
      'a refusal where JSON was demanded',
      { refusal: 'I will not do that.', reason: 'refusal' },
      contextOf({ outputFormat: { kind: 'json' } }),
    ],
    ['a polite refusal in words', { text: "I'm sorry, but I can't help with that." }, contextOf()],
    [
      'a code review that quotes broken code',
      { text: 'This line is wrong:\n\n```js\nif (a {\n```\n\nA bracket is missing.' },
      contextOf(),
    ],
    ['thinking, then one word', { thinking: '```python\nopen fence in thought', text: 'Yes.' }, contextOf()],
    ['a stop at the caller’s own stop string', { text: '```js\nlet a;\n', reason: 'stop-sequence' }, contextOf()],
    ['a paused turn without text', { reason: 'pause' }, contextOf()],
  ];
  test.each(cases)('%s', (_title, answer, context) => neverFails(answer, context));
});
