// The requests that real harnesses sent: whose each is, and what it is for, by its recorded headers and body.
import { expect, test } from 'bun:test';
import { harnessSignals } from '#core/harness-signals';
import type { Harness, HeaderReader } from '#core/harness-table';
import type { JsonObject } from '#core/message';
import type { RequestClass } from '#core/request-class';
import { dialects } from '#dialects/dialect';

const FOLDER = new URL('../fixtures/recordings/', import.meta.url).pathname;

interface Recording {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

/** By folder, then by file where one differs; `undefined` where the marks do not say. */
const EXPECTED: Readonly<Record<string, readonly [Harness | undefined, RequestClass | undefined]>> = {
  'claude-code': ['claude-code', 'main'],
  'claude-code/4-subagent': ['claude-code', 'subagent'],
  'claude-code/6-title-auxiliary': ['claude-code', 'auxiliary'],
  'claude-code-router': [undefined, undefined],
  cline: ['ai-sdk', undefined],
  codex: ['codex', 'main'],
  'codex/3-compaction': ['codex', 'compaction'],
  // Its body is a WebSocket message; the headers of the handshake were not kept.
  'codex/6-websocket-incremental': [undefined, undefined],
  continue: [undefined, undefined],
  openclaw: ['openai-sdk', undefined],
  'openclaw/4-anthropic-tool-result': [undefined, undefined],
  opencode: ['opencode', 'main'],
  'opencode/1-title': ['opencode', 'title'],
  pi: ['pi', undefined],
  'pi-mario': ['openai-sdk', undefined],
  'pi-mario/3-anthropic-tool-result': ['anthropic-sdk', undefined],
  'qwen-code': ['qwen-code', undefined],
  'qwen-code/3-memory-update': ['qwen-code', 'memory'],
  // It borrows the User-Agent of Claude Code.
  'qwen-code/4-anthropic-tool-result': [undefined, undefined],
  'sdk-anthropic': ['anthropic-sdk', undefined],
  'sdk-openai': ['openai-sdk', undefined],
  'sdk-vercel-ai': ['ai-sdk', undefined],
};

const factsOf = ({ path, body }: Recording) => {
  const dialect = Object.values(dialects).find((each) => each.path === path) ?? dialects['anthropic-messages'];
  const { thread: _unused, previous_response_id: _stateful, ...rest } = body;
  const read = dialect.readRequest({ max_tokens: 1, ...rest }, '{}');
  if ('kind' in read) throw new Error(read.message);
  return read.facts;
};

const readerOf =
  (headers: Recording['headers']): HeaderReader =>
  (name) =>
    headers[name];

const names = [...new Bun.Glob('*/*.json').scanSync(FOLDER)].map((file) => file.replace(/\.json$/, '')).sort();

test('there are recordings of most harnesses', () =>
  expect(new Set(names.map((name) => name.split('/')[0])).size).toBeGreaterThan(10));

for (const name of names)
  test(`${name} is known by its marks`, async () => {
    const recording = (await Bun.file(`${FOLDER}${name}.json`).json()) as Recording;
    const expected = EXPECTED[name] ?? EXPECTED[name.split('/')[0] ?? ''];
    const { harness, requestClass } = harnessSignals(readerOf(recording.headers), factsOf(recording));
    expect([harness, requestClass]).toEqual([...(expected ?? ['nobody expected this recording', undefined])] as never);
  });
