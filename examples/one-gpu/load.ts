#!/usr/bin/env bun
/**
 * Shows a swap under load: streams on one model, then a request for the other, then one more for the first while it
 * makes room. Prints who waited for what and whether any answer was cut; exits with 1 when one was.
 *   bun examples/one-gpu/load.ts [--url http://127.0.0.1:8001] [--streams 8] [--first coder] [--second planner] [--late-ms 8000]
 */
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8001' },
    streams: { type: 'string', default: '8' },
    first: { type: 'string', default: 'coder' },
    second: { type: 'string', default: 'planner' },
    'late-ms': { type: 'string', default: '8000' },
  },
});
const STREAMS_MAX = 200;
/** No stream of this demonstration lasts longer, waits included. Milliseconds. */
const STREAM_MS_MAX = 180_000;

const count = Number(values.streams);
if (!Number.isInteger(count) || count < 1 || count > STREAMS_MAX) {
  throw new Error(`--streams ${values.streams}: give a whole number from 1 to ${STREAMS_MAX}`);
}

const lateMs = Number(values['late-ms']);
if (!(lateMs >= 0 && lateMs <= STREAM_MS_MAX)) throw new Error(`--late-ms ${values['late-ms']}: give milliseconds`);

/** What became of one stream. Moments are milliseconds after the start of the program. */
interface Outcome {
  readonly who: string;
  readonly askedAt: number;
  readonly headAt: number;
  readonly endedAt: number;
  /** What had to happen first, and how long that took, as the multiplexer says. */
  readonly needed: string;
  readonly waitedMs: string;
  readonly words: number;
  /** The answer names the model that was asked, is whole, and ended as such a stream ends. */
  readonly whole: boolean;
  readonly trouble: string;
}

let started = performance.now();
const now = (): number => Math.round(performance.now() - started);

/** Calls back once the first word has come. */
const readWords = async (response: Response, onFirst: () => void) => {
  const decoder = new TextDecoder();
  let text = '';
  let words = 0;
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const found = text.match(/"content":"[^"]/g)?.length ?? 0;
    if (words === 0 && found > 0) onFirst();
    words = found;
  }
  return { text, words };
};

const noAnswer = (error: unknown): never => {
  process.stderr.write(`no answer from ${values.url}: ${error instanceof Error ? error.message : error}; start the multiplexer\n`);
  process.exit(1);
};

const askFor = (model: string, more: object = {}) =>
  fetch(`${values.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Say something long.' }], ...more }),
    signal: AbortSignal.timeout(STREAM_MS_MAX),
  }).catch(noAnswer);

const stream = async (who: string, model: string, onFirst: () => void = () => undefined): Promise<Outcome> => {
  const askedAt = now();
  const response = await askFor(model);
  const headAt = now();
  const { text, words } = await readWords(response, onFirst).catch((error: unknown) => ({ text: String(error), words: 0 }));
  const isWhole = text.includes('data: [DONE]') && text.includes('"finish_reason":"stop"') && text.includes(` ${model}"`);
  const error = /"message":"([^"]*)"/.exec(text)?.[1] ?? text.slice(0, 80);
  // A head that left with keepalives before there was a lease cannot tell what it cost.
  const needed = response.headers.get('x-anvil-slot-needed') ?? '(kept alive)';
  const waitedMs = response.headers.get('x-anvil-slot-waited-ms') ?? '-';
  return { who, askedAt, headAt, endedAt: now(), needed, waitedMs, words, whole: isWhole, trouble: isWhole ? '' : error };
};

const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const HEADS = ['STREAM', 'ASKED', 'HEAD', 'ENDED', 'NEEDED', 'WAITED-MS', 'WORDS', 'WHOLE'];

const rowOf = (outcome: Outcome): readonly string[] => [
  outcome.who,
  inSeconds(outcome.askedAt),
  inSeconds(outcome.headAt),
  inSeconds(outcome.endedAt),
  outcome.needed,
  outcome.waitedMs,
  String(outcome.words),
  outcome.whole ? 'yes' : `NO: ${outcome.trouble}`,
];

const print = (rows: readonly (readonly string[])[]): void => {
  const widths = HEADS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  for (const row of rows) {
    process.stdout.write(`${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()}\n`);
  }
};

/** Resolves when `total` have called `reached`. */
const gate = (total: number) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = total;
  return {
    passed: promise,
    reached: (): void => {
      left -= 1;
      if (left === 0) resolve();
    },
  };
};

const { first, second } = values;
// Loaded before the clock starts, so that every run begins alike.
await (await askFor(first, { max_tokens: 1 })).text();
started = performance.now();
const talking = gate(count);
const streams = Array.from({ length: count }, (_, place) => stream(`${first} ${place + 1}`, first, talking.reached));
// When one of them fails it never talks; then all of them are awaited instead.
await Promise.race([talking.passed, Promise.all(streams)]);
const other = stream(`${second} 1`, second);
// By then the second is worth a swap, so the first gives no more leases although it still answers.
await Bun.sleep(lateMs);
const late = stream(`${first} late`, first);
const outcomes = await Promise.all([...streams, other, late]);

print([HEADS, ...outcomes.map(rowOf)]);
const cut = outcomes.filter(({ whole }) => !whole).length;
process.stdout.write(`\n${outcomes.length} streams, ${cut} cut or failed\n`);
process.exitCode = cut === 0 ? 0 : 1;
