/** What survives a multiplexer, who may use its state file, and what a bad disk does to it. */
import { Database } from 'bun:sqlite';
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createMultiplexerState, type MultiplexerState } from '#store/multiplexer-state';
import { tmpdir } from '#tests/support/tmp';

/** Real processes, on a machine that may be busy. Milliseconds. */
setDefaultTimeout(30_000);

const PROGRAM = join(import.meta.dir, 'multiplexer-state-program.ts');

interface Opened {
  readonly state: MultiplexerState;
  readonly problems: string[];
}

const stateAt = (path: string): Opened => {
  const problems: string[] = [];
  return { state: createMultiplexerState({ path, onProblem: (message) => problems.push(message) }), problems };
};

const refusalOf = (state: MultiplexerState): string => {
  try {
    state.open();
    return 'opened';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

/** Starts a holder and waits for its first line. */
const holder = async (path: string) => {
  const child = Bun.spawn([process.execPath, PROGRAM, path], { stdout: 'pipe', stderr: 'inherit' });
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  return { child, said: new TextDecoder().decode(value).trim() };
};

describe('the state of a multiplexer', () => {
  test('is there in the next life', async () => {
    await using folder = await tmpdir();
    const path = folder.file('deep/down/state.db');
    const { state } = stateAt(path);
    state.open();
    state.set('times/a', '{"loadMs":5}');
    state.set('gone', 'soon');
    state.set('gone', undefined);
    state.close();
    const next = stateAt(path);
    next.state.open();
    expect([next.state.get('times/a'), next.state.get('gone'), next.problems]).toEqual(['{"loadMs":5}', undefined, []]);
    next.state.close();
  });

  test('is kept to its owner', async () => {
    await using folder = await tmpdir();
    const { state } = stateAt(folder.file('state.db'));
    state.open();
    expect(statSync(folder.file('state.db')).mode & 0o077).toBe(0);
    state.close();
  });

  test('belongs to one at a time within a process, also after the other one has tried', async () => {
    await using folder = await tmpdir();
    const path = folder.file('state.db');
    const first = stateAt(path);
    first.state.open();
    expect(refusalOf(stateAt(path).state)).toMatch(/another multiplexer holds this registry: stop it .*state\.db/);
    // A handle that was closed on the way would have made the system drop the first one's lock.
    const { child, said } = await holder(path);
    child.kill('SIGKILL');
    await child.exited;
    expect(said).toMatch(/another multiplexer holds this registry/);
    first.state.close();
  });

  test('belongs to one process at a time, and is free as soon as that is killed', async () => {
    await using folder = await tmpdir();
    const path = folder.file('state.db');
    const { child, said } = await holder(path);
    try {
      expect(said).toBe('held');
      expect(refusalOf(stateAt(path).state)).toMatch(/another multiplexer holds this registry/);
    } finally {
      child.kill('SIGKILL');
      await child.exited;
    }
    const { state } = stateAt(path);
    expect(refusalOf(state)).toBe('opened');
    expect(state.get('from')).toBe('the other process');
    state.close();
  });

  test('is begun anew when it is damaged, and the damaged file is kept', async () => {
    await using folder = await tmpdir();
    const path = await folder.write('state.db', 'this is no database, however long one looks at it\n'.repeat(100));
    const { state, problems } = stateAt(path);
    state.open();
    state.set('a', 'b');
    state.close();
    expect(problems).toEqual([expect.stringContaining('state.db.damaged-1 and a new one begun')]);
    expect(existsSync(folder.file('state.db.damaged-1'))).toBe(true);
    const next = stateAt(path);
    next.state.open();
    expect(next.state.get('a')).toBe('b');
    next.state.close();
  });

  test('leaves the file of another program alone', async () => {
    await using folder = await tmpdir();
    const path = folder.file('state.db');
    const other = new Database(path, { create: true });
    other.run('CREATE TABLE mine (a)');
    other.close();
    expect(refusalOf(stateAt(path).state)).toMatch(/SQLite file of another program; nothing in it was changed/);
    expect(readdirSync(folder.path)).toEqual(['state.db']);
  });

  test('says what to do when its folder cannot be written', async () => {
    await using folder = await tmpdir();
    await folder.write('file', 'not a folder');
    expect(refusalOf(stateAt(folder.file('file/state.db')).state)).toMatch(
      /the state file cannot be used .*check that the folder exists/,
    );
  });

  test('goes on in memory when the disk is full, and says so once', async () => {
    await using folder = await tmpdir();
    const command = [process.execPath, PROGRAM, folder.file('state.db'), 'fill'];
    const limited = ['sh', '-c', `trap '' XFSZ; ulimit -f 512; exec "$@"`, 'sh', ...command];
    const child = Bun.spawn(limited, { stdout: 'pipe', stderr: 'inherit' });
    const said = (await new Response(child.stdout).text()).trim().split('\n');
    expect(said).toEqual([
      expect.stringMatching(/^multiplexer state: writing to .*state\.db failed: .*; serving goes on$/),
      'the other process, undefined, 3000000',
    ]);
  });
});
