/** How do the tests of the configuration read a text? Helpers around `readSettings`, with a world of their own. */
import { type ReadResult, readSettings } from '#config/load';
import type { ConfigProblem } from '#config/problem';
import type { Mode } from '#config/schema';
import type { Settings } from '#core/settings';
import type { Tier } from '#core/tier';
import { parseToml } from '#platform/toml';

export const sha256 = (text: string): string => new Bun.CryptoHasher('sha256').update(text).digest('hex');

export interface World {
  readonly path?: string;
  readonly mode?: Mode;
  readonly env?: Record<string, string>;
  readonly files?: readonly string[];
}

export const read = (text: string, world: World = {}): ReadResult => {
  const parsed = parseToml(text);
  if (!parsed.ok) throw new Error(`the test's own TOML is broken: ${parsed.problem.message} at ${parsed.problem.line}`);
  return readSettings({
    text,
    path: world.path ?? 'config.toml',
    document: parsed.document,
    locate: parsed.locate,
    env: (name) => world.env?.[name],
    sha256,
    exists: (path) => world.files?.includes(path) ?? false,
    mode: world.mode,
  });
};

export const settingsOf = (text: string, world?: World): Settings => {
  const result = read(text, world);
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.problems, null, 1)}`);
  return result.settings;
};

export const warningsOf = (text: string, world?: World): readonly string[] => {
  const result = read(text, world);
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.problems, null, 1)}`);
  return result.warnings.map(({ key, line, message }) => `${line ?? '-'} ${key}: ${message}`);
};

export const problemsOf = (text: string, world?: World): readonly ConfigProblem[] => {
  const result = read(text, world);
  return result.ok ? [] : result.problems;
};

export const tierOf = (settings: Settings, id: string): Tier => {
  const tier = settings.tierById.get(id);
  if (tier === undefined) throw new Error(`no tier ${id}`);
  return tier;
};

/** A tier that needs nothing else; `lines` are added or replace the line of the same key. */
export const tierToml = (id: string, lines: readonly string[] = []): string => {
  const keys = new Map<string, string>(
    [
      `id = "${id}"`,
      'base_url = "http://127.0.0.1:30001/v1"',
      'model = "m"',
      'dialect = "openai"',
      'context_limit = 32768',
      'privacy = "local"',
      'tool_support = true',
      'auth_env = "ANVIL_KEY"',
      ...lines,
    ].map((line) => [line.split('=')[0]?.trim() ?? '', line]),
  );
  return ['[[router.tiers]]', ...keys.values()].join('\n');
};

/** The smallest valid file; `router` are further lines of `[router]`, `rest` follows the one tier `a`. */
export const minimal = (router: readonly string[] = [], rest: readonly string[] = []): string =>
  [
    '[router]',
    'mapping_version = "1"',
    ...router,
    tierToml('a'),
    ...rest,
    ...(rest.some((line) => line.startsWith('[router.presets]')) ? [] : ['[router.presets]', 'chat = ["a"]']),
  ].join('\n');

/** The 1-based line on which a text first has this line, blanks around it aside. */
export const lineOf = (text: string, wanted: string): number => {
  const index = text.split('\n').findIndex((line) => line.trim() === wanted.trim());
  if (index === -1) throw new Error(`no line ${wanted}`);
  return index + 1;
};

export const fixture = (name: string): Promise<string> =>
  Bun.file(`${import.meta.dir}/../fixtures/configs/${name}`).text();

export const shipped = (name: string): Promise<string> => Bun.file(`${import.meta.dir}/../../configs/${name}`).text();

/** A TOML document as an editor sees it: whole numbers are numbers. */
export const asEditor = (text: string): unknown => {
  const parsed = parseToml(text);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return JSON.parse(
    JSON.stringify(parsed.document, (_key, value) => (typeof value === 'bigint' ? Number(value) : value)),
  );
};
