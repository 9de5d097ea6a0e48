/** Names, containers and modes choose serves; serves of another mode that share something are found. */
import { describe, expect, test } from 'bun:test';
import type { ServesManifest } from '#config/serves';
import { chooseMode } from '#ops/serves/mode';
import { makeRoom } from '#ops/serves/rivals';
import { rivalsOf, selectServes } from '#ops/serves/select';
import { container, fakeMachine, manifestOf, serveNamed } from '#tests/ops/serves-fake-world';
import { simulatedEffects } from '#tests/support/effects';

const BOTH = serveNamed('both', { port: 1 });
const AGENT = serveNamed('agent', { port: 2, gpus: ['0', '1'], modes: ['agentic'] });
const FLEX = serveNamed('flex', { port: 3, gpus: ['1'], modes: ['flexibility'] });
const MANIFEST = manifestOf(BOTH, AGENT, FLEX);
const AGENTIC = { mode: 'agentic', from: 'ANVIL_MODE' } as const;
const ASKED = { mode: 'agentic', from: '--mode' } as const;

const names = (selection: ReturnType<typeof selectServes>): readonly string[] | string =>
  'problem' in selection ? selection.problem : selection.serves.map(({ name }) => name);

describe('words', () => {
  test('none mean all, of every mode where none is chosen', () => {
    expect(names(selectServes(MANIFEST, [], undefined))).toEqual(['both', 'agent', 'flex']);
  });

  test('none mean those of the chosen mode and of all modes, and the others are told', () => {
    const selection = selectServes(MANIFEST, [], AGENTIC);
    expect(names(selection)).toEqual(['both', 'agent']);
    expect('leftOut' in selection && selection.leftOut.map(({ name }) => name)).toEqual(['flex']);
  });

  test('are names or containers, and come in the order of the file', () => {
    expect(names(selectServes(MANIFEST, ['flex-box', 'both'], undefined))).toEqual(['both', 'flex']);
  });

  test('lead to a serve of another mode unless the mode was asked for', () => {
    expect(names(selectServes(MANIFEST, ['flex'], AGENTIC))).toEqual(['flex']);
    expect(names(selectServes(MANIFEST, ['flex'], ASKED))).toBe(
      'serve flex is of mode flexibility, not of agentic — leave out --mode, or the name',
    );
  });

  test('that mean nothing make all the others void', () => {
    expect(names(selectServes(MANIFEST, ['both', 'flx'], undefined))).toBe(
      'serves.toml declares no serve "flx" — did you mean "flex"?',
    );
    expect(names(selectServes(manifestOf(), ['x'], undefined))).toBe(
      'serves.toml declares no serve "x" — it declares none',
    );
  });
});

describe('the mode is', () => {
  const FILES = { '/modes.toml': '[modes]\nactive_mode = "flexibility"\n' };
  const world = (env: Record<string, string>) => simulatedEffects({ env, files: FILES });
  const declared: ServesManifest = { ...MANIFEST, modes: { active_mode: 'agentic' } };
  const cases: readonly (readonly [string, string | undefined, ServesManifest, Record<string, string>, unknown])[] = [
    ['none', undefined, MANIFEST, {}, undefined],
    ['--mode first', 'agentic', declared, { ANVIL_MODE: 'flexibility' }, ASKED],
    ['then ANVIL_MODE', undefined, declared, { ANVIL_MODE: 'agentic' }, AGENTIC],
    [
      'then that of the manifest',
      undefined,
      declared,
      { ANVIL_MODES_CONFIG: '/modes.toml' },
      { mode: 'agentic', from: '[modes] of serves.toml' },
    ],
    [
      'then that of ANVIL_MODES_CONFIG',
      undefined,
      MANIFEST,
      { ANVIL_MODES_CONFIG: '/modes.toml' },
      { mode: 'flexibility', from: '[modes] of /modes.toml' },
    ],
  ];
  for (const [what, flag, manifest, env, chosen] of cases) {
    test(what, async () => expect<unknown>(await chooseMode(flag, manifest, world(env))).toEqual(chosen));
  }

  test('a problem when there is no such mode, or no such file', async () => {
    expect(await chooseMode('agentik', MANIFEST, world({}))).toMatchObject({
      problem: { key: '--mode', message: 'there is no mode "agentik"', remedy: 'did you mean "agentic"?' },
    });
    expect(await chooseMode(undefined, MANIFEST, world({ ANVIL_MODES_CONFIG: '/none' }))).toMatchObject({
      problem: { file: '/none', message: 'there is no such file' },
    });
  });
});

describe('rivals', () => {
  test('share a port or a GPU and are of another mode', () => {
    expect(rivalsOf([BOTH, AGENT], MANIFEST, 'agentic')).toEqual([{ rival: FLEX, shares: 'GPU 1' }]);
    const samePort = serveNamed('p', { port: 2, modes: ['flexibility'] });
    expect(rivalsOf([AGENT], manifestOf(AGENT, samePort), 'agentic')).toEqual([{ rival: samePort, shares: 'port 2' }]);
  });

  test('are not guessed where a GPU is not declared', () => {
    const silent = serveNamed('s', { port: 9, modes: ['flexibility'] });
    expect(rivalsOf([AGENT], manifestOf(AGENT, silent), 'agentic')).toEqual([]);
  });

  test('that run are only named, until they are to be stopped', async () => {
    const machine = fakeMachine();
    machine.containers.set('flex-box', container('flex-box', 'running'));
    const room = (switching: boolean, dryRun: boolean) =>
      makeRoom([AGENT], MANIFEST, 'agentic', { switching, dryRun }, machine.world);
    expect((await room(false, false)).staying).toHaveLength(1);
    expect((await room(true, true)).stopped).toMatchObject([{ serve: 'flex', did: 'planned' }]);
    expect(machine.deeds).toEqual([]);
    expect((await room(true, false)).stopped).toMatchObject([{ serve: 'flex', did: 'stopped' }]);
    expect(machine.deeds).toEqual(['stop flex-box']);
    expect(await room(true, false)).toEqual({ staying: [], stopped: [] });
    for (const status of ['paused', 'restarting']) {
      machine.containers.set('flex-box', container('flex-box', status));
      expect((await room(false, false)).staying).toHaveLength(1);
    }
  });
});
