/** How do the tests of the registry read a text? Helpers around `readRegistry`, with a world of their own. */
import { type RegistryResult, readRegistry } from '#config/registry';
import type { RegistryOverrides } from '#config/registry-resolve';
import type { Registry, RegistryModel } from '#core/registry';
import type { DockerLaunch } from '#core/serve-spec';
import { ENGINES } from '#engines/index';
import { parseJson } from '#platform/json-document';
import { parseToml } from '#platform/toml';
import { sha256 } from '#tests/config/support';

const PATH = '/etc/anvil/multiplexer';
const HOME = '/home/ann';

const read = (
  text: string,
  parse: typeof parseJson | typeof parseToml,
  unknownKeys: 'refused' | 'overlooked',
  overrides: RegistryOverrides,
): RegistryResult => {
  const parsed = parse(text);
  if (!parsed.ok) throw new Error(`the test's own text is broken: ${parsed.problem.message} at ${parsed.problem.line}`);
  const { document, locate } = parsed;
  const env = (name: string) => (name === 'HOME' ? HOME : undefined);
  return readRegistry({ text, path: PATH, document, locate, unknownKeys, env, sha256, engines: ENGINES, overrides });
};

export const readTomlRegistry = (text: string, overrides: RegistryOverrides = {}): RegistryResult =>
  read(text, parseToml, 'refused', overrides);

export const readJsonRegistry = (text: string): RegistryResult => read(text, parseJson, 'overlooked', {});

const loaded = (result: RegistryResult): Registry => {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.problems, null, 1)}`);
  return result.registry;
};

export const registryOf = (text: string, overrides?: RegistryOverrides): Registry =>
  loaded(readTomlRegistry(text, overrides));

export const registryOfRows = (rows: readonly object[]): Registry => loaded(readJsonRegistry(JSON.stringify(rows)));

/** One line per problem: where, what, what to do. */
export const problemLines = (result: RegistryResult): readonly string[] =>
  result.ok
    ? []
    : result.problems.map(({ line, key, message, remedy }) => `${line ?? '-'} ${key}: ${message} | ${remedy}`);

export const warningLines = (result: RegistryResult): readonly string[] => {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.problems, null, 1)}`);
  return result.warnings.map(({ line, key, message }) => `${line ?? '-'} ${key}: ${message}`);
};

/** The smallest model of TOML; further lines follow. */
export const modelToml = (name: string, ...lines: readonly string[]): string =>
  ['[[models]]', `name = "${name}"`, ...lines].join('\n');

export const onlyModel = (...lines: readonly string[]): RegistryModel => {
  const [model] = registryOf(modelToml('m', ...lines)).models;
  if (model === undefined) throw new Error('no model');
  return model;
};

export const dockerLaunch = ({ serve }: RegistryModel): DockerLaunch => {
  if (serve.launch.driver !== 'docker') throw new Error(`driver ${serve.launch.driver}`);
  return serve.launch;
};
