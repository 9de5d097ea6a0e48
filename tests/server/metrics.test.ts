/** Does GET /metrics speak Prometheus' text format, and do its numbers move with the traffic? */
import { expect, test } from 'bun:test';
import { until } from '#tests/server/quiet';
import { CHAT, MESSAGES } from '#tests/server/said';
import { BAD_ANSWERS, plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { json } from '#tests/support/fake-tier-steps';
import { chatRequest, messagesRequest, startTwoTiers, type TwoTiers } from '#tests/support/two-tiers';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/y;
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (NaN|[+-]?Inf|[-+]?[0-9.]+(?:e[-+]?[0-9]+)?)( [0-9]+)?$`);
const SUFFIX = /_(?:bucket|sum|count)$/;

const labelsOf = (text: string): Record<string, string> => {
  const labels: Record<string, string> = {};
  for (let at = 0; at < text.length; ) {
    LABEL.lastIndex = at;
    const found = LABEL.exec(text);
    if (!found) throw new Error(`not a list of labels: ${text}`);
    labels[found[1] ?? ''] = found[2] ?? '';
    at = LABEL.lastIndex;
    if (text[at] === ',') at++;
    else if (at < text.length) throw new Error(`not a list of labels: ${text}`);
  }
  return labels;
};

/** Reads the text format 0.0.4 strictly: HELP and TYPE come first, once, and every sample belongs to one of them. */
const parsePrometheus = (text: string): readonly Sample[] => {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  const series = new Set<string>();
  for (const line of text.split('\n')) {
    const comment = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`).exec(line);
    if (comment) {
      const [, kind, name = '', rest = ''] = comment;
      if (kind === 'TYPE' && types.has(name)) throw new Error(`two types: ${line}`);
      if (kind === 'TYPE') types.set(name, rest);
    } else if (line !== '') {
      const [, name = '', labels = '', value] = SAMPLE.exec(line) ?? [];
      if (value === undefined) throw new Error(`not a sample: ${line}`);
      if (!types.has(name) && !types.has(name.replace(SUFFIX, ''))) throw new Error(`no type: ${line}`);
      if (series.has(`${name}{${labels}}`)) throw new Error(`a series twice: ${line}`);
      series.add(`${name}{${labels}}`);
      samples.push({ name, labels: labelsOf(labels), value: Number(value.replace('Inf', 'Infinity')) });
    }
  }
  return samples;
};

const scrape = async (two: TwoTiers) => {
  const response = await two.server.get('/metrics');
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const samples = parsePrometheus(await response.text());
  return (name: string, labels: Record<string, string> = {}): number =>
    samples
      .filter((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value))
      .reduce((sum, { value }) => sum + value, 0);
};

test('a fresh router has its gauges, and every line is sound', async () => {
  await using two = await startTwoTiers();
  const metric = await scrape(two);
  expect(metric('anvil_build_info')).toBe(1);
  expect(metric('anvil_config_info', { mapping: 'test.1' })).toBe(1);
  expect(metric('anvil_config_up_to_date')).toBe(1);
  expect(metric('anvil_in_flight')).toBe(0);
  expect(metric('anvil_breaker_state')).toBe(0);
});

test('requests, attempts, findings, tokens, cost and refusals are counted', async () => {
  await using two = await startTwoTiers({
    heavy: 'cost_input_per_mtok = 1000\ncost_output_per_mtok = 1000',
    tables: '[router.hold]\nallow = "all"\n',
  });
  two.fast.reply(answerSteps('openai-chat', true, BAD_ANSWERS.truncated.answer));
  two.fast.always(answerSteps('openai-chat', true, plainAnswer('Hello!')));
  two.heavy.always(answerSteps('openai-chat', true, plainAnswer('Hello again!')));
  for (const [path, body] of [
    [CHAT, chatRequest()],
    [MESSAGES, messagesRequest()],
    [CHAT, chatRequest({ model: 'planning' })],
    [CHAT, '{'],
  ] as const)
    await (await two.server.post(path, body)).text();

  const metric = await scrape(two);
  expect(metric('anvil_requests_total', { outcome: 'finished', work_class: 'chat', source: 'declared' })).toBe(2);
  expect(metric('anvil_requests_total', { dialect: 'anthropic-messages' })).toBe(1);
  expect(metric('anvil_requests_total', { outcome: 'refused' })).toBe(2);
  expect(metric('anvil_failures_total', { kind: 'denied' })).toBe(1);
  expect(metric('anvil_failures_total', { kind: 'bad-json' })).toBe(1);
  expect(metric('anvil_attempts_total', { tier: 'fast-local', outcome: 'rejected' })).toBe(1);
  expect(metric('anvil_attempts_total', { outcome: 'served' })).toBe(2);
  expect(metric('anvil_verifier_findings_total', { verifier: 'not_truncated', tier: 'fast-local' })).toBe(1);
  expect(metric('anvil_tokens_total', { tier: 'heavy-local', kind: 'input' })).toBe(25);
  expect(metric('anvil_cost_usd_total', { tier: 'heavy-local' })).toBeGreaterThan(0.02);
  expect(metric('anvil_ttft_seconds_count')).toBe(2);
  expect(metric('anvil_added_latency_seconds_count', { part: 'escalate' })).toBe(1);
});

test('an open breaker, a refused reload and requests in flight show', async () => {
  await using two = await startTwoTiers({
    tables: '[router.breaker]\navailability_failures = 1\n[router.aliases]\ndirect = "fast-local"\n',
  });
  two.fast.always(json(500, { error: { message: 'boom' } }));
  two.heavy.always([{ hang: true }]);
  await two.server.post(CHAT, chatRequest({ model: 'direct' }));
  two.server.assembly.refuse('line 7');
  const leaving = new AbortController();
  const hanging = two.server.post(CHAT, chatRequest(), { signal: leaving.signal }).catch(() => undefined);
  await until('one is in flight', () => two.server.assembly.router.admission.inFlight() === 1);
  const metric = await scrape(two);
  expect(metric('anvil_breaker_state', { kind: 'availability', tier: 'fast-local' })).toBe(2);
  expect(metric('anvil_config_up_to_date')).toBe(0);
  expect(metric('anvil_in_flight')).toBe(1);
  leaving.abort();
  await hanging;
  await two.server.reload(two.toml.replace('test.1', 'test.2'));
  expect((await scrape(two))('anvil_config_up_to_date')).toBe(1);
});
