/** What of an answer has no typed form? Named for the record, each once, and never by its content. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { weightOf } from '#core/loss';
import type { DialectName, JsonObject } from '#core/message';
import { dialects } from '#dialects/dialect';
import { answerParts } from '#tests/dialects/part-sequences';
import { encodeParts, utf8 } from '#tests/dialects/support';
import { GOOD_ANSWERS } from '#tests/support/answer';
import { eventsFor, wholeFor } from '#tests/support/answers';
import { createSseSplitter } from '#upstream/sse';

const NAMES = Object.keys(dialects) as DialectName[];

const lossesOf = (name: DialectName, stream: string): readonly string[] => {
  const decoder = dialects[name].decoder();
  for (const frame of createSseSplitter(1_000_000).push(utf8.encode(stream))) decoder.event(frame);
  decoder.close();
  return decoder.losses();
};

const lossesOfWhole = (name: DialectName, reply: JsonObject): readonly string[] => {
  const decoder = dialects[name].decoder();
  decoder.whole(reply);
  return decoder.losses();
};

const streamOf = (...payloads: readonly JsonObject[]): string =>
  payloads.map((payload) => `data: ${JSON.stringify(payload)}\n\n`).join('');

describe('an answer that the parts tell in full has no losses', () => {
  for (const name of NAMES) {
    test(`${name}, as every sound tier answers`, () => {
      for (const answer of Object.values(GOOD_ANSWERS)) {
        expect(lossesOf(name, eventsFor(name, answer).join(''))).toEqual([]);
        expect(lossesOfWhole(name, wholeFor(name, answer))).toEqual([]);
      }
    });

    test(`${name}, as we speak it ourselves`, () => {
      fc.assert(
        fc.property(answerParts, (parts) => {
          expect(lossesOf(name, encodeParts(dialects[name], parts))).toEqual([]);
        }),
        { numRuns: 100 },
      );
    });
  }
});

const SEARCH_CALL = { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { query: 'SECRET' } };
const CITED = {
  type: 'message',
  content: [{ type: 'output_text', text: 'x', annotations: [{ type: 'url_citation' }], logprobs: [{ token: 'x' }] }],
};
const chunk = (choice: JsonObject, more: JsonObject = {}): JsonObject => ({
  choices: [{ index: 0, ...choice }],
  ...more,
});
const block = (content: JsonObject): JsonObject => ({ type: 'content_block_start', index: 0, content_block: content });

const STREAMS: readonly (readonly [DialectName, string, readonly JsonObject[], readonly string[]])[] = [
  [
    'openai-responses',
    'items of hosted tools, sources and numbers',
    [
      { type: 'response.output_item.done', output_index: 0, item: SEARCH_CALL },
      { type: 'response.output_item.done', output_index: 1, item: CITED },
      { type: 'response.completed', response: { status: 'completed', output: [SEARCH_CALL, CITED] } },
    ],
    ['answer.web_search_call', 'answer.annotations', 'answer.logprobs'],
  ],
  [
    'anthropic-messages',
    'blocks of server tools and sources',
    [
      block({ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{}' } },
      block({ type: 'web_search_tool_result', tool_use_id: 's', content: [] }),
      block({ type: 'text', text: '' }),
      { type: 'content_block_delta', index: 0, delta: { type: 'citations_delta', citation: { cited_text: 'SECRET' } } },
      { type: 'content_block_delta', index: 0, delta: { type: 'later_delta', x: 1 } },
    ],
    ['answer.server_tool_use', 'answer.web_search_tool_result', 'answer.citations', 'answer.later_delta'],
  ],
  [
    'openai-chat',
    'log probabilities, unknown members, further choices and sources',
    [
      chunk({ delta: { content: 'x', annotations: [{ a: 1 }], audio: null, images: [] }, logprobs: { content: [1] } }),
      chunk({ delta: {} }, { citations: ['SECRET'] }),
      { choices: [{ index: 1, delta: { content: 'y' } }] },
    ],
    ['answer.logprobs', 'answer.annotations', 'answer.citations', 'answer.choices'],
  ],
];

for (const [name, what, payloads, expected] of STREAMS) {
  test(`${name}: ${what} are named`, () => {
    expect(lossesOf(name, streamOf(...payloads))).toEqual([...expected]);
  });
}

test('in whole replies they are named alike', () => {
  expect(lossesOfWhole('openai-responses', { status: 'completed', output: [SEARCH_CALL, CITED] })).toEqual([
    'answer.web_search_call',
    'answer.annotations',
    'answer.logprobs',
  ]);
  const blocks = [{ type: 'server_tool_use' }, { type: 'text', text: 'x', citations: [{}] }];
  expect(lossesOfWhole('anthropic-messages', { content: blocks, stop_reason: 'end_turn' })).toEqual([
    'answer.server_tool_use',
    'answer.citations',
  ]);
  const choices = [
    { message: { content: 'x', annotations: [1] }, logprobs: { content: [] } },
    { index: 1, message: {} },
  ];
  expect(lossesOfWhole('openai-chat', { choices })).toEqual([
    'answer.choices',
    'answer.logprobs',
    'answer.annotations',
  ]);
});

test('names are kept up to a limit, and the last one says that there were more', () => {
  const items = Array.from({ length: 100 }, (_, at) => ({ type: `later_${at}_call`, id: `x${at}` }));
  const losses = lossesOfWhole('openai-responses', { status: 'completed', output: items });
  expect(losses.length).toBe(49);
  expect(losses.at(-1)).toBe('answer.and-more');
});

test('a name that is prose is not repeated, and none of them keeps a tier from being asked', () => {
  const item = { type: 'a SECRET sentence', id: 'x' };
  const losses = lossesOf('openai-responses', streamOf({ type: 'response.output_item.done', item }));
  expect(losses).toEqual(['answer.unnamed-field']);
  for (const name of ['answer.unnamed-field', 'answer.web_search_call', 'answer.choices'])
    expect(weightOf(name)).toBe('noted');
});
