/** Which words at the beginning of its prompts does each harness change from request to request? */
import type { DialectName } from '#core/message';
import type { Random } from '#tests/support/random';

/** When a request is sent. */
export interface Moment {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Messages of the user so far. */
  readonly prompts: number;
  /** Choices of this request alone, and of its session. */
  readonly random: Random;
  readonly ofSession: Random;
}

export interface Client {
  readonly name: string;
  readonly dialect: DialectName;
  /** Below tests/fixtures/recordings. */
  readonly recording: string;
  readonly changes: string;
  /** A standing text of the recording as it reads at that moment; `index` counts the texts before the conversation. */
  readonly write: (text: string, index: number, moment: Moment) => string;
}

const isoDay = (at: number): string => new Date(at).toISOString().slice(0, 10);
const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => random.integer(0, 15).toString(16)).join('');

/** Puts the words where the recording has filler in their place. */
const inEnv =
  (line: (at: number) => string) =>
  (text: string, _index: number, { at }: Moment): string =>
    text.replace(/\n( *)[^\n]*\n<\/env>/, (_found, indent) => `\n${indent}${line(at)}\n</env>`);

const lastLineBut = (text: string, back: number, line: string): string =>
  text
    .split('\n')
    .map((each, index, lines) => (index === lines.length - 1 - back ? line : each))
    .join('\n');

const billing = (text: string, index: number, { random }: Moment): string =>
  index === 0 ? `${text.trimEnd()} cch=${hex(random, 5)};` : text;

/** The block that stood at the end of OpenClaw's prompt until the spring of 2026, and still does in agents like it. */
const inbound = (text: string, index: number, { at, prompts }: Moment): string => {
  if (index > 0) return text;
  const clock = new Date(at).toISOString().slice(11, 16);
  return `${text}\n## Current Date & Time\n${isoDay(at)} ${clock}\n{"channel": "direct", "message_id": "${4_800 + prompts}"}`;
};

/** `Sat Nov 21 2026` */
const opencodeDate = inEnv((at) => {
  const [, weekday, date, month, year] = /^(\w+), (\d+) (\w+) (\d+)/.exec(new Date(at).toUTCString()) ?? [];
  return `Today's date: ${weekday} ${month} ${date} ${year}`;
});

const versionSuffix = (text: string, index: number, { ofSession }: Moment): string =>
  index === 0 ? text.replace(/(cc_version=[\d.]+\.)[0-9a-f]+/, (_found, head) => head + hex(ofSession, 3)) : text;

const claudeDigest = 'digest in the billing line, each request';
const day = 'date, each day';

export const CLIENTS: readonly Client[] = [
  {
    name: 'Claude Code, as recorded',
    dialect: 'anthropic-messages',
    recording: 'claude-code/2-main-tool-result.json',
    changes: 'suffix of the version, each session',
    write: versionSuffix,
  },
  {
    name: 'Claude Code',
    dialect: 'anthropic-messages',
    recording: 'claude-code/2-main-tool-result.json',
    changes: claudeDigest,
    write: billing,
  },
  {
    name: 'claude-code-router',
    dialect: 'openai-chat',
    recording: 'claude-code-router/2-chat-tool-result.json',
    changes: claudeDigest,
    write: billing,
  },
  {
    name: 'opencode',
    dialect: 'openai-chat',
    recording: 'opencode/3-chat-tool-result.json',
    changes: day,
    write: opencodeDate,
  },
  {
    name: 'opencode',
    dialect: 'openai-responses',
    recording: 'opencode/5-responses-tool-result.json',
    changes: day,
    write: opencodeDate,
  },
  {
    name: 'Continue',
    dialect: 'openai-chat',
    recording: 'continue/2-chat-tool-result.json',
    changes: day,
    write: inEnv((at) => `Today's date: ${isoDay(at)}`),
  },
  {
    name: 'Cline',
    dialect: 'openai-chat',
    recording: 'cline/2-chat-tool-result.json',
    changes: day,
    write: inEnv((at) => `4. Current Date: ${isoDay(at).replace(/(\d+)-(\d+)-(\d+)/, '$2/$3/$1')}`),
  },
  {
    name: 'pi, old name',
    dialect: 'openai-chat',
    recording: 'pi-mario/2-chat-tool-result.json',
    changes: day,
    write: (text, _index, { at }) => lastLineBut(text, 1, `Current date: ${isoDay(at)}`),
  },
  {
    name: 'OpenClaw, early 2026',
    dialect: 'openai-chat',
    recording: 'openclaw/2-chat-tool-result.json',
    changes: 'clock to the minute, message id',
    write: inbound,
  },
  {
    name: 'an agent, clock on top',
    dialect: 'openai-chat',
    recording: 'pi/5-chat-tool-result.json',
    changes: 'clock to the second',
    write: (text, _index, { at }) => `Current date and time: ${new Date(at).toISOString()}\n${text}`,
  },
  {
    name: 'an agent with a counter',
    dialect: 'openai-responses',
    recording: 'codex/2-image-tool-result.json',
    changes: 'a number without a label',
    write: (text, index, { at }) =>
      index === 0
        ? text.replace('\n\n', `\n\nThe index holds ${Math.floor(at / 60_000) % 100_000} symbols.\n\n`)
        : text,
  },
  {
    name: 'Codex',
    dialect: 'openai-responses',
    recording: 'codex/2-image-tool-result.json',
    changes: 'nothing (control)',
    write: (text) => text,
  },
  {
    name: 'Qwen Code',
    dialect: 'openai-chat',
    recording: 'qwen-code/2-chat-tool-result.json',
    changes: 'nothing (control)',
    write: (text) => text,
  },
];
