/** Files of a harness change whole or not at all, with a copy of what was there; secrets do not show in a difference. */
import { describe, expect, test } from 'bun:test';
import { symlink } from 'node:fs/promises';
import { diffLines } from '#ops/harness-env/diff';
import { factsOfModels } from '#ops/harness-env/facts';
import { HARNESSES } from '#ops/harness-env/harnesses';
import { mergeFiles, writeFiles } from '#ops/harness-env/merge';
import { bunEffects } from '#platform/bun-effects';
import { simulatedEffects } from '#tests/support/effects';
import { tmpdir } from '#tests/support/tmp';

const MODELS = [{ id: 'planning', display_name: 'Planning', context_window: 131_072 }];
const FACTS = factsOfModels(MODELS, { url: 'http://127.0.0.1:8000', keyEnv: 'ANVIL_KEY', keyChecked: true });
const CODEX = HARNESSES.codex(FACTS).files;
const AIDER = HARNESSES.aider(FACTS).files;
const HOME = '/nowhere/home';
const CONFIG = `${HOME}/.codex/config.toml`;
const OTHER = '[model_providers.other]\nname = "x" # mine\n';

const worldWith = (files: Readonly<Record<string, string>>) => simulatedEffects({ env: { HOME }, files });
const mergedIn = async (effects: ReturnType<typeof worldWith>, plans = CODEX) => {
  const merge = await mergeFiles(plans, effects);
  if (!merge.ok) throw new Error(`${merge.path}: ${merge.problem}`);
  return merge.files;
};

describe('writing', () => {
  test('makes a file that is not there, without a copy', async () => {
    const effects = worldWith({});
    expect(await writeFiles(await mergedIn(effects), effects)).toEqual([{ path: CONFIG }]);
    expect(effects.files.contents.get(CONFIG)).toContain('[model_providers.anvil]');
  });

  test('adds to one that is there, and keeps a copy of it', async () => {
    const effects = worldWith({ [CONFIG]: OTHER });
    const [written] = await writeFiles(await mergedIn(effects), effects);
    expect(written?.backup).toMatch(/config\.toml\.anvil-backup-\d{8}T\d{6}Z$/);
    expect(effects.files.contents.get(written?.backup ?? '')).toBe(OTHER);
    expect(effects.files.contents.get(CONFIG)).toContain('[model_providers.other]\nname = "x" # mine\n');
  });

  test('a second time changes nothing', async () => {
    const effects = worldWith({ [CONFIG]: OTHER });
    await writeFiles(await mergedIn(effects), effects);
    const before = new Map(effects.files.contents);
    expect(await writeFiles(await mergedIn(effects), effects)).toEqual([]);
    expect(effects.files.contents).toEqual(before);
  });

  test("leaves the owner's model with the owner's provider", async () => {
    const effects = worldWith({ [CONFIG]: 'model = "gpt-5.5"\n' });
    const [file] = await mergedIn(effects);
    expect(file?.kept).toEqual(['model_provider', 'model_context_window', 'model']);
    expect(file?.after).not.toContain('model_provider =');
  });

  test('goes where the harness was told to keep its files', async () => {
    const effects = simulatedEffects({ env: { HOME, CODEX_HOME: '/elsewhere/codex/' } });
    expect((await mergedIn(effects))[0]?.path).toBe('/elsewhere/codex/config.toml');
  });

  test('follows a symbolic link to the real file', async () => {
    await using folder = await tmpdir();
    const real = await folder.write('dotfiles/config.toml', OTHER);
    await folder.write('home/.codex/placeholder', '');
    await symlink(real, folder.file('home/.codex/config.toml'));
    const effects = { ...bunEffects(), env: (name: string) => (name === 'HOME' ? folder.file('home') : undefined) };
    const merge = await mergeFiles(CODEX, effects);
    if (!merge.ok) throw new Error(merge.problem);
    await writeFiles(merge.files, effects);
    expect(await folder.read('dotfiles/config.toml')).toContain('[model_providers.anvil]');
  });
});

describe('nothing is written', () => {
  test('when one of several files cannot be read as what it should be', async () => {
    const path = `${HOME}/.aider.model.metadata.json`;
    const merge = await mergeFiles(AIDER, worldWith({ [path]: '{"broken": ' }));
    expect(merge).toMatchObject({ ok: false, path: '~/.aider.model.metadata.json' });
    expect(merge.ok ? '' : merge.problem).toMatch(/^not JSON: /);
  });

  test('when nobody says where home is', async () => {
    expect(await mergeFiles(CODEX, simulatedEffects())).toMatchObject({
      ok: false,
      problem: expect.stringContaining('HOME'),
    });
  });

  test('when a file cannot be opened', async () => {
    const effects = worldWith({});
    const files = { ...effects.files, read: () => Promise.reject(new Error('permission denied')) };
    expect(await mergeFiles(CODEX, { ...effects, files })).toMatchObject({
      problem: 'cannot be read: permission denied',
    });
  });

  test('over a file whose copy could not be made', async () => {
    const effects = worldWith({ [CONFIG]: OTHER });
    const files = { ...effects.files, replace: () => Promise.reject(new Error('no space left on device')) };
    const failed = await writeFiles(await mergedIn(effects), { ...effects, files }).then(
      () => undefined,
      (error: Error) => error.message,
    );
    expect(failed).toContain(`${CONFIG} cannot be written: no space left on device`);
    expect(effects.files.contents.get(CONFIG)).toBe(OTHER);
  });
});

describe('a difference', () => {
  test('shows changed lines with two around them', () => {
    const before = 'a\nb\nc\nd\ne\nf\ng\n';
    expect(diffLines(before, before.replace('d', 'D\nD2'))).toEqual([' b', ' c', '-d', '+D', '+D2', ' e', ' f', '…']);
  });

  test('is empty between equal texts', () => {
    expect(diffLines('a\nb\n', 'a\nb\n')).toEqual([]);
  });

  test('masks secrets in the lines around it, but no references to variables', () => {
    const lines = diffLines(
      '{\n"apiKey": "sk-1234",\n"b": 1\n}',
      '{\n"apiKey": "sk-1234",\n"b": 2,\n"token": "$ANVIL_KEY"\n}',
    );
    expect(lines.join('\n')).not.toContain('sk-1234');
    expect(lines).toContain('+"token": "$ANVIL_KEY"');
  });
});
