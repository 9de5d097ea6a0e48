/** Does any secret or any word of a caller leave the process where it should not: logs, errors, records, files, arguments? */

import { describe, expect, test } from 'bun:test';
import { readdir, readFile } from 'node:fs/promises';
import { PROGRAMS, run } from '#tests/e2e/program';
import { startWorld, type World } from '#tests/e2e/world';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { json } from '#tests/support/fake-tier-steps';
import { chatRequest, messagesRequest } from '#tests/support/two-tiers';

const SECRET = {
  token: 'rt-planted-router-token-0001',
  laptop: 'rt-planted-laptop-token-0002',
  fast: 'sk-planted-key-of-fast-0003',
  heavy: 'sk-planted-key-of-heavy-0004',
  offered: 'sk-ant-planted-wrong-token-0005',
  unused: 'planted-unused-variable-0006',
} as const;
const PROMPT = 'planted-prompt-word-0007';
const REPLY = 'planted-reply-word-0008';

const ENV = {
  ROUTER_TOKEN: SECRET.token,
  LAPTOP_TOKEN: SECRET.laptop,
  TEST_FAST_KEY: SECRET.fast,
  TEST_HEAVY_KEY: SECRET.heavy,
  SOMETHING_ELSE: SECRET.unused,
};
const TABLES = `[router.store]
path = "decisions.sqlite"
[router.hold]
allow = "all"
[router.aliases]
direct = "heavy-local"
[server]
auth_env = "ROUTER_TOKEN"
[[server.tokens]]
name = "laptop"
env = "LAPTOP_TOKEN"
`;

const post = (world: World, path: string, body: unknown, token: string = SECRET.token): Promise<Response> =>
  fetch(world.serving.url + path, {
    method: 'POST',
    headers: { 'x-api-key': token },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const get = async (world: World, path: string): Promise<string> =>
  (await fetch(world.serving.url + path, { headers: { authorization: `Bearer ${SECRET.laptop}` } })).text();

/** Requests that end in every way, with tiers that repeat the keys they were given. */
const traffic = async (world: World): Promise<string> => {
  const leak = (status: number) =>
    json(status, { error: { message: `Incorrect API key provided: ${SECRET.heavy}; ${PROMPT}`, type: SECRET.fast } });
  const says = { stream: false, messages: [{ role: 'user', content: `Say ${PROMPT}.` }] };
  world.fast.reply(answerSteps('openai-chat', true, plainAnswer(`${REPLY}, whole.`)));
  const said: string[] = [];
  const hear = async (pending: Promise<Response>): Promise<void> => {
    const response = await pending;
    // The one answer that may hold the reply is the one that was asked for.
    const text = await response.text();
    said.push(JSON.stringify([...response.headers]), response.ok ? '' : text);
  };
  await hear(post(world, '/v1/chat/completions', chatRequest(says)));
  for (const status of [401, 403, 500, 429]) {
    world.fast.reply(leak(status));
    world.heavy.reply(leak(status)).reply(leak(status));
    await hear(post(world, '/v1/messages', messagesRequest({ ...says, system: `opening ${status}` })));
    await hear(post(world, '/v1/chat/completions', chatRequest({ ...says, model: 'direct' })));
  }
  await hear(post(world, '/v1/chat/completions', chatRequest({ ...says, model: 'planning' })));
  await hear(post(world, '/v1/chat/completions', `{"messages":"${PROMPT}`));
  await hear(post(world, '/v1/chat/completions', chatRequest(says), SECRET.offered));
  await hear(fetch(`${world.serving.url}/v1/models/${SECRET.offered}`));
  return said.join('\n');
};

const everyFileIn = async (folder: string): Promise<string> => {
  const texts = (await readdir(folder))
    .filter((name) => name !== 'anvil.toml')
    .map(async (name) => (await readFile(`${folder}/${name}`)).toString('latin1'));
  return (await Promise.all(texts)).join('\n');
};

const shown = (text: string): readonly string[] =>
  [...Object.values(SECRET), PROMPT, REPLY].filter((secret) => text.includes(secret));

for (const program of PROGRAMS) {
  describe(`the ${program.name}`, () => {
    for (const format of ['json', 'pretty'])
      test(`shows none of them, logging everything as ${format}`, async () => {
        await using world = await startWorld({
          program,
          env: ENV,
          config: { tables: TABLES },
          flags: ['--log-level', 'trace', '--log-format', format],
        });
        const refusals = await traffic(world);
        const places: Record<string, string> = {
          'refusals and headers': refusals,
          healthz: await get(world, '/healthz?verbose'),
          metrics: await get(world, '/metrics'),
          decisions: await get(world, '/v1/decisions?limit=500'),
          models: await get(world, '/v1/models'),
        };
        if (process.platform === 'linux')
          places.arguments = await readFile(`/proc/${world.serving.pid}/cmdline`, 'utf8');
        world.serving.signal('SIGHUP');
        await world.serving.logged(/configuration reloaded/);
        world.serving.signal('SIGTERM');
        expect(await world.serving.exited).toBe(0);
        places['standard output'] = world.serving.out();
        places['standard error'] = world.serving.err();
        places['files written'] = await everyFileIn(world.folder.path);
        for (const [place, text] of Object.entries(places)) expect([place, shown(text)]).toEqual([place, []]);
        // The check can fail: the tiers did get their keys and the prompt, and the log has a line for every request.
        expect(world.fast.requests[0]?.headers.authorization).toBe(`Bearer ${SECRET.fast}`);
        expect(world.fast.requests[0]?.body).toContain(PROMPT);
        expect(world.serving.err().match(/dec_[a-p]{24}/g)?.length).toBeGreaterThanOrEqual(12);
        expect(world.serving.err()).toContain('a tier refused its key');
      }, 60_000);
  });
}

test('print-config and config check show names, never values', async () => {
  await using world = await startWorld({ env: ENV, config: { tables: TABLES } });
  for (const words of [
    ['serve', '--print-config', '--config', world.path],
    ['config', 'check', '--config', world.path],
    ['config', 'check', '--json', '--config', world.path],
  ]) {
    await using running = await run(words, { env: ENV });
    await running.exited;
    expect(shown(running.out() + running.err())).toEqual([]);
  }
}, 60_000);
