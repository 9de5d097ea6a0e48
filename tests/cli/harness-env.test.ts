/** `harness env` prints, shows or merges, says what it did, and never shows a key. */
import { describe, expect, test } from 'bun:test';
import { run } from '#tests/cli/fake-terminal';
import { startTwoTiers } from '#tests/support/two-tiers';

const CONFIG = Bun.fileURLToPath(new URL('../../configs/example.toml', import.meta.url));
const from = (...words: readonly string[]): readonly string[] => ['harness', 'env', ...words, '--config', CONFIG];

describe('printing', () => {
  test('shows the file, the line to run and what to know', async () => {
    const { exit, out, err } = await run(from('codex', '--url', 'http://10.1.2.3:9000'));
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toStartWith('# ~/.codex/config.toml\nmodel = "planning"\n');
    expect(out).toContain('base_url = "http://10.1.2.3:9000/v1"\n');
    expect(out).toContain('\n# run\ncodex -c model_provider=anvil -m planning\n');
    expect(out).toContain('set ANVIL_KEY to any word');
  });

  test('as JSON holds the same, content ready to be written', async () => {
    const { out } = await run(from('aider', '--json', '--key-env', 'MY_KEY'));
    const said = JSON.parse(out);
    expect(said).toMatchObject({
      harness: 'aider',
      files: [
        { path: '~/.aider.conf.yml', format: 'yaml' },
        { path: '~/.aider.model.metadata.json', format: 'json' },
      ],
      shell: ['export OPENAI_API_KEY="$MY_KEY"'],
    });
  });
});

describe('the running router', () => {
  test('is asked for presets and limits when no configuration is named', async () => {
    await using world = await startTwoTiers();
    const { exit, out } = await run(['harness', 'env', 'pi', '--json', '--url', world.server.url]);
    expect(exit).toBe(0);
    const { models } = JSON.parse(JSON.parse(out).files[0].content).providers.anvil;
    expect(models.map(({ id }: { id: string }) => id)).toEqual([
      'planning',
      'quick-edit',
      'review',
      'chat',
      'long-context',
    ]);
    expect(models[0].contextWindow).toBe(131_072);
  });

  test('that is not there is named, with a remedy', async () => {
    const { exit, err } = await run(['harness', 'env', 'pi', '--url', 'http://127.0.0.1:1']);
    expect(exit).toBe(1);
    expect(err).toContain('no answer from http://127.0.0.1:1/v1/models: connection refused');
  });
});

describe('a choice that is wrong exits 2', () => {
  const cases: readonly (readonly [words: readonly string[], message: string])[] = [
    [from('codx'), 'did you mean codex?'],
    [from('codex', '--key-env', 'sk-a-real-key'), '--key-env wants the name of a variable'],
    [from('codex', '--url', 'http://'), '--url http:// is not an address'],
    [from('cline', '--write'), 'cline keeps the key itself in its file'],
  ];
  for (const [words, message] of cases) {
    test(message, async () => {
      const { exit, err } = await run(words);
      expect({ exit, err }).toEqual({ exit: 2, err: expect.stringContaining(message) });
      expect(err).not.toContain('sk-a-real-key');
    });
  }
});
