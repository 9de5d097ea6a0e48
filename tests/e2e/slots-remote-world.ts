/** A multiplexer in a process of its own, and a router in another one that is told where it is. */
import { freePort } from '#tests/drivers/process-support';
import { type Run, run, type Serving, serve } from '#tests/e2e/program';
import {
  type Asker,
  askerOf,
  endWith,
  HANG_MS,
  leftIn,
  registryToml,
  routerToml,
  type SlotsWorldOptions,
} from '#tests/e2e/slots-world';
import { type FakeTier, startFakeTier } from '#tests/support/fake-tier';
import { type TemporaryFolder, tmpdir } from '#tests/support/tmp';

export interface RemoteWorld extends Asker, AsyncDisposable {
  readonly serving: Serving;
  readonly folder: TemporaryFolder;
  readonly spare: FakeTier;
  /** Where the multiplexer listens. */
  readonly url: string;
  readonly multiplexer: Run;
  /** Starts it again on the same address, once it has ended. */
  restart(): Promise<void>;
  /** Loads a model without the router's knowing. */
  load(model: string): Promise<number>;
  left(): Promise<readonly number[]>;
}

const TOKEN = 'token-of-the-multiplexer';

export interface RemoteOptions extends SlotsWorldOptions {
  /** What the router takes for the token; `TOKEN` when absent. */
  readonly routerToken?: string;
}

/** `await using world = await startRemoteWorld()` */
export const startRemoteWorld = async ({
  routerToken = TOKEN,
  ...options
}: RemoteOptions = {}): Promise<RemoteWorld> => {
  const folder = await tmpdir();
  const spare = await startFakeTier();
  const ports = { alpha: await freePort(), beta: await freePort() };
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const registryPath = await folder.write('multiplexer.toml', registryToml(ports, options));
  const start = async (): Promise<Run> => {
    const flags = ['--registry', registryPath, '--port', String(port), '--auth-env', 'MUX', '--log-format', 'json'];
    const running = await run(['multiplexer', ...flags], { env: { MUX: TOKEN }, hangMs: HANG_MS });
    await running.logged(/"listening"/);
    return running;
  };
  let multiplexer = await start();
  const line = `url = "${url}"\nauth_env = "MUX"`;
  const toml = routerToml({ alpha: url, beta: url, line }, spare.url, options);
  // The tier of a model is the multiplexer's front door here, which wants its token.
  const path = await folder.write('anvil.toml', toml.replaceAll('auth_env = "TEST_KEY"', 'auth_env = "MUX"'));
  const serving = await serve(['--config', path, ...(options.flags ?? [])], {
    env: { MUX: routerToken },
    hangMs: HANG_MS,
  });
  return {
    serving,
    folder,
    spare,
    url,
    get multiplexer() {
      return multiplexer;
    },
    ...askerOf(serving),
    async restart() {
      await multiplexer.exited;
      multiplexer = await start();
    },
    async load(model) {
      const headers = { authorization: `Bearer ${TOKEN}` };
      return (await fetch(`${url}/v1/slots/${model}/load`, { method: 'POST', headers })).status;
    },
    left: () => leftIn(folder),
    async [Symbol.asyncDispose]() {
      serving.signal('SIGTERM');
      await serving.exited;
      await endWith(multiplexer, folder);
      await spare.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
};
