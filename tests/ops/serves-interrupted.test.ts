/** Ctrl-C in the middle: what goes on is said, what was not begun is not begun, and nothing pretends to be done. */
import { expect, test } from 'bun:test';
import { removeAll, takeDown } from '#ops/serves/down';
import { bringUp } from '#ops/serves/up';
import { bringUpReady } from '#ops/serves/wait';
import type { ServesWorld } from '#ops/serves/world';
import {
  container,
  type FakeMachine,
  fakeMachine,
  manifestOf,
  processNamed,
  serveNamed,
} from '#tests/ops/serves-fake-world';

/** A machine whose verb is interrupted when it does the first thing that changes something. */
const interruptible = (): { machine: FakeMachine; world: ServesWorld; leaving: AbortController } => {
  const machine = fakeMachine();
  const leaving = new AbortController();
  return { machine, world: { ...machine.world, signal: leaving.signal }, leaving };
};

const UP = { recreate: false, dryRun: false };

test('a command that was interrupted is told as that, and serves behind it are left alone', async () => {
  const { machine, world, leaving } = interruptible();
  const { commands } = world;
  const run: typeof commands.run = async (argv, options) => {
    leaving.abort();
    return { ...(await commands.run(argv, options)), code: undefined, endedBy: 'SIGKILL' };
  };
  const serves = [serveNamed('a'), serveNamed('b'), processNamed('c')];
  const outcomes = await bringUp(serves, manifestOf(...serves), UP, { ...world, commands: { ...commands, run } });
  expect(outcomes.map(({ did, message }) => `${did}: ${message}`)).toEqual([
    'failed: ./up.sh a was interrupted',
    'refused: interrupted before it was tried',
    'refused: interrupted before it was tried',
  ]);
  expect(machine.deeds).toEqual(['run ./up.sh a']);
});

test('an interrupted wait says that the serve goes on loading', async () => {
  const { machine, world, leaving } = interruptible();
  machine.containers.set('a-box', container('a-box', 'running'));
  const serve = serveNamed('a');
  const docker = await world.docker();
  const wait = (): Promise<never> => {
    leaving.abort();
    return new Promise(() => undefined);
  };
  const watched: ServesWorld = { ...world, docker: async () => ({ ...docker, wait }) };
  const [done] = await bringUpReady([serve], manifestOf(serve), { ...UP, waitMs: undefined }, watched);
  expect(done).toMatchObject({
    did: 'failed',
    message: 'already running, but the wait was interrupted: it goes on loading',
  });
});

test('stopping and removing that nobody waits for any more may go on in Docker', async () => {
  const { machine, world, leaving } = interruptible();
  machine.containers.set('a-box', container('a-box', 'running'));
  const docker = await world.docker();
  const aborted = async (): Promise<never> => {
    leaving.abort();
    throw leaving.signal.reason;
  };
  const interrupted: ServesWorld = { ...world, docker: async () => ({ ...docker, stop: aborted, remove: aborted }) };
  const message = 'interrupted: Docker may go on with it; `serves status` shows how it stands';
  expect(await takeDown([serveNamed('a')], false, interrupted)).toMatchObject([{ did: 'failed', message }]);
  expect(await removeAll([serveNamed('a')], false, interrupted)).toMatchObject([{ did: 'failed', message }]);
});
