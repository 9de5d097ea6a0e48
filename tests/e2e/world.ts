/** Two scripted tiers and the router in front of them as a process, configured by a file. */
import { type RunOptions, type Serving, serve } from '#tests/e2e/program';
import { type FakeTier, startFakeTier } from '#tests/support/fake-tier';
import { type TemporaryFolder, tmpdir } from '#tests/support/tmp';
import { type TwoTiersOptions, twoTiersToml } from '#tests/support/two-tiers';

export interface World extends AsyncDisposable {
  readonly fast: FakeTier;
  readonly heavy: FakeTier;
  readonly serving: Serving;
  readonly folder: TemporaryFolder;
  /** The configuration as first written, and its path. */
  readonly toml: string;
  readonly path: string;
}

export interface WorldOptions extends RunOptions {
  readonly config?: TwoTiersOptions;
  readonly flags?: readonly string[];
  /** Files beside the configuration, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** `await using world = await startWorld()` */
export const startWorld = async ({
  config = {},
  flags = [],
  files = {},
  ...options
}: WorldOptions = {}): Promise<World> => {
  const fast = await startFakeTier();
  const heavy = await startFakeTier();
  const folder = await tmpdir();
  const toml = twoTiersToml(fast.url, heavy.url, config);
  for (const [name, text] of Object.entries(files)) await folder.write(name, text);
  const path = await folder.write('anvil.toml', toml);
  const stop = async (): Promise<void> => {
    await fast.stop();
    await heavy.stop();
    await folder[Symbol.asyncDispose]();
  };
  try {
    const serving = await serve(['--config', path, ...flags], options);
    return {
      fast,
      heavy,
      serving,
      folder,
      toml,
      path,
      async [Symbol.asyncDispose]() {
        await serving[Symbol.asyncDispose]();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
