/** What `serves up` says when it cannot: whose port it is, which variable is missing, what a command printed last. */
import { expect, test } from 'bun:test';
import type { DeclaredServe } from '#config/serves';
import { bringUp } from '#ops/serves/up';
import { container, type FakeMachine, fakeMachine, manifestOf, serveNamed } from '#tests/ops/serves-fake-world';

const up = (machine: FakeMachine, serves: readonly DeclaredServe[], wanted = serves) =>
  bringUp(wanted, manifestOf(...serves), { recreate: false, dryRun: false }, machine.world);

test('a taken port is told with the container and the serve that has it, before anything is touched', async () => {
  const machine = fakeMachine({ taken: [30_000] });
  const held = [{ container: 8000, host: 30_000, address: '127.0.0.1' }];
  machine.containers.set('b-box', container('b-box', 'running', { ports: held }));
  const [a, b] = [serveNamed('a'), serveNamed('b')];
  const [done] = await up(machine, [a, b], [a]);
  expect(done).toMatchObject({ did: 'refused' });
  expect(done?.message).toStartWith('port 30000 is taken by container b-box of serve b — ');
  expect(machine.deeds).toEqual([]);
});

test('a taken port of no container is told as well, and one that this serve holds itself is no trouble', async () => {
  const machine = fakeMachine({ taken: [30_000] });
  const [stranger] = await up(machine, [serveNamed('a')]);
  expect(stranger?.message).toContain('taken by a program that is no container');
  machine.containers.set('a-box', container('a-box', 'running'));
  const [own] = await up(machine, [serveNamed('a', { driver: 'compose', up: ['docker', 'compose', 'up'] })]);
  expect(own?.did).toBe('started');
});

test('a variable of env_from that is not set keeps up from being run', async () => {
  const serve = serveNamed('a', { envFrom: ['HF_TOKEN', 'OTHER'] });
  const without = fakeMachine({ env: { OTHER: 'x' } });
  const [refused] = await up(without, [serve]);
  expect(refused).toMatchObject({
    did: 'refused',
    message: 'HF_TOKEN must be set in the environment: env_from names it',
  });
  expect(without.deeds).toEqual([]);
  const [ran] = await up(fakeMachine({ env: { OTHER: 'x', HF_TOKEN: 'y' } }), [serve]);
  expect(ran?.did).toBe('started');
});

test('a command that fails is told with its exit code and last lines, and the next serve is tried', async () => {
  const machine = fakeMachine();
  const out = Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n');
  machine.programs.set('./up.sh a', { code: 17, out, err: 'no such image\n' });
  const [a, b] = await up(machine, [serveNamed('a'), serveNamed('b', { port: 30_001 })]);
  expect(a).toMatchObject({ did: 'failed', message: './up.sh a ended with exit code 17' });
  expect(a?.lines.length).toBe(20);
  expect(a?.lines.at(-1)).toBe('no such image');
  expect(b?.did).toBe('started');
});

test('a command that is killed or too slow is told as that', async () => {
  const machine = fakeMachine();
  machine.programs.set('./up.sh a', { code: undefined, endedBy: 'SIGKILL' });
  machine.programs.set('./up.sh b', { code: undefined, timedOut: true });
  const [a, b] = await up(machine, [serveNamed('a'), serveNamed('b')]);
  expect(a?.message).toEndWith('ended with SIGKILL');
  expect(b?.message).toEndWith('did not end within 60 minutes');
});

test('a plan says why it cannot be carried out, as the deed would', async () => {
  const machine = fakeMachine({ noDocker: 'no engine answers' });
  const serve = serveNamed('a');
  const ways = [true, false].map((dryRun) =>
    bringUp([serve], manifestOf(serve), { recreate: false, dryRun }, machine.world),
  );
  const message = 'its state cannot be found out (no engine answers) — correct that first';
  for (const done of await Promise.all(ways)) expect(done).toMatchObject([{ did: 'refused', message }]);
});

test('a container that keeps restarting is refused with its exit code and its last lines', async () => {
  const machine = fakeMachine();
  machine.containers.set('a-box', container('a-box', 'restarting', { exitCode: 2 }));
  machine.logs.set('id-a-box', [
    { stream: 'out', text: 'starting' },
    { stream: 'err', text: 'error: unrecognized arguments: --kv' },
  ]);
  const [done] = await up(machine, [serveNamed('a')]);
  expect(done?.message).toBe('it is restarting, last exit code 2 — `serves up --recreate a` makes it anew');
  expect(done?.lines).toEqual(['starting', 'error: unrecognized arguments: --kv']);
});

test('a container that cannot be removed is not made again on top of it', async () => {
  const machine = fakeMachine({ stuck: ['a-box'] });
  machine.containers.set('a-box', container('a-box', 'running'));
  const serve = serveNamed('a');
  const [done] = await bringUp([serve], manifestOf(serve), { recreate: true, dryRun: false }, machine.world);
  expect(done).toMatchObject({ did: 'failed', message: 'remove container a-box: it hangs' });
  expect(machine.deeds).toEqual([]);
});

test('a container is not removed for an up whose program is not there', async () => {
  const machine = fakeMachine();
  machine.containers.set('a-box', container('a-box', 'running'));
  const serve = serveNamed('a', { up: ['no-such-docker', 'run'] });
  const [done] = await bringUp([serve], manifestOf(serve), { recreate: true, dryRun: false }, machine.world);
  expect(done).toMatchObject({
    did: 'refused',
    message: 'there is no program no-such-docker, so nothing is removed: install it, or correct up',
  });
  expect(machine.deeds).toEqual([]);
});

test('what drifted is a warning where it is left running', async () => {
  const machine = fakeMachine();
  const args = ['serve', '/models/x', '--served-model-name', 'old'];
  machine.containers.set('a-box', container('a-box', 'running', { args }));
  const [done] = await up(machine, [serveNamed('a', { model: 'new' })]);
  expect(done?.warnings).toEqual([
    'was made to serve old, declared is new — `serves up --recreate a` makes it as declared',
  ]);
});
