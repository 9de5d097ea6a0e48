/** What tests with a real Docker Engine need: whether there is one, the image of the scripted server, names of their own. */
import { bunEffects } from '#platform/bun-effects';
import { type DockerEngine, DockerError } from '#platform/docker-engine';
import { openDockerEngine } from '#platform/docker-socket';
import { SCRIPTED_ENGINE, scriptedImage } from '#scripts/scripted-image';

/** Building compiles a program of 100 MB. Milliseconds. */
export const IMAGE_BUILD_MS = 180_000;

/** `bun PATH --port N --served-model-name NAME --script-load-ms 500`: the same server as a plain process. */
export const scriptedEngineArgv = (...args: readonly string[]): readonly [string, ...string[]] => [
  process.execPath,
  SCRIPTED_ENGINE,
  ...args,
];

export interface DockerForTests {
  readonly engine: DockerEngine;
  /** For `describe.skipIf`: false where ANVIL_TEST_REQUIRE_DOCKER=1 makes a missing engine a failure. */
  readonly skip: boolean;
}

/** Looks for an engine and says loudly when there is none. @param file for the message */
export const dockerForTests = async (file: string): Promise<DockerForTests> => {
  const engine = await openDockerEngine(bunEffects());
  const missing = await engine.version().then(
    () => undefined,
    (error: unknown) => (error instanceof DockerError ? error.message : String(error)),
  );
  const why =
    process.platform === 'linux' && Bun.which('docker') !== null ? missing : 'no docker program to build an image with';
  if (why === undefined) return { engine, skip: false };
  const isRequired = process.env.ANVIL_TEST_REQUIRE_DOCKER === '1';
  if (!isRequired) process.stderr.write(`SKIPPED ${file}: ${why}\n`);
  return { engine, skip: !isRequired };
};

let building: Promise<string> | undefined;

/** Tag of the image; built once per machine and content. */
export const scriptedEngineImage = (): Promise<string> => {
  building ??= scriptedImage();
  return building;
};
