// How the marks of harnesses are read: which one wins, what is no mark, and that nonsense is never believed or thrown at.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { harnessSignals } from '#core/harness-signals';
import type { SignalFacts } from '#core/harness-table';

const FACTS: SignalFacts = { toolNames: ['bash'], wantsJson: false, firstUserText: 'hello' };
const read = (headers: Readonly<Record<string, string>>, facts: Partial<SignalFacts> = {}) =>
  harnessSignals((name) => (Object.hasOwn(headers, name) ? headers[name] : undefined), { ...FACTS, ...facts });

const CLAUDE = { 'x-claude-code-session-id': 's' };
const metadata = (fields: object) => ({ 'x-codex-turn-metadata': JSON.stringify(fields) });

describe('Claude Code', () => {
  test.each([
    ['main', 'main'],
    ['subagent', 'subagent'],
    ['workflow', 'workflow'],
    ['compaction', 'compaction'],
    ['auxiliary', 'auxiliary'],
    ['side_reply', 'side-reply'],
  ])('its word %s is read as %s', (word, requestClass) =>
    expect(read({ ...CLAUDE, 'x-claude-code-request-class': word })).toEqual({
      harness: 'claude-code',
      requestClass: requestClass as never,
    }),
  );
  test('a word it does not have says nothing more than its absence', () =>
    expect(read({ ...CLAUDE, 'x-claude-code-request-class': 'constructor' }).requestClass).toBe('main'));
  test('without hint headers an agent id means a sub-agent', () =>
    expect(read({ ...CLAUDE, 'x-claude-code-agent-id': 'a1' }).requestClass).toBe('subagent'));
  test('without hint headers JSON demanded without tools is its title request', () => {
    expect(read(CLAUDE, { toolNames: [], wantsJson: true }).requestClass).toBe('title');
    expect(read(CLAUDE, { toolNames: [] })).toEqual({ harness: 'claude-code' });
  });
  test('its request class counts only beside its session', () =>
    expect(read({ 'x-claude-code-request-class': 'auxiliary' })).toEqual({}));
});

describe('Codex', () => {
  test.each([
    [metadata({ request_kind: 'turn' }), 'main'],
    [metadata({ request_kind: 'compaction' }), 'compaction'],
    [metadata({ request_kind: 'prewarm' }), 'prewarm'],
    [{ ...metadata({ request_kind: 'turn' }), 'x-openai-subagent': 'review' }, 'subagent'],
    [{ ...metadata({ request_kind: 'turn' }), 'x-codex-parent-thread-id': 'p' }, 'subagent'],
  ])('%j is a request of class %s', (headers, requestClass) =>
    expect(read(headers)).toEqual({ harness: 'codex', requestClass: requestClass as never }),
  );
  test.each([
    ['no JSON', { 'x-codex-turn-metadata': '{"request_kind":"compaction"' }],
    ['no object', { 'x-codex-turn-metadata': '"compaction"' }],
    ['an unknown kind', metadata({ request_kind: 'toString' })],
    ['a kind of another type', metadata({ request_kind: ['compaction'] })],
    ['too long to be one', metadata({ request_kind: 'compaction', pad: 'x'.repeat(9_000) })],
    ['a kind inside another text', metadata({ agent_name: '"request_kind":"compaction"' })],
  ])('turn metadata that is %s says nothing of the class', (_name, headers) =>
    expect(read(headers)).toEqual({ harness: 'codex' }),
  );
});

describe('opencode', () => {
  const agent = { 'user-agent': 'opencode/1.18.33 ai-sdk/provider-utils/4.0.23' };
  test('asks for a title without tools and in its own words', () => {
    const firstUserText = 'Generate a title for this conversation:\n';
    expect(read(agent, { toolNames: [], firstUserText }).requestClass).toBe('title');
    expect(read(agent, { firstUserText }).requestClass).toBe('main');
    expect(read(agent, { toolNames: [] }).requestClass).toBeUndefined();
  });
  test('names the session that started a sub-agent', () =>
    expect(read({ ...agent, 'x-parent-session-id': 'ses_1' }).requestClass).toBe('subagent'));
});

describe('Qwen Code', () => {
  const agent = { 'user-agent': 'QwenCode/0.24.4 (linux; x64)' };
  const tools = ['read_file', 'grep_search', 'glob', 'run_shell_command', 'write_file', 'edit'];
  test('updates its memory with six tools, exactly these', () => {
    expect(read(agent, { toolNames: tools }).requestClass).toBe('memory');
    expect(read(agent, { toolNames: [...tools, 'agent'] }).requestClass).toBeUndefined();
    expect(read(agent, { toolNames: tools.slice(1) }).requestClass).toBeUndefined();
  });
});

test('a stranger is nobody, and neither are its words', () =>
  expect(read({ 'user-agent': 'curl/8.5' }, { toolNames: [], firstUserText: 'Generate a title for this' })).toEqual(
    {},
  ));

test('whatever the headers hold, reading them gives closed words and never throws', () => {
  const name = fc.constantFrom(
    'x-claude-code-session-id',
    'x-claude-code-request-class',
    'x-claude-code-agent-id',
    'x-codex-turn-metadata',
    'x-openai-subagent',
    'x-codex-parent-thread-id',
    'x-parent-session-id',
    'user-agent',
  );
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.constantFrom('__proto__', 'pi (', 'codex_x'));
  const words = /^(?:claude-code|codex|opencode|pi|qwen-code|(?:anthropic|openai|ai)-sdk)$/;
  const classes = /^(?:main|subagent|workflow|compaction|auxiliary|side-reply|title|memory|prewarm)$/;
  fc.assert(
    fc.property(fc.dictionary(name, value), fc.array(fc.string()), fc.boolean(), (headers, toolNames, wantsJson) => {
      const { harness, requestClass } = read(headers, { toolNames, wantsJson });
      if (harness !== undefined) expect(harness).toMatch(words);
      if (requestClass !== undefined) expect(harness).toBeDefined();
      if (requestClass !== undefined) expect(requestClass).toMatch(classes);
    }),
  );
});
