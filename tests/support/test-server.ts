/** A whole server on loopback for tests: real sockets in front, any configuration behind, evidence at hand. */

import type { DecisionRecord } from '#core/decision';
import { bunEffects } from '#platform/bun-effects';
import type { Effects } from '#platform/effects';
import type { Log } from '#platform/log';
import { type Assembly, assemble } from '#server/assembly';
import { configure } from '#server/configuration';
import { listen } from '#server/listen';
import { type Post, postTo } from '#tests/support/post';

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly assembly: Assembly;
  /** Bugs of ours that were reported; a test that expects none checks that it is empty. */
  readonly bugs: readonly string[];
  readonly post: Post;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** The record of a decision; waits until the request has ended. */
  record(id: string): Promise<DecisionRecord>;
  /** Applies another configuration as a reload would. */
  reload(toml: string): Promise<void>;
}

export interface TestServerOptions {
  readonly toml: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Parts of the world to replace, the clock for one. */
  readonly effects?: Partial<Effects>;
  /** Who lends models that share a GPU. */
  readonly slots?: Parameters<typeof assemble>[3];
}

/** Looks at a record until it is there: appending follows the last byte by a few microtasks. */
const RECORD_TURNS_MAX = 2_000;

const silentLog = (bugs: string[]): Log => ({
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (message, fields) => {
    if (message === 'bug') bugs.push(JSON.stringify(fields));
  },
  request: () => undefined,
  flush: () => undefined,
  setSecrets: () => undefined,
});

export const startTestServer = async ({
  toml,
  env = {},
  effects: replaced = {},
  slots,
}: TestServerOptions): Promise<TestServer> => {
  const bugs: string[] = [];
  const effects: Effects = { ...bunEffects(), env: (name) => env[name], ...replaced };
  const configured = await configure({ kind: 'text', text: toml }, effects);
  if (!configured.ok) throw new Error(configured.reason);
  const assembly = assemble(configured, effects, silentLog(bugs), slots);
  const listening = listen({ host: '127.0.0.1', port: 0 }, assembly.app);
  return {
    url: listening.url,
    assembly,
    bugs,
    post: postTo(listening.url),
    get: (path, headers = {}) => fetch(listening.url + path, { headers }),
    async record(id) {
      for (let turn = 0; turn < RECORD_TURNS_MAX; turn++) {
        const found = assembly.decisions.get(id);
        if (found) return found;
        await new Promise((resolve) => setImmediate(resolve));
      }
      throw new Error(`no record of ${id}`);
    },
    async reload(text) {
      const next = await configure({ kind: 'text', text }, effects, assembly.router.generation);
      if (!next.ok) throw new Error(next.reason);
      assembly.replace(next);
    },
    async [Symbol.asyncDispose]() {
      await listening.stop(true);
      assembly.router.stop();
      await assembly.decisions.close();
    },
  };
};
