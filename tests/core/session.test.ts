// Which mark identifies a session, in the order of trust, and that the mark itself never shows.
import { describe, expect, test } from 'bun:test';
import { type SessionInput, sessionOf } from '#core/session';

const hash = (text: string): string => new Bun.CryptoHasher('sha256').update(text).digest('hex');

const marked = (
  headers: Record<string, string> = {},
  raw: SessionInput['raw'] = {},
  fields: Partial<SessionInput> = {},
) =>
  sessionOf({
    header: (name) => headers[name],
    raw,
    model: 'planning',
    facts: { systemText: 'You are helpful.', firstUserText: 'hello' },
    tokenName: undefined,
    hash,
    ...fields,
  });

const UUID = 'b5a2dfc6-90d0-45f0-adfc-596108c8fad9';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const userId = (text: string) => ({ metadata: { user_id: text } });

/** Every source in order of trust; a request that carries several is known by the first. */
const SOURCES: readonly (readonly [from: string, headers: Record<string, string>, raw: Record<string, unknown>])[] = [
  ['x-claude-code-session-id', { 'x-claude-code-session-id': UUID }, {}],
  ['session-id', { 'session-id': UUID }, {}],
  ['session_id', { session_id: UUID }, {}],
  ['x-session-id', { 'x-session-id': UUID }, {}],
  ['x-session-affinity', { 'x-session-affinity': UUID }, {}],
  ['metadata.user_id', {}, userId(JSON.stringify({ device_id: 'd', session_id: UUID }))],
  ['prompt_cache_key', {}, { prompt_cache_key: UUID }],
  ['traceparent', { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }, {}],
  ['client_metadata.session_id', {}, { client_metadata: { session_id: UUID } }],
];

test.each(SOURCES)('%s is recognised', (from, headers, raw) => {
  const { from: found, id } = marked(headers, raw);
  expect(found).toBe(from as never);
  expect(id).toMatch(/^ses_[0-9a-f]{16}$/);
  expect(id).not.toContain(UUID.slice(0, 8));
});

test.each(SOURCES.map((source, index) => [source[0], index] as const))(
  '%s outranks everything after it',
  (from, index) => {
    const rest = SOURCES.slice(index);
    const headers = Object.assign({}, ...rest.map(([, each]) => each));
    const raw = Object.assign({}, ...rest.map(([, , each]) => each));
    expect(marked(headers, raw).from).toBe(from as never);
  },
);

test('the same mark is the same session wherever it is carried', () => {
  const ids = SOURCES.filter(([from]) => from !== 'traceparent').map(([, headers, raw]) => marked(headers, raw).id);
  expect(new Set(ids).size).toBe(1);
  expect(marked({}, userId(`user_0123_account__session_${UUID}`)).id).toBe(ids[0] as string);
});

describe('what is no mark', () => {
  test.each([
    ['a blank header', { 'session-id': '  ' }, {}],
    ['an over-long header', { 'session-id': 'x'.repeat(257) }, {}],
    ['a trace id of zeros', { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` }, {}],
    ['a malformed traceparent', { traceparent: 'x' }, {}],
    ['a user id without a session', {}, userId('alice')],
    ['a user id of broken JSON', {}, userId('{"session_id":')],
    ['a user id of JSON null', {}, userId('{}')],
    ['metadata of another type', {}, { metadata: 7 }],
    ['a cache key of another type', {}, { prompt_cache_key: 7 }],
    ['client metadata of another type', {}, { client_metadata: 'x' }],
  ] as const)('%s falls back to the opening', (_name, headers, raw) =>
    expect(marked(headers, raw).from).toBe('opening'),
  );
});

describe('the opening', () => {
  const opened = (systemText: string, firstUserText: string, tokenName?: string) =>
    marked({}, {}, { facts: { systemText, firstUserText }, tokenName }).id;

  test('tells conversations apart by system text, first words and token', () => {
    const ids = [
      opened('a', 'b'),
      opened('a', 'c'),
      opened('x', 'b'),
      opened('a', 'b', 'alice'),
      opened('a', 'b', 'bob'),
    ];
    expect(new Set(ids).size).toBe(5);
    expect(opened('a', 'b', 'alice')).toBe(ids[3] as string);
  });
  test('does not change with later system text or with the billing line of a client version', () => {
    const long = 's'.repeat(3_000);
    expect(opened(`${long} and more`, 'b')).toBe(opened(long, 'b'));
    expect(opened('x-anthropic-billing-header: cc_version=2;\nhelp', 'b')).toBe(
      opened('x-anthropic-billing-header: cc_version=3;\nhelp', 'b'),
    );
  });
  test('is never mistaken for a mark with the same words', () => {
    expect(marked({ 'session-id': 'a\nb' }).id).not.toBe(opened('a', 'b'));
  });
});

test('one mark under two tokens is two sessions', () => {
  const headers = { 'session-id': UUID };
  expect(marked(headers, {}, { tokenName: 'alice' }).id).not.toBe(marked(headers, {}, { tokenName: 'bob' }).id);
});

test('a lane tells sub-agents and presets of one session apart', () => {
  const headers = { 'x-claude-code-session-id': UUID };
  const lanes = [
    marked(headers),
    marked(headers, {}, { model: 'review' }),
    marked({ ...headers, 'x-claude-code-agent-id': 'a1' }),
    marked({ ...headers, 'x-claude-code-agent-id': 'a2' }),
  ];
  expect(new Set(lanes.map(({ lane }) => lane)).size).toBe(4);
  expect(new Set(lanes.map(({ id }) => id)).size).toBe(1);
  expect(marked(headers, {}, { model: ' PLANNING ' }).lane).toBe(lanes[0]?.lane as string);
});

describe('sub-agents that run as sessions of their own', () => {
  const parent = marked({ 'x-session-id': 'ses_parent' });
  test('belong to the session that started them, in a lane of their own', () => {
    const child = marked({ 'x-session-id': 'ses_child', 'x-parent-session-id': 'ses_parent' });
    const other = marked({ 'x-session-id': 'ses_other', 'x-parent-session-id': 'ses_parent' });
    expect([child.id, other.id]).toEqual([parent.id, parent.id]);
    expect(child.from).toBe('x-parent-session-id');
    expect(new Set([parent.lane, child.lane, other.lane]).size).toBe(3);
  });
  test('of Codex are threads: of their parent, or of the session whose id they keep', () => {
    const main = marked({ 'session-id': 'one', 'thread-id': 'one' });
    const own = marked({ 'session-id': 'two', 'thread-id': 'two', 'x-codex-parent-thread-id': 'one' });
    const kept = marked({ 'session-id': 'one', 'thread-id': 'two', 'x-codex-parent-thread-id': 'one' });
    expect([own.id, kept.id]).toEqual([main.id, main.id]);
    expect([own.lane, kept.lane].every((lane) => lane !== main.lane)).toBe(true);
    expect(main.lane).toBe(marked({ 'session-id': 'one' }).lane);
  });
  test('a parent without a session of its own beside it is no mark', () => {
    expect(marked({ 'x-parent-session-id': 'ses_parent' }).from).toBe('opening');
    expect(marked({ 'x-session-id': 'a', 'x-parent-session-id': ' ' }).from).toBe('x-session-id');
  });
});

test('a request beside the conversation has a lane of its own, a compaction has not', () => {
  const headers = { 'x-claude-code-session-id': UUID };
  const main = marked(headers).lane;
  for (const requestClass of ['title', 'auxiliary', 'memory', 'side-reply'] as const)
    expect(marked(headers, {}, { requestClass }).lane).not.toBe(main);
  for (const requestClass of ['main', 'compaction', 'subagent'] as const)
    expect(marked(headers, {}, { requestClass }).lane).toBe(main);
});
