/** Does the program start where it should, and say clearly why where it should not? */
import { describe, expect, test } from 'bun:test';
import { PROGRAMS, run, serve } from '#tests/e2e/program';
import { startWorld } from '#tests/e2e/world';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { tmpdir } from '#tests/support/tmp';
import { chatRequest, twoTiersToml } from '#tests/support/two-tiers';

const TOML = twoTiersToml('http://127.0.0.1:9', 'http://127.0.0.1:9');
const WAIT_MS = 60_000;

/** Runs `serve` with a configuration that must not start; returns what it said. */
const refused = async (toml: string, flags: readonly string[] = [], env: Record<string, string> = {}) => {
  await using folder = await tmpdir();
  const path = await folder.write('anvil.toml', toml);
  await using running = await run(['serve', '--port', '0', '--config', path, ...flags], { env });
  const code = await running.exited;
  return { code, out: running.out(), err: running.err(), path };
};

for (const program of PROGRAMS) {
  describe(`the ${program.name}`, () => {
    test(
      '--demo answers one plain fetch, and the answer shows a rejected tier behind it',
      async () => {
        await using demo = await serve(['--demo'], { program });
        const response = await fetch(`${demo.url}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"model":"chat","messages":[{"role":"user","content":"hello demo:truncated"}]}',
        });
        expect(response.status).toBe(200);
        expect([response.headers.get('x-anvil-tier'), response.headers.get('x-anvil-attempts')]).toEqual([
          'demo-heavy',
          '2',
        ]);
        expect(await response.json()).toMatchObject({ choices: [{ finish_reason: 'stop' }] });
        demo.signal('SIGTERM');
        expect(await demo.exited).toBe(0);
      },
      WAIT_MS,
    );

    test(
      'a second one on the same port is told so, and ends with 2; the first one serves on',
      async () => {
        await using world = await startWorld({ program });
        world.fast.always(answerSteps('openai-chat', false, plainAnswer('Hello!')));
        const port = new URL(world.serving.url).port;
        await using second = await run(['serve', '--config', world.path, '--port', port], { program });
        expect(await second.exited).toBe(2);
        expect(second.err()).toContain(`port ${port} on 127.0.0.1 is in use`);
        expect(second.err()).toContain('--port');
        expect(second.err()).not.toContain('    at ');
        const response = await fetch(`${world.serving.url}/v1/chat/completions`, {
          method: 'POST',
          body: JSON.stringify(chatRequest({ stream: false })),
        });
        expect(response.status).toBe(200);
      },
      WAIT_MS,
    );
  });
}

test(
  'a key that nobody knows: file, line, the nearest name, exit code 2',
  async () => {
    const toml = TOML.replace('mapping_version = "test.1"', 'mapping_version = "test.1"\nexaustion_status = 503');
    const line = toml.split('\n').findIndex((text) => text.startsWith('exaustion_status')) + 1;
    const { code, err, path } = await refused(toml);
    expect(code).toBe(2);
    expect(err).toContain(`${path}:${line}`);
    expect(err).toContain('exhaustion_status');
    expect(err).not.toContain('    at ');
  },
  WAIT_MS,
);

for (const [name, toml, words] of [
  ['TOML that is none', `${TOML}\n= nothing`, 'anvil.toml'],
  ['a tier that is none', TOML.replace('review = ["heavy-local"]', 'review = ["heavi-local"]'), 'heavy-local'],
  ['exhaustion_status = 200', TOML.replace('[router]', '[router]\nexhaustion_status = 200'), '400'],
  ['a token without a value', `${TOML}\n[server]\nauth_env = "NOT_SET_ANYWHERE"\n`, 'NOT_SET_ANYWHERE'],
  ['a profile that is not there', TOML.replace('[router]', '[router]\nprofile_path = "none.json"'), 'none.json'],
] as const)
  test(
    `${name} is refused with the remedy, exit code 2`,
    async () => {
      const { code, err, out } = await refused(toml);
      expect([code, out]).toEqual([2, '']);
      expect(err).toContain(words);
      expect(err).not.toContain('    at ');
    },
    WAIT_MS,
  );

test(
  'a file that is not there is named',
  async () => {
    await using running = await run(['serve', '--config', '/nowhere/anvil.toml']);
    expect(await running.exited).toBe(2);
    expect(running.err()).toContain('/nowhere/anvil.toml');
  },
  WAIT_MS,
);

describe('an address that others can reach', () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1'])
    test(
      `${host} without a token is refused before anything listens, exit code 2`,
      async () => {
        const { code, err } = await refused(TOML, ['--host', host]);
        expect(code).toBe(2);
        expect(err).toContain('no token is set');
        expect(err).toContain('auth_env');
        expect(err).not.toContain('"listening"');
      },
      WAIT_MS,
    );

  test(
    'is used with a token, and a reload that would drop the token is refused',
    async () => {
      await using world = await startWorld({
        config: { tables: '[server]\nauth_env = "ROUTER_TOKEN"\n' },
        flags: ['--host', '0.0.0.0'],
        env: { ROUTER_TOKEN: 'the-token' },
      });
      const url = world.serving.url.replace('0.0.0.0', '127.0.0.1');
      const status = async (): Promise<number> => (await fetch(`${url}/v1/models`)).status;
      expect(await status()).toBe(401);
      await world.folder.write('anvil.toml', world.toml.replace('auth_env = "ROUTER_TOKEN"', ''));
      world.serving.signal('SIGHUP');
      await world.serving.logged(/"configuration refused; the one in force stays"/);
      expect(world.serving.err()).toContain('no token is set');
      expect(await status()).toBe(401);
    },
    WAIT_MS,
  );

  test(
    'is used without a token when the file says so',
    async () => {
      await using world = await startWorld({
        config: { tables: '[server]\nallow_public_without_auth = true\n' },
        flags: ['--host', '0.0.0.0'],
      });
      const response = await fetch(`${world.serving.url.replace('0.0.0.0', '127.0.0.1')}/v1/models`);
      expect(response.status).toBe(200);
    },
    WAIT_MS,
  );

  test(
    'that is not this machine’s is said to be so',
    async () => {
      const { code, err } = await refused(`${TOML}\n[server]\nallow_public_without_auth = true\n`, [
        '--host',
        '192.0.2.1',
      ]);
      expect(code).toBe(2);
      expect(err).toContain('192.0.2.1');
    },
    WAIT_MS,
  );
});
