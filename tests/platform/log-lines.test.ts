/** Does the log write what it is told, in the chosen shape and level, and nothing that must stay inside? */
import { expect, test } from 'bun:test';
import { createLog, isLogLevel, type LogOptions } from '#platform/log';
import { sampleRecord } from '#tests/store/sample-record';
import { createSimulatedClock } from '#tests/support/clock';

const open = (options: Partial<LogOptions> = {}) => {
  const lines: string[] = [];
  const clock = createSimulatedClock();
  const log = createLog({ level: 'debug', clock, format: 'json', write: (line) => lines.push(line), ...options });
  return { log, clock, lines, last: (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}') };
};

test('a line is one JSON document with level, time and message', () => {
  const { log, lines, last } = open();
  log.info('listening', { port: 8000, host: '127.0.0.1' });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.endsWith('}\n')).toBe(true);
  const { time, ...rest } = last();
  expect(rest).toEqual({ level: 'info', port: 8000, host: '127.0.0.1', msg: 'listening' });
  expect(new Date(String(time)).toISOString()).toBe(String(time));
});

test('lines below the level are not written, and their fields not even looked at', () => {
  const { log, lines } = open({ level: 'warn' });
  log.info('quiet', {
    get trap(): string {
      throw new Error('read');
    },
  });
  log.request(sampleRecord());
  expect(lines).toEqual([]);
  log.warn('loud');
  log.error('louder');
  expect(lines).toHaveLength(2);
});

test('level silent writes nothing at all', () => {
  const { log, lines } = open({ level: 'silent' });
  log.error('help', { a: 1 });
  expect(lines).toEqual([]);
});

test('secrets do not pass: by name, by shape, by value, in messages and in errors', () => {
  const { log, lines } = open({ secrets: ['correct-horse'] });
  log.info('using correct-horse', { apiKey: 'abc', note: 'sk-abcdefghijklmnopqrstuv', tier: 'correct-horse/x' });
  log.error('failed', { error: new Error('refused correct-horse') });
  log.setSecrets(['battery-staple']);
  log.info('now battery-staple');
  const text = lines.join('');
  for (const leak of ['correct-horse', 'battery-staple', 'abcdefghij', '"abc"']) expect(text).not.toContain(leak);
  expect(text).toContain('refused [REDACTED]');
});

test('secrets of different owners are masked together, and replaced one by one', () => {
  const { log, lines } = open();
  log.setSecrets(['first-secret']);
  log.setSecrets(['second-secret'], 'registry /etc/models.json');
  log.setSecrets(['third-secret']);
  log.info('first-secret second-secret third-secret');
  expect(lines.join('')).toContain('first-secret [REDACTED] [REDACTED]');
});

test('fields cannot pose as the level, time or message of the line', () => {
  const { log, lines } = open();
  log.info('true', { level: 'fatal', time: 'never', msg: 'false' });
  const text = lines[0] ?? '';
  for (const name of ['"level"', '"time"', '"msg"']) expect(text.split(name)).toHaveLength(2);
  expect(JSON.parse(text)).toMatchObject({ level: 'info', msg: 'true', level_: 'fatal', msg_: 'false' });
});

test('a line break in a value stays inside its line', () => {
  for (const format of ['json', 'pretty'] as const) {
    const { log, lines } = open({ format });
    log.warn('one\nINFO two', { tier: 'a\r\nERROR b', esc: '\x1b[31mred' });
    log.request(sampleRecord({ modelAsked: 'x\n{"level":"fatal"}\x1b[2J' }));
    for (const line of lines) {
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(line).not.toContain('\x1b');
    }
  }
});

test('the pretty shape is for people: clock, level, message, fields, and a stack on lines of its own', () => {
  const { log, lines } = open({ format: 'pretty' });
  log.info('listening', { port: 8000, where: 'over there' });
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}listening port=8000 where="over there"\n$/);
  log.error('failed', { error: new TypeError('no such thing') });
  expect(lines[1]).toMatch(/^\S+ ERROR failed error="TypeError: no such thing"\n {2}at .*log-lines\.test/);
});

test('colours are used only when asked for', () => {
  const { log, lines } = open({ format: 'pretty', colour: true });
  log.warn('careful');
  expect(lines[0]).toContain('\x1b[33mWARN \x1b[0m');
});

test('level names are checked', () => {
  expect(['trace', 'debug', 'info', 'warn', 'error', 'silent'].every(isLogLevel)).toBe(true);
  expect(['', 'INFO', 'fatal', 'verbose'].some(isLogLevel)).toBe(false);
});

test('request lines wait for company, but not long, and never let another line overtake them', async () => {
  const { log, clock, lines } = open();
  log.request(sampleRecord());
  expect(lines).toHaveLength(0);
  await clock.advance(5);
  expect(lines).toHaveLength(1);
  log.request(sampleRecord());
  log.info('after it');
  expect(lines.slice(1).map((line) => JSON.parse(line).msg)).toEqual(['request', 'after it']);
});
