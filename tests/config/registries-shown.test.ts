/** The registries that pages and examples show load as they stand, without a warning. */
import { expect, test } from 'bun:test';
import { readTomlRegistry, warningLines } from '#tests/config/registry-support';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string): Promise<string> => Bun.file(new URL(path, ROOT)).text();

test('the one in the README', async () => {
  const [, shown] = /```toml\n(# multiplexer\.toml\n[^`]*)```/.exec(await read('README.md')) ?? [];
  const result = readTomlRegistry(shown ?? '');
  expect(warningLines(result)).toEqual([]);
  expect(result.ok && result.registry.models.map(({ swap }) => swap.name)).toEqual(['gpt-oss-20b', 'qwen3-8b']);
});

test.each(['multiplexer.toml', 'sleep.toml', 'gpu.toml'])('%s of the example', async (name) => {
  const result = readTomlRegistry(await read(`examples/one-gpu/${name}`));
  expect(warningLines(result)).toEqual([]);
  expect(result.ok && result.registry.models.length).toBeGreaterThan(1);
});
