/** What the README promises: one command, one question, a rejected answer, an escalation, and its story. */
import { expect, test } from 'bun:test';
import { run } from '#tests/cli/fake-terminal';
import { startServing } from '#tests/cli/serving';

const SLOW_MS = 60_000;

const askChat = (url: string): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'chat', messages: [{ role: 'user', content: 'hello' }] }),
  });

test(
  'serve --demo answers the first question after rejecting one answer, and explain tells it',
  async () => {
    await using serving = await startServing(['--demo']);
    const answer = await askChat(serving.url);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-anvil-tier')).toBe('demo-heavy');
    expect(answer.headers.get('x-anvil-attempts')).toBe('2');
    await answer.text();
    const id = answer.headers.get('x-anvil-decision') ?? '';

    const url = ['--url', serving.url];
    expect(await run(['health', ...url])).toEqual({ exit: 0, out: 'healthy\n', err: '' });
    const health = await run(['health', '--json', ...url]);
    expect(JSON.parse(health.out)).toEqual({ healthy: true, status: 200 });

    const listed = await run(['decisions', ...url]);
    expect(listed.exit).toBe(0);
    expect(listed.out).toMatch(new RegExp(`${id}\\s+finished\\s+chat\\s+chat\\s+demo-heavy\\s+2 `));
    const records = JSON.parse((await run(['decisions', '--json', ...url])).out).records;
    expect(records.map((record: { id: string }) => record.id)).toEqual([id]);
    expect((await run(['decisions', '--outcome', 'broken', ...url])).err).toBe('no decisions there\n');

    const story = await run(['explain', id, ...url]);
    expect(story.exit).toBe(0);
    for (const word of ['demo-fast', 'demo-heavy', 'not_truncated']) expect(story.out).toContain(word);
    expect(await run(['explain', 'latest', ...url])).toEqual(story);
    expect(JSON.parse((await run(['explain', id, '--json', ...url])).out).record.id).toBe(id);
    const unknown = await run(['explain', 'dec_nothing', ...url]);
    expect({ exit: unknown.exit, out: unknown.out }).toEqual({ exit: 1, out: '' });
    expect(unknown.err).toContain('there is no decision dec_nothing');

    if (process.platform !== 'win32') expect(await serving.end('SIGTERM')).toBe(0);
  },
  SLOW_MS,
);

test(
  'serve reports on one line why it cannot start, and exits 2',
  async () => {
    const refused = await run(['serve', '--config', '/nowhere/anvil.toml', '--log-level', 'silent']);
    expect({ exit: refused.exit, out: refused.out }).toEqual({ exit: 2, out: '' });
    expect(refused.err).toContain('/nowhere/anvil.toml: there is no such file');
  },
  SLOW_MS,
);

test(
  'serve --print-config shows what the demo would run on, and runs nothing',
  async () => {
    const printed = await run(['serve', '--demo', '--print-config']);
    expect(printed.exit).toBe(0);
    const toml = Bun.TOML.parse(printed.out) as { router: { tiers: { id: string }[] } };
    expect(toml.router.tiers.map(({ id }) => id)).toEqual(['demo-fast', 'demo-heavy']);
  },
  SLOW_MS,
);
