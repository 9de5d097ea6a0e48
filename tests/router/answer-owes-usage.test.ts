/** Does a Chat caller that asked for usage get it although its tier told none? */
import { expect, test } from 'bun:test';
import type { StreamPart } from '#core/message';
import { dialects } from '#dialects/dialect';
import { type SpeakerInput, speakStream } from '#router/answer';
import { at, contextOf, payloadsOf } from '#tests/dialects/support';
import { isFailure } from '#upstream/relay';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const input = (includeUsage: boolean): SpeakerInput => ({
  caller: dialects['openai-chat'],
  sameDialect: true,
  callerStreams: true,
  echoModel: false,
  context: contextOf({ promptTokens: 10, includeUsage }),
});

const DELTA = 'data: {"id":"x","choices":[{"index":0,"delta":{"content":"hello there"},"finish_reason":null}]}\n\n';
const DONE = 'data: [DONE]\n\n';
const TEXT: readonly StreamPart[] = [{ type: 'text-delta', index: 0, text: 'hello there' }];
const USAGE: readonly StreamPart[] = [{ type: 'usage', usage: { input: 5, output: 2 } }];
const END: readonly StreamPart[] = [{ type: 'end' }];

const said = (
  includeUsage: boolean,
  frames: readonly (readonly [string, readonly StreamPart[] | undefined])[],
): string => {
  const speaker = speakStream(input(includeUsage));
  return [...frames.map(([raw, parts]) => speaker.say(bytes(raw), parts)), speaker.conclude()]
    .map((spoken) => (isFailure(spoken) ? spoken.detail : new TextDecoder().decode(spoken)))
    .join('');
};

test('an estimate, marked as one, comes in front of the end marker', () => {
  const spoken = said(true, [
    [DELTA, TEXT],
    [DONE, END],
  ]);
  expect(spoken.startsWith(DELTA)).toBe(true);
  expect(spoken.endsWith(DONE)).toBe(true);
  expect(at(payloadsOf(spoken)[1], 'usage')).toEqual({
    prompt_tokens: 10,
    completion_tokens: 3,
    total_tokens: 13,
    anvil_estimated: true,
  });
  expect(at(payloadsOf(spoken)[1], 'choices')).toEqual([]);
});

test('it comes last where the tier sends no end marker', () => {
  expect(at(payloadsOf(said(true, [[DELTA, TEXT]]))[1], 'usage', 'anvil_estimated')).toBe(true);
});

test('events passed on unread count one token each', () => {
  const unread = Array.from({ length: 7 }, () => [DELTA, undefined] as const);
  const payloads = payloadsOf(said(true, [...unread, [DONE, END]]));
  expect(at(payloads.at(-2), 'usage', 'completion_tokens')).toBe(7);
});

test('nothing is added where the tier told its usage, or nobody asked', () => {
  const told = 'data: {"id":"x","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}\n\n';
  expect(
    said(true, [
      [DELTA, TEXT],
      [told, USAGE],
      [DONE, END],
    ]),
  ).toBe(DELTA + told + DONE);
  expect(
    said(false, [
      [DELTA, TEXT],
      [DONE, END],
    ]),
  ).toBe(DELTA + DONE);
});
