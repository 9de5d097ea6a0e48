/** Does a caller of the tier's own dialect get the counts that its client needs, where the tier leaves them out? */
import { describe, expect, test } from 'bun:test';
import type { DialectName, JsonObject, StreamPart } from '#core/message';
import { dialects } from '#dialects/dialect';
import { type SpeakerInput, type Spoken, speakStream, speakWhole } from '#router/answer';
import { at, contextOf, payloadsOf, textOf, utf8 } from '#tests/dialects/support';
import { plainAnswer } from '#tests/support/answer';
import { eventsFor, wholeFor } from '#tests/support/answers';
import { isFailure } from '#upstream/relay';
import { createSseSplitter } from '#upstream/sse';

const WORDS = 'word '.repeat(20);
/** What is counted for these words: four characters a token. */
const OUTPUT = 25;
const INPUT = 10;

const inputOf = (name: DialectName, fields: Partial<SpeakerInput> = {}): SpeakerInput => ({
  caller: dialects[name],
  sameDialect: true,
  callerStreams: true,
  echoModel: false,
  context: contextOf({ promptTokens: INPUT }),
  ...fields,
});

const said = (spoken: Spoken): string => (isFailure(spoken) ? `failure: ${spoken.detail}` : textOf(spoken));

/** A stream as it leaves, read event by event as the router does. */
const relayed = (name: DialectName, text: string, fields: Partial<SpeakerInput> = {}): string => {
  const speaker = speakStream(inputOf(name, fields));
  const decoder = dialects[name].decoder();
  const frames = createSseSplitter(1_000_000).push(utf8.encode(text));
  const spoken = frames.map((frame) => said(speaker.say(frame.raw, decoder.event(frame))));
  return spoken.join('') + said(speaker.conclude());
};

const wholeOf = (name: DialectName, usage: unknown): string => {
  const { usage: _left, ...rest } = wholeFor(name, { ...plainAnswer(WORDS), usage: 'none' });
  return JSON.stringify(usage === undefined ? rest : { ...rest, usage });
};

const relayedWhole = (name: DialectName, text: string): JsonObject => {
  const parts: readonly StreamPart[] = dialects[name].decoder().whole(JSON.parse(text));
  return JSON.parse(said(speakWhole(inputOf(name, { callerStreams: false }), utf8.encode(text), parts)));
};

const ESTIMATE = { anvil_estimated: true };
const RESPONSES_WHOLE = { input_tokens: INPUT, output_tokens: OUTPUT, total_tokens: INPUT + OUTPUT, ...ESTIMATE };

/** What a Responses tier says at the end, and what leaves. */
const RESPONSES_CASES: readonly (readonly [string, unknown, object])[] = [
  ['nothing', undefined, RESPONSES_WHOLE],
  ['null', null, RESPONSES_WHOLE],
  ['an empty object', {}, RESPONSES_WHOLE],
  ['null counts', { input_tokens: null, output_tokens: null }, RESPONSES_WHOLE],
  ['no total', { input_tokens: 30, output_tokens: 4 }, { input_tokens: 30, output_tokens: 4, total_tokens: 34 }],
  [
    'a total and one count',
    { output_tokens: 4, total_tokens: 34 },
    { input_tokens: 30, output_tokens: 4, total_tokens: 34 },
  ],
  [
    'the input alone',
    { input_tokens: 30, cost: 0.5 },
    { input_tokens: 30, output_tokens: OUTPUT, total_tokens: 30 + OUTPUT, cost: 0.5, ...ESTIMATE },
  ],
  [
    'details without their counts',
    { input_tokens: 30, input_tokens_details: {}, output_tokens: 4, output_tokens_details: {}, total_tokens: 34 },
    {
      input_tokens: 30,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 4,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 34,
    },
  ],
  ['a fraction', { input_tokens: 29.6, output_tokens: 4, total_tokens: 34 }, { input_tokens: 30, total_tokens: 34 }],
];

const responsesStream = (usage: unknown): string => {
  const events = eventsFor('openai-responses', { ...plainAnswer(WORDS), usage: 'none' });
  const last = events.at(-1) ?? '';
  const closing = JSON.parse(last.slice(last.indexOf('data: ') + 6));
  if (usage === undefined) delete closing.response.usage;
  else closing.response.usage = usage;
  return [...events.slice(0, -1), `event: response.completed\ndata: ${JSON.stringify(closing)}\n\n`].join('');
};

describe('a Responses tier that tells of usage', () => {
  for (const [name, usage, expected] of RESPONSES_CASES) {
    test(`${name}: the closing event is complete, and nothing else changes`, () => {
      const text = responsesStream(usage);
      const relay = relayed('openai-responses', text);
      const payloads = payloadsOf(relay);
      expect(at(payloads.at(-1), 'response', 'usage')).toMatchObject(expected);
      expect(at(payloads.at(-1), 'response', 'usage', 'anvil_estimated')).toBe(at(expected, 'anvil_estimated'));
      const before = text.slice(0, text.indexOf('event: response.completed'));
      expect(relay.startsWith(before)).toBe(true);
      const without = (payload: unknown) => ({ ...(at(payload, 'response') as object), usage: 0 });
      expect(without(payloads.at(-1))).toEqual(without(payloadsOf(text).at(-1)));
    });

    test(`${name}: so is a whole reply, and one collected from a stream`, () => {
      expect(relayedWhole('openai-responses', wholeOf('openai-responses', usage)).usage).toMatchObject(expected);
      const collected = relayed('openai-responses', responsesStream(usage), { callerStreams: false });
      expect(JSON.parse(collected).usage).toMatchObject(expected);
    });
  }

  test('everything: its bytes stay', () => {
    const text = responsesStream({
      input_tokens: 30,
      input_tokens_details: null,
      output_tokens: 4,
      total_tokens: 34,
      odd: 1,
    });
    expect(relayed('openai-responses', text)).toBe(text);
  });
});

test('a whole Chat reply is completed likewise', () => {
  const whole = (usage: unknown) => relayedWhole('openai-chat', wholeOf('openai-chat', usage)).usage;
  const estimate = { prompt_tokens: INPUT, completion_tokens: OUTPUT, total_tokens: INPUT + OUTPUT, ...ESTIMATE };
  for (const usage of [undefined, null, {}]) expect(whole(usage)).toEqual(estimate);
  expect(whole({ prompt_tokens: 7, completion_tokens: 2 })).toEqual({
    prompt_tokens: 7,
    completion_tokens: 2,
    total_tokens: 9,
  });
});

test('a Chat usage chunk without one of its counts is completed, and no second one follows', () => {
  const done = 'data: [DONE]\n\n';
  const chunk = 'data: {"id":"x","choices":[],"usage":{"prompt_tokens":7}}\n\n';
  const text = eventsFor('openai-chat', { ...plainAnswer(WORDS), usage: 'none' })
    .join('')
    .replace(done, chunk + done);
  const payloads = payloadsOf(relayed('openai-chat', text));
  expect(payloads.filter((payload) => at(payload, 'usage') !== undefined)).toEqual([
    expect.objectContaining({
      usage: { prompt_tokens: 7, completion_tokens: OUTPUT, total_tokens: 7 + OUTPUT, ...ESTIMATE },
    }),
  ]);
});

describe('a Messages tier', () => {
  test('without usage in a whole reply has it filled in', () => {
    const whole = (usage: unknown) => relayedWhole('anthropic-messages', wholeOf('anthropic-messages', usage)).usage;
    const estimate = { input_tokens: INPUT, output_tokens: OUTPUT, ...ESTIMATE };
    for (const usage of [undefined, null, {}]) expect(whole(usage)).toEqual(estimate);
    expect(whole({ output_tokens: 4, cache_read_input_tokens: 6 })).toEqual({
      input_tokens: INPUT - 6,
      output_tokens: 4,
      cache_read_input_tokens: 6,
      ...ESTIMATE,
    });
    expect(whole({ input_tokens: 0, output_tokens: 0 })).toEqual({ input_tokens: 0, output_tokens: 0 });
  });

  test('without usage in its stream has it filled in where it opens and where it ends', () => {
    const bare = [
      { type: 'message_start', message: { id: 'm', content: [] } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: WORDS } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
      { type: 'message_stop' },
    ].map((payload) => `event: ${payload.type}\ndata: ${JSON.stringify(payload)}\n\n`);
    const payloads = payloadsOf(relayed('anthropic-messages', bare.join('')));
    expect(at(payloads[0], 'message', 'usage')).toEqual({ input_tokens: INPUT, output_tokens: 0, ...ESTIMATE });
    expect(at(payloads[4], 'usage')).toEqual({ output_tokens: OUTPUT, ...ESTIMATE });
    expect(payloads.slice(1, 4)).toEqual([...payloadsOf(bare.slice(1, 4).join(''))]);
  });

  test('that tells it is left alone', () => {
    const text = eventsFor('anthropic-messages', plainAnswer(WORDS)).join('');
    expect(relayed('anthropic-messages', text)).toBe(text);
  });
});

test('a caller of another dialect gets an estimate for a count that was left out', () => {
  const speaker = speakStream(inputOf('anthropic-messages', { sameDialect: false }));
  const decoder = dialects['openai-responses'].decoder();
  const frames = createSseSplitter(1_000_000).push(utf8.encode(responsesStream({ output_tokens: 4 })));
  const text = frames.map((frame) => said(speaker.say(frame.raw, decoder.event(frame)))).join('');
  expect(at(payloadsOf(text).at(-2), 'usage')).toMatchObject({ input_tokens: INPUT, output_tokens: 4, ...ESTIMATE });
});
