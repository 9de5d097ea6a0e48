/** Asking over HTTP: what goes out, and what each bad answer becomes for a person. */
import { describe, expect, test } from 'bun:test';
import { run } from '#tests/cli/fake-terminal';
import { refusedPort } from '#tests/support/ports';

interface Asked extends Disposable {
  readonly url: string;
  readonly requests: { readonly path: string; readonly authorization: string | null }[];
}

/** A server that gives the same answer to everything. */
const answering = (answer: () => Response | Promise<Response>): Asked => {
  const requests: Asked['requests'] = [];
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request) {
      const { pathname, search } = new URL(request.url);
      requests.push({ path: `${pathname}${search}`, authorization: request.headers.get('authorization') });
      return answer();
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, requests, [Symbol.dispose]: () => void server.stop(true) };
};

const EMPTY = () => Response.json({ object: 'list', data: [], next: null });

describe('the question', () => {
  test('carries every filter under the name that the route knows', async () => {
    using router = answering(EMPTY);
    const filters = ['--tier', 'a', '--work-class', 'chat', '--outcome', 'broken', '--session', 's', '--before', 'c'];
    await run(['decisions', '--limit', '7', ...filters, '--url', `${router.url}/`]);
    expect(router.requests.map(({ path }) => path)).toEqual([
      '/v1/decisions?limit=7&tier=a&work_class=chat&outcome=broken&session=s&before=c',
    ]);
  });

  test('carries the token of the named variable, and none when it is not set', async () => {
    using router = answering(EMPTY);
    process.env.ANVIL_TEST_CLI_TOKEN = 'sesame';
    await run(['decisions', '--token-env', 'ANVIL_TEST_CLI_TOKEN', '--url', router.url]);
    delete process.env.ANVIL_TEST_CLI_TOKEN;
    await run(['decisions', '--token-env', 'ANVIL_TEST_CLI_TOKEN', '--url', router.url]);
    expect(router.requests.map(({ authorization }) => authorization)).toEqual(['Bearer sesame', null]);
  });

  test('for one decision cannot leave its path', async () => {
    using router = answering(() => new Response('{}', { status: 404 }));
    await run(['explain', '../../metrics?x', '--url', router.url]);
    expect(router.requests.map(({ path }) => path)).toEqual(['/v1/decisions/..%2F..%2Fmetrics%3Fx']);
  });
});

describe('a bad answer', () => {
  const cases: readonly (readonly [what: string, answer: () => Response, message: string])[] = [
    ['401', () => new Response('', { status: 401 }), 'the router wants an access token — set ANVIL_TOKEN'],
    ['500', () => new Response('boom\u001b[2J', { status: 500 }), 'the router answered 500: boom\ufffd[2J'],
    ['a redirect', () => Response.redirect('http://127.0.0.1:1/'), 'the router answered 302'],
    ['no JSON', () => new Response('<html>'), 'the answer is not JSON'],
    ['JSON of another kind', () => Response.json({ hello: 1 }), 'the answer is not a list of decisions'],
    ['too much', () => new Response('x'.repeat(33 * 1024 * 1024)), 'is larger than 32 MiB'],
  ];
  for (const [what, answer, message] of cases) {
    test(`(${what}) fails with a remedy, not with a stack`, async () => {
      using router = answering(answer);
      const { exit, out, err } = await run(['decisions', '--url', router.url]);
      expect({ exit, out }).toEqual({ exit: 1, out: '' });
      expect(err).toContain(message);
      expect(err).not.toContain('\u001b');
      expect(err.trim().split('\n').length).toBe(1);
    });
  }
});

describe('no answer', () => {
  test('from a closed port says how to start the router', async () => {
    await using refused = await refusedPort();
    const { exit, err } = await run(['health', '--url', `127.0.0.1:${refused.port}`]);
    expect(exit).toBe(1);
    expect(err).toContain('connection refused — start it with `anvil-serving serve`');
  });

  test('within the time given ends the wait', async () => {
    const never = Promise.withResolvers<Response>();
    using router = answering(() => never.promise);
    const { exit, err } = await run(['health', '--timeout-ms', '50', '--url', router.url]);
    never.resolve(new Response());
    expect(exit).toBe(1);
    expect(err).toContain('nothing within 50 ms');
  });

  test('because the address is none is a usage error', async () => {
    const { exit, err } = await run(['health', '--url', 'http://[']);
    expect(exit).toBe(2);
    expect(err).toContain('is not an address');
  });
});

test('a router that is not well fails the health check', async () => {
  using router = answering(() => new Response('draining', { status: 503 }));
  expect(await run(['health', '--url', router.url])).toEqual({
    exit: 1,
    out: '',
    err: `not healthy: ${router.url} answered 503 draining\n`,
  });
});
