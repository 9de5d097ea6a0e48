/** Two turns of one conversation: does a local tier see the second begin like the first, and a cloud the caller's bytes? */
import { describe, expect, test } from 'bun:test';
import { explain } from '#core/explain';
import { ask, CHAT, MESSAGES, openSmallHouse, type SmallHouseOptions } from '#tests/router/small-house';
import { chatRequest, messagesRequest } from '#tests/support/two-tiers';

const DIGESTS = ['eb6c6', '1c8b4'];
const CLOCKS = ['10:55:12', '10:57:40'];

/** What a harness sends at its first and second turn: a billing line and a clock at the beginning, then the talk. */
const systemAt = (turn: number): readonly string[] => [
  `x-anthropic-billing-header: cc_version=2.1.329.bee; cc_entrypoint=cli; cch=${DIGESTS[turn]};`,
  `You are an agent.\nCurrent time: ${CLOCKS[turn]}\nBe brief.`,
];
const TALK = [
  [{ role: 'user', content: 'hello there' }],
  [
    { role: 'user', content: 'hello there' },
    { role: 'assistant', content: 'Hello!' },
    { role: 'user', content: 'and now?' },
  ],
];

const chatTurn = (turn: number) =>
  chatRequest({ messages: [...systemAt(turn).map((content) => ({ role: 'system', content })), ...(TALK[turn] ?? [])] });
const messagesTurn = (turn: number) =>
  messagesRequest({ system: systemAt(turn).map((text) => ({ type: 'text', text })), messages: TALK[turn] });

const responsesTurn = (turn: number) => ({
  model: 'chat',
  stream: true,
  store: false,
  input: [...systemAt(turn).map((content) => ({ role: 'developer', content })), ...(TALK[turn] ?? [])],
});

const RESPONSES = '/v1/responses';
const TURNS = { [CHAT]: chatTurn, [MESSAGES]: messagesTurn, [RESPONSES]: responsesTurn } as const;
type Path = keyof typeof TURNS;

/** The bodies and records of both turns. */
const bothTurns = async (path: Path, options: SmallHouseOptions) => {
  const house = await openSmallHouse(options);
  const records = [];
  for (const turn of [0, 1]) {
    const { record, status } = await ask(house, path, TURNS[path](turn), { 'x-session-id': 'one' });
    expect(status).toBe(200);
    records.push(record);
  }
  expect(house.bugs).toEqual([]);
  return { bodies: house.calls.map(({ body }) => body), records };
};

/** Everything a tier reads, in the order in which it reads it. */
const promptOf = (body: string): string => {
  const { system, messages } = JSON.parse(body) as { system?: unknown; messages: readonly unknown[] };
  return [...(system === undefined ? [] : [system]), ...messages].map((entry) => JSON.stringify(entry)).join('\n');
};

const DIALECTS = ['openai-chat', 'anthropic-messages'] as const;

describe.each([
  ['a Chat caller', CHAT],
  ['a Messages caller', MESSAGES],
  ['a Responses caller', RESPONSES],
] as const)('%s', (_caller, path) => {
  test.each(DIALECTS)('a local %s tier sees the second turn begin like the first', async (dialect) => {
    const { bodies, records } = await bothTurns(path, { dialect });
    const [first = '', second = ''] = bodies.map(promptOf);
    expect(second.startsWith(first)).toBe(true);
    expect(bodies.join('')).not.toContain('x-anthropic-billing-header');
    expect(second.split(CLOCKS[1] ?? '').length).toBe(2);
    expect(records.map(({ attempts }) => attempts[0]?.prefix?.notes)).toEqual([1, 2]);
    for (const { attempts } of records) expect(attempts[0]?.prefix?.spans).toContainEqual({ rule: 'date', count: 1 });
  });

  test.each(DIALECTS)('with the switch off, a local %s tier gets what the caller wrote', async (dialect) => {
    const { bodies, records } = await bothTurns(path, { dialect, fast: 'stable_prefix = false' });
    for (const [turn, body] of bodies.entries()) {
      expect(body).toContain(`cch=${DIGESTS[turn]};`);
      expect(body).toContain(`Current time: ${CLOCKS[turn]}`);
      expect(body).not.toContain('context note');
    }
    const [first = '', second = ''] = bodies.map(promptOf);
    expect(second.startsWith(first)).toBe(false);
    expect(records.map(({ attempts }) => attempts[0]?.prefix)).toEqual([undefined, undefined]);
  });

  test('a cloud tier gets what the caller wrote', async () => {
    const dialect = path === CHAT ? 'openai-chat' : 'anthropic-messages';
    const { bodies, records } = await bothTurns(path, { dialect, cloud: 'alone' });
    for (const [turn, body] of bodies.entries()) {
      for (const text of systemAt(turn)) expect(body).toContain(JSON.stringify(text).slice(1, -1));
      expect(body).not.toContain('context note');
      const { system, messages } = messagesTurn(turn);
      if (path === MESSAGES) expect(JSON.parse(body)).toMatchObject({ system, messages });
      if (path === CHAT) expect(JSON.parse(body)).toMatchObject({ messages: chatTurn(turn).messages });
    }
    expect(records.map(({ attempts }) => attempts[0]?.prefix)).toEqual([undefined, undefined]);
  });
});

test("of a body in the tier's own dialect every byte that is not marked stays", async () => {
  const house = await openSmallHouse({ dialect: 'anthropic-messages' });
  const odd = (clock: string, note: string): string =>
    `{ "model":"chat", "max_tokens" : 1e3,\t"stream":true, "x_unknown":[1.50, "\\u00e9"],
 "system": [ {"type":"text" , "text":"\\u0052ules\\u000aCurrent time: ${clock}\\/\\n", "cache_control":{"type":"ephemeral"}} ] ,
 "messages":[{"content":"h\\u00e9llo${note}","role":"user"}] }`;
  const { decision, response } = house.post(MESSAGES, odd('10:55:12', ''));
  await (await response).text();
  await house.recorded(decision);
  const note = '\\n\\n<context-note>\\nCurrent time: 10:55:12\\n</context-note>';
  const sent = house.calls[0]?.body ?? '';
  expect(sent.replace('"model":"fast"', '"model":"chat"')).toBe(odd('[see context note]', note));
});

test('an explanation says what was done, and no word of the prompt', async () => {
  const { records } = await bothTurns(MESSAGES, { dialect: 'openai-chat' });
  const story = records.flatMap((record) => explain(record)).join('\n');
  expect(story).toContain(
    "taken out of the prompt's beginning for the prefix cache: billing-line, date; restated in 2 notes",
  );
  expect(story).not.toContain(CLOCKS[0] ?? '');
});

test('a clock at the beginning does not make every turn another session', async () => {
  const house = await openSmallHouse();
  const sessions = [];
  for (const turn of [0, 1]) sessions.push((await ask(house, CHAT, chatTurn(turn))).record.session);
  expect(sessions[0]).toBe(sessions[1] as string);
});
