/** Every shell learns every verb and every flag, and bash really offers them. */
import { describe, expect, test } from 'bun:test';
import { renderCompletion, type Shell } from '#cli/completion';
import { loadVerbs } from '#cli/verbs';
import { run } from '#tests/cli/fake-terminal';
import { tmpdir } from '#tests/support/tmp';

const verbs = await loadVerbs();
const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish'];

/** How a script of that shell spells a flag. */
const flagText = {
  bash: (flag: string) => `--${flag}`,
  zsh: (flag: string) => `--${flag}`,
  fish: (flag: string) => `-l ${flag}`,
};

for (const shell of SHELLS) {
  describe(`the ${shell} script`, () => {
    const script = renderCompletion(shell, verbs);

    test('is what the verb prints', async () => {
      expect(await run(['completion', shell])).toEqual({ exit: 0, out: script, err: '' });
    });

    for (const { name, command } of verbs) {
      test(`knows ${name} and all of its flags`, () => {
        for (const word of name.split(' ')) expect(script).toContain(word);
        for (const flag of [...Object.keys(command.flags), 'help']) {
          expect(script).toMatch(new RegExp(`${flagText[shell](flag)}(?![a-z-])`));
        }
      });
    }

    test('is understood by the shell itself', async () => {
      if (Bun.which(shell) === null) return;
      await using folder = await tmpdir();
      const file = await folder.write('script', script);
      const checked = Bun.spawnSync([shell, '-n', file]);
      expect({ code: checked.exitCode, err: checked.stderr.toString() }).toEqual({ code: 0, err: '' });
    });
  });
}

describe.if(Bun.which('bash') !== null)('bash', () => {
  /** What bash offers for the last of the words. */
  const offered = async (...words: readonly string[]): Promise<readonly string[]> => {
    await using folder = await tmpdir();
    const file = await folder.write('script', renderCompletion('bash', verbs));
    const quoted = ['anvil-serving', ...words].map((word) => `'${word}'`).join(' ');
    const program = `source "$1"; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _anvil_serving; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const asked = Bun.spawnSync(['bash', '--norc', '-c', program, 'bash', file]);
    expect(asked.stderr.toString()).toBe('');
    return asked.stdout.toString().split('\n').filter(Boolean);
  };

  test('offers the verbs', async () => {
    const first = new Set(verbs.map(({ name }) => name.split(' ')[0] ?? ''));
    expect(await offered('')).toEqual([...first, 'help', '--help', '--version']);
    expect(await offered('he')).toEqual(['health', 'help']);
  });

  test('offers the verbs of a noun, then their flags', async () => {
    expect(await offered('config', '')).toEqual(['check', '--help']);
    expect(await offered('config', 'check', '--')).toEqual(['--config', '--mode', '--strict', '--json', '--help']);
  });

  test('offers both of a noun that is a verb itself, then the flags of the one chosen', async () => {
    expect((await offered('multiplexer', '')).slice(0, 4)).toEqual(['status', 'load', 'unload', '--registry']);
    expect(await offered('multiplexer', '--self')).toEqual(['--self-check']);
    expect(await offered('multiplexer', 'status', '--')).toEqual([
      '--watch',
      '--json',
      '--url',
      '--auth-env',
      '--help',
    ]);
  });

  test('offers the flags of a verb, and the values of a flag that has a list of them', async () => {
    expect(await offered('serve', '--log')).toEqual(['--log-level', '--log-format']);
    expect(await offered('serve', '--log-format', '')).toEqual(['json', 'pretty']);
    expect(await offered('serve', '--port', '')).toEqual([]);
  });

  test('offers the values of an argument', async () => {
    expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish', '--help']);
  });
});
