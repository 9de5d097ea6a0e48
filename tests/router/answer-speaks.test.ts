/** How parts of an answer become bytes for the caller: kept, re-encoded, or collected into one document. */
import { describe, expect, test } from 'bun:test';
import type { DialectName, StreamPart } from '#core/message';
import { dialects } from '#dialects/dialect';
import { type SpeakerInput, speakStream, speakWhole } from '#router/answer';
import { isFailure } from '#upstream/relay';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const said = (spoken: ReturnType<typeof speakWhole>): string =>
  isFailure(spoken) ? `failure: ${spoken.kind}` : new TextDecoder().decode(spoken);

const input = (caller: DialectName, fields: Partial<SpeakerInput> = {}): SpeakerInput => ({
  caller: dialects[caller],
  sameDialect: true,
  callerStreams: true,
  echoModel: false,
  context: {
    responseId: 'abc',
    model: 'asked',
    created: 7,
    promptTokens: 10,
    includeUsage: false,
    toolOrigin: () => undefined,
  },
  ...fields,
});

const USAGE: readonly StreamPart[] = [{ type: 'usage', usage: { input: 1, output: 2 } }];
const TEXT: readonly StreamPart[] = [{ type: 'text-delta', index: 0, text: 'hi' }];

describe('kept frames', () => {
  const frame = 'data: {"id":"x","model":"served","choices":[{"delta":{"content":"hi"}}]}\n\n';

  test('are the very same bytes when nothing has to change', () => {
    const raw = bytes(frame);
    expect(speakStream(input('openai-chat')).say(raw, TEXT)).toBe(raw);
  });

  test('say the model that was asked for', () => {
    const speaker = speakStream(input('openai-chat', { echoModel: true }));
    expect(said(speaker.say(bytes(frame), TEXT))).toBe(frame.replace('served', 'asked'));
  });

  test('get an id where the tier gives none, in every frame', () => {
    const speaker = speakStream(input('openai-chat'));
    const nameless = frame.replace('"id":"x"', '"id":""');
    for (let turn = 0; turn < 3; turn++)
      expect(said(speaker.say(bytes(nameless), turn === 1 ? [] : TEXT))).toBe(frame.replace('"x"', '"chatcmpl-abc"'));
  });

  test('leave out a usage that nobody asked for, and nothing else', () => {
    const usage = bytes(
      'data: {"id":"x","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}\n\n',
    );
    const speaker = speakStream(input('openai-chat'));
    expect(said(speaker.say(usage, USAGE))).toBe('');
    expect(said(speaker.say(bytes(frame), [...TEXT, ...USAGE]))).toBe(frame);
    const wanted = input('openai-chat');
    const asking = speakStream({ ...wanted, context: { ...wanted.context, includeUsage: true } });
    expect(asking.say(usage, USAGE)).toBe(usage);
  });

  test('add nothing for parts that no frame carried', () => {
    const speaker = speakStream(input('openai-chat'));
    expect(said(speaker.say(undefined, [{ type: 'end' }]))).toBe('');
    expect(said(speaker.conclude())).toBe('');
  });
});

describe('another dialect', () => {
  const PARTS: readonly StreamPart[] = [
    { type: 'start' },
    { type: 'text-start', index: 0 },
    ...TEXT,
    { type: 'text-end', index: 0 },
    { type: 'finish', reason: 'stop' },
    { type: 'end' },
  ];

  test('is spoken part by part', () => {
    const speaker = speakStream(input('anthropic-messages', { sameDialect: false }));
    const events = PARTS.map((part) => said(speaker.say(bytes('ignored'), [part]))).join('');
    expect(events).toContain('"text_delta","text":"hi"');
    expect(events).toEndWith('event: message_stop\ndata: {"type":"message_stop"}\n\n');
    expect(events).not.toContain('ignored');
  });

  test('is collected for a caller that does not stream, and said once at the end', () => {
    const speaker = speakStream(input('anthropic-messages', { sameDialect: false, callerStreams: false }));
    expect(PARTS.map((part) => said(speaker.say(undefined, [part]))).join('')).toBe('');
    expect(JSON.parse(said(speaker.conclude()))).toMatchObject({
      content: [{ type: 'text', text: 'hi' }],
      model: 'asked',
    });
  });

  test('whose tool arguments are no JSON cannot become a Messages document', () => {
    const broken: readonly StreamPart[] = [
      { type: 'tool-start', index: 0, id: 'a', name: 'f' },
      { type: 'tool-delta', index: 0, json: '{"path": ' },
      { type: 'tool-end', index: 0 },
      { type: 'end' },
    ];
    const whole = input('anthropic-messages', { sameDialect: false, callerStreams: false });
    expect(said(speakWhole(whole, bytes('{}'), broken))).toStartWith('failure:');
    const speaker = speakStream(whole);
    speaker.say(undefined, broken);
    expect(said(speaker.conclude())).toStartWith('failure:');
  });
});

describe('a whole reply', () => {
  const reply = '{"id":"","model":"served","choices":[{"message":{"content":"hi"}}]}';

  test('in the same dialect keeps its bytes but for the id and the model', () => {
    const whole = input('openai-chat', { callerStreams: false });
    expect(said(speakWhole(whole, bytes(reply), TEXT))).toBe(reply.replace('"id":""', '"id":"chatcmpl-abc"'));
    expect(said(speakWhole({ ...whole, echoModel: true }, bytes(reply), TEXT))).toBe(
      reply.replace('"id":""', '"id":"chatcmpl-abc"').replace('served', 'asked'),
    );
  });
});
