/** How much of each prompt does a prefix cache know, with `stable_prefix` and without? Runs as bun run bench:prefix. */

import { isFailure } from '#core/failure';
import type { JsonObject, ModelRequest } from '#core/message';
import type { SessionMark } from '#core/session';
import type { Tier } from '#core/tier';
import { dialects } from '#dialects/dialect';
import { bunEffects } from '#platform/bun-effects';
import { createPrefixMemory, type PrefixMemory } from '#router/prefix';
import { configure } from '#server/configuration';
import { largeBody } from './micro-bodies';
import { median } from './numbers';
import { CLIENTS, type Client } from './prefix-clients';
import { promptOf, readAnew, type Share, shareOf, shareOfAll } from './prefix-share';
import { sessionOf } from './prefix-turns';

const SEED = 20_261_121;
const REQUESTS = 16;
const MINUTES_BEFORE_MIDNIGHT = 8;
const MIDNIGHT = Date.UTC(2026, 10, 21);
const NEXT_MORNING = MIDNIGHT + 9 * 3_600_000;
const MINUTE_MS = 60_000;

const CONFIG = `[router]
mapping_version = "bench"
[[router.tiers]]
id = "engine"
base_url = "http://127.0.0.1:9/v1"
model = "m"
dialect = "openai-chat"
context_limit = 1_000_000
privacy = "local"
tool_support = true
auth_env = "BENCH_KEY"
[router.presets]
chat = ["engine"]
`;

const engineTier = async (): Promise<Tier> => {
  const configured = await configure({ kind: 'text', text: CONFIG }, { ...bunEffects(), env: () => undefined });
  if (!configured.ok) throw new Error(configured.reason);
  const [tier] = configured.generation.settings.tiers;
  if (!tier?.stablePrefix) throw new Error('a local tier should have stable_prefix');
  return tier;
};

const read = (client: Client, body: JsonObject): ModelRequest => {
  const text = JSON.stringify(body);
  const request = dialects[client.dialect].readRequest(JSON.parse(text), text);
  if (isFailure(request)) throw new Error(`${client.name}: ${request.message}`);
  return request;
};

/** The prompt that the engine reads. */
const promptFor = (request: ModelRequest, tier: Tier): string => {
  const own = dialects[request.dialect];
  const engine = dialects['openai-chat'];
  const body =
    own.name === engine.name
      ? engine.forward(request, tier, true)
      : engine.render(own.conversation(request), request, tier, true);
  return promptOf(JSON.parse(body.text));
};

interface Run {
  readonly withinSession: readonly Share[];
  readonly nextSession: Share;
  /** Microseconds per request spent on keeping the prefix stable. */
  readonly micros: readonly number[];
}

/** Replays two sessions, the second on another day. `memory` absent: the caller's bytes. */
const replay = (
  client: Client,
  sessions: readonly (readonly JsonObject[])[],
  tier: Tier,
  memory?: PrefixMemory,
): Run => {
  const micros: number[] = [];
  const prompts = sessions.map((bodies, index) => {
    const session: SessionMark = { id: `session ${index}`, from: 'opening', lane: 'main' };
    return bodies.map((body) => {
      const request = read(client, body);
      if (!memory) return promptFor(request, tier);
      const startedAt = performance.now();
      const stable = memory.stabilise(session, request);
      micros.push((performance.now() - startedAt) * 1_000);
      return promptFor(stable.request, tier);
    });
  });
  const withinSession = prompts.flatMap((each) =>
    each.slice(1).map((prompt, index) => shareOf(each[index] ?? '', prompt)),
  );
  return { withinSession, nextSession: shareOf(prompts[0]?.[0] ?? '', prompts[1]?.[0] ?? ''), micros };
};

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const thousands = (count: number): string => Math.round(count).toLocaleString('en-US');

const rowOf = async (
  client: Client,
  tier: Tier,
): Promise<{ readonly row: string; readonly micros: readonly number[] }> => {
  const plans = [
    { seed: SEED, requests: REQUESTS, startAt: MIDNIGHT - MINUTES_BEFORE_MIDNIGHT * MINUTE_MS },
    { seed: SEED + 1, requests: REQUESTS, startAt: NEXT_MORNING },
  ];
  const sessions = await Promise.all(plans.map((plan) => sessionOf(client, plan)));
  const plain = replay(client, sessions, tier);
  const stable = replay(client, sessions, tier, createPrefixMemory(10));
  const cells = [
    client.name,
    client.dialect,
    client.changes,
    `${((plain.withinSession.at(-1)?.bytes ?? 0) / 1_000).toFixed(0)} KB`,
    percent(shareOfAll(plain.withinSession)),
    percent(shareOfAll(stable.withinSession)),
    thousands(readAnew(plain.withinSession)),
    thousands(readAnew(stable.withinSession)),
    percent(shareOfAll([plain.nextSession])),
    percent(shareOfAll([stable.nextSession])),
  ];
  return { row: `| ${cells.join(' | ')} |`, micros: stable.micros };
};

/** Microseconds for a long conversation, in which the billing line is at one end and the note at the other. */
const measureLarge = async (rounds: number): Promise<readonly number[]> => {
  const text = await largeBody('anthropic-messages');
  const changed = text
    .replace('cc_entrypoint=sdk-cli;', '$& cch=0f1e2;')
    .replace('"system":[', '$&{"type":"text","text":"Today is 2026-11-21."},');
  const request = dialects['anthropic-messages'].readRequest(JSON.parse(changed), changed);
  if (isFailure(request)) throw new Error(request.message);
  const session: SessionMark = { id: 'large', from: 'opening', lane: 'main' };
  const memory = createPrefixMemory(10);
  return Array.from({ length: rounds }, () => {
    const startedAt = performance.now();
    memory.stabilise(session, request);
    return (performance.now() - startedAt) * 1_000;
  });
};

const main = async (): Promise<void> => {
  const tier = await engineTier();
  const rows: string[] = [];
  const micros: number[] = [];
  for (const client of CLIENTS) {
    const { row, micros: each } = await rowOf(client, tier);
    rows.push(row);
    micros.push(...each);
  }
  const large = await measureLarge(100);
  const lines = [
    `Two sessions of ${REQUESTS} requests each, the first across midnight; seed ${SEED}.`,
    '',
    '| caller | dialect | what changes | last prompt | shared, off | on | tokens anew per request, off | on | next session shared, off | on |',
    '| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
    `Time per request: median ${thousands(median(micros))} µs; of a conversation of 400 KB ${thousands(median(large))} µs.`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
};

main().catch((error) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
