/** Is thinking in tags told from text, wherever the stream is cut, and only where a tier may write it so? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { StreamPart } from '#core/message';
import type { Tier } from '#core/tier';
import { collectAnswer } from '#dialects/answer';
import { dialects } from '#dialects/dialect';
import { createThinkSplitter } from '#dialects/openai-chat/think-tags';
import { chatFinish, chatStream, decodeText, tierOf, utf8 } from '#tests/dialects/support';
import { createSseSplitter } from '#upstream/sse';

const chat = dialects['openai-chat'];

const split = (pieces: readonly string[]) => {
  const splitter = createThinkSplitter();
  const told = { thinking: '', text: '' };
  for (const { kind, text } of [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.flush()]) {
    told[kind] += text;
  }
  return told;
};

describe('a text', () => {
  const CASES: readonly (readonly [string, string, string])[] = [
    ['<think>\nHm.\n</think>\n\nYes.', 'Hm.', 'Yes.'],
    ['\n\n<think>Hm.</think>Yes.', 'Hm.', 'Yes.'],
    ['<think></think>Yes.', '', 'Yes.'],
    ['<think>\n\n</think>\n\nYes.', '', 'Yes.'],
    ['<think>never closed', 'never closed', ''],
    ['Yes, <think>tags</think> are used.', '', 'Yes, <think>tags</think> are used.'],
    ['<thinking>other tag', '', '<thinking>other tag'],
    ['<thin', '', '<thin'],
    ['<think>a</thin b</think>c', 'a</thin b', 'c'],
    ['<think>a</think>b<think>c</think>', 'a', 'b<think>c</think>'],
    ['  plain', '', '  plain'],
    ['', '', ''],
  ];
  for (const [text, thinking, rest] of CASES) {
    test(`${JSON.stringify(text)} is thinking ${JSON.stringify(thinking)} and text ${JSON.stringify(rest)}`, () => {
      expect(split([text])).toEqual({ thinking, text: rest });
      expect(split([...text])).toEqual({ thinking, text: rest });
    });
  }

  test('loses no letter, and reads the same at every cut', () => {
    const bit = fc.constantFrom('<think>', '</think>', '<', 'think', '>', '/', 'a', ' ', '\n', 'ü');
    fc.assert(
      fc.property(fc.array(bit, { maxLength: 20 }), fc.nat(200), (bits, at) => {
        const text = bits.join('');
        const cut = at % (text.length + 1);
        const whole = split([text]);
        const parted = split([text.slice(0, cut), text.slice(cut)]);
        expect(parted).toEqual(whole);
        const inked = (told: string) => told.replace(/\s/g, '').length;
        const tags = 14 + 1;
        expect(inked(text) - inked(whole.text) - inked(whole.thinking)).toBeLessThanOrEqual(tags);
      }),
      { numRuns: 2_000 },
    );
  });

  test('of nothing but white space is kept back within a limit', () => {
    const splitter = createThinkSplitter();
    expect(splitter.push(' '.repeat(10))).toEqual([]);
    expect(splitter.push(' '.repeat(300))).toEqual([{ kind: 'text', text: ' '.repeat(310) }]);
  });
});

const heard = (text: string, tier?: Tier): readonly StreamPart[] => {
  const decoder = chat.decoder(tier);
  const frames = createSseSplitter(1_000_000).push(utf8.encode(text));
  return [...frames.flatMap((frame) => decoder.event(frame)), ...decoder.close()];
};

const blocksOf = (parts: readonly StreamPart[]) =>
  collectAnswer(parts).blocks.map((block) => [block.kind, block.kind === 'tool' ? block.json : block.text]);

describe('an answer', () => {
  const tagged = chatStream(
    ['<th', 'ink>', 'Look.', '</think', '>\n\n', 'Done.'].map((content) => ({ content })),
    chatFinish('stop'),
    '[DONE]',
  );

  test('of a local tier is thinking, then text', () => {
    expect(blocksOf(heard(tagged, tierOf()))).toEqual([
      ['thinking', 'Look.'],
      ['text', 'Done.'],
    ]);
  });

  test('of a cloud tier, or of nobody in particular, is text', () => {
    const plain = [['text', '<think>Look.</think>\n\nDone.']];
    expect(blocksOf(heard(tagged, tierOf({ privacy: 'cloud' })))).toEqual(plain);
    expect(blocksOf(decodeText(chat, tagged))).toEqual(plain);
  });

  test('of a tier that has a field for thinking keeps tags in its text', () => {
    const both = chatStream([{ reasoning_content: 'Hm.' }, { content: '<think>x</think>' }], chatFinish('stop'));
    expect(blocksOf(heard(both, tierOf()))).toEqual([
      ['thinking', 'Hm.'],
      ['text', '<think>x</think>'],
    ]);
  });

  test('that calls a tool behind its thinking has no empty text in front of the call', () => {
    const call = { tool_calls: [{ index: 0, id: 'c', function: { name: 'A', arguments: '{}' } }] };
    const stream = chatStream([{ content: '<think>a</think>\n\n' }, call], chatFinish('tool_calls'));
    expect(blocksOf(heard(stream, tierOf()))).toEqual([
      ['thinking', 'a'],
      ['tool', '{}'],
    ]);
  });

  test('that ends in half a tag ends in these letters', () => {
    expect(blocksOf(heard(chatStream([{ content: '<thi' }], chatFinish('length')), tierOf()))).toEqual([
      ['text', '<thi'],
    ]);
  });

  test('that comes whole is split as well', () => {
    const reply = { choices: [{ message: { content: '<think>a</think>b' }, finish_reason: 'stop' }] };
    expect(blocksOf(chat.decoder(tierOf()).whole(reply))).toEqual([
      ['thinking', 'a'],
      ['text', 'b'],
    ]);
  });
});
