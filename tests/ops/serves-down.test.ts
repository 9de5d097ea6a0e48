/** `serves down` stops what runs and `serves rm` removes what is meant, and neither does more. */
import { describe, expect, test } from 'bun:test';
import { type RemovalTarget, removalTargets, removeAll, takeDown } from '#ops/serves/down';
import { container, fakeMachine, manifestOf, processNamed, serveNamed } from '#tests/ops/serves-fake-world';

describe('down', () => {
  const cases: readonly (readonly [status: string, deeds: readonly string[], did: string])[] = [
    ['absent', [], 'nothing'],
    ['exited', [], 'nothing'],
    ['created', [], 'nothing'],
    ['dead', [], 'nothing'],
    ['running', ['stop a-box'], 'stopped'],
    ['paused', ['stop a-box'], 'stopped'],
    ['restarting', ['stop a-box'], 'stopped'],
    ['removing', ['stop a-box'], 'stopped'],
  ];
  for (const [status, deeds, did] of cases) {
    test(`of a container that is ${status}: ${did}`, async () => {
      const machine = fakeMachine();
      if (status !== 'absent') machine.containers.set('a-box', container('a-box', status));
      const [dry] = await takeDown([serveNamed('a')], true, machine.world);
      expect<unknown>([machine.deeds, dry?.did]).toEqual([[], did === 'stopped' ? 'planned' : did]);
      const [done] = await takeDown([serveNamed('a')], false, machine.world);
      expect<unknown>([machine.deeds, done?.did]).toEqual([deeds, did]);
    });
  }

  test('fails for one whose state cannot be found out, and for one that does not stop', async () => {
    const [unknown] = await takeDown([serveNamed('a')], false, fakeMachine({ noDocker: 'no engine' }).world);
    expect(unknown).toMatchObject({ did: 'failed', message: 'its state cannot be found out: no engine' });
    const machine = fakeMachine({ stuck: ['a-box'] });
    machine.containers.set('a-box', container('a-box', 'running'));
    const [stuck] = await takeDown([serveNamed('a')], false, machine.world);
    expect(stuck).toMatchObject({ did: 'failed', message: 'stop container a-box: it hangs' });
  });

  test('ends a process of ours, and leaves a stranger on its port alone', async () => {
    const machine = fakeMachine();
    machine.processes.set('a', { kind: 'ours', id: '7', running: true, status: 'running', drift: [] });
    machine.processes.set('b', { kind: 'stranger', what: 'port 30000 is taken' });
    const [a, b] = await takeDown([processNamed('a'), processNamed('b')], false, machine.world);
    expect([a?.did, b?.did, machine.deeds]).toEqual(['stopped', 'nothing', ['end a']]);
  });
});

describe('rm', () => {
  const A = serveNamed('a');
  const MANIFEST = manifestOf(A, serveNamed('b'), serveNamed('c', { container: 'b' }));
  const targets = (...words: readonly string[]): readonly RemovalTarget[] | string => {
    const found = removalTargets(words, MANIFEST);
    return 'problem' in found ? found.problem : found.targets;
  };

  test('means a serve by name or container, else a container of that name', () => {
    expect(targets('a', 'a-box', 'other')).toEqual([A, A, { container: 'other' }]);
  });

  test('of a container that is not there, names the serve that may be meant', async () => {
    const found = removalTargets(['heavyy'], manifestOf(serveNamed('heavy')));
    const [done] = 'problem' in found ? [] : await removeAll(found.targets, false, fakeMachine().world);
    expect(done).toMatchObject({ did: 'nothing', message: 'there is no container heavyy — did you mean "heavy"?' });
  });

  test('refuses a word that means two, before anything is removed', () => {
    expect(targets('a', 'b')).toBe('"b" means b (b-box) and c (b) — nothing was removed; name the one you mean');
  });

  test('removes what is there, and one that is not is no failure', async () => {
    const machine = fakeMachine({ stuck: ['stuck'] });
    for (const name of ['a-box', 'stuck']) machine.containers.set(name, container(name, 'running'));
    const wanted = [A, { container: 'gone' }, { container: 'stuck' }];
    const dry = await removeAll(wanted, true, machine.world);
    expect([dry.map(({ did }) => did), machine.deeds]).toEqual([['planned', 'nothing', 'planned'], []]);
    const done = await removeAll(wanted, false, machine.world);
    expect<unknown>([done.map(({ did }) => did), machine.deeds]).toEqual([
      ['removed', 'nothing', 'failed'],
      ['remove a-box'],
    ]);
  });

  test('fails where no engine answers', async () => {
    const [done] = await removeAll([A], false, fakeMachine({ noDocker: 'no engine' }).world);
    expect(done).toMatchObject({ did: 'failed', message: 'no engine' });
  });
});
