/** `serves up` does for each state what the table says: for compose, scripts and processes, with and without --recreate. */
import { describe, expect, test } from 'bun:test';
import type { DeclaredServe } from '#config/serves';
import type { Found } from '#drivers/driver';
import { hasFailed } from '#ops/serves/outcome';
import { bringUp } from '#ops/serves/up';
import { container, fakeMachine, manifestOf, processNamed, serveNamed } from '#tests/ops/serves-fake-world';

const COMPOSE = serveNamed('a', { driver: 'compose', up: ['docker', 'compose', 'up', '-d', 'a'] });
const SCRIPT = serveNamed('a');
const { up: _up, ...BARE } = SCRIPT;

const RUN_COMPOSE = 'run docker compose up -d a';
const RUN_SCRIPT = 'run ./up.sh a';
const REMOVE = 'remove a-box';

type Row = readonly [status: string, compose: string, script: string, bare: string, recreate: string];

/** What is done, comma-separated; `-` nothing; `refused` nothing either, and exit 1. `RUN` is the serve's own line. */
const TABLE: readonly Row[] = [
  ['absent', 'RUN', 'RUN', 'refused', 'RUN'],
  ['running', 'RUN', '-', '-', `${REMOVE},RUN`],
  ['exited', 'RUN', 'start a-box', 'start a-box', `${REMOVE},RUN`],
  ['created', 'RUN', 'start a-box', 'start a-box', `${REMOVE},RUN`],
  ['paused', 'unpause a-box', 'unpause a-box', 'unpause a-box', `${REMOVE},RUN`],
  ['dead', 'refused', 'refused', 'refused', `${REMOVE},RUN`],
  ['restarting', 'refused', 'refused', 'refused', `${REMOVE},RUN`],
  ['removing', 'refused', 'refused', 'refused', 'refused'],
  ['something-new', 'refused', 'refused', 'refused', 'refused'],
  ['error', 'refused', 'refused', 'refused', 'refused'],
];

const machineWith = (status: string) => {
  const machine = fakeMachine(status === 'error' ? { noDocker: 'no engine answers' } : {});
  if (status !== 'absent' && status !== 'error') machine.containers.set('a-box', container('a-box', status));
  return machine;
};

const expectDeeds = async (serve: DeclaredServe, status: string, recreate: boolean, expected: string, run: string) => {
  const machine = machineWith(status);
  const [done] = await bringUp([serve], manifestOf(serve), { recreate, dryRun: false }, machine.world);
  const deeds = expected === '-' || expected === 'refused' ? [] : expected.replaceAll('RUN', run).split(',');
  expect({ deeds: machine.deeds, failed: done && hasFailed(done) }).toEqual({ deeds, failed: expected === 'refused' });
  if (expected === 'refused') expect(done?.message).toContain(' — ');
};

for (const [status, compose, script, bare, recreate] of TABLE) {
  describe(`a container that is ${status}`, () => {
    test(`of compose: ${compose}`, () => expectDeeds(COMPOSE, status, false, compose, RUN_COMPOSE));
    test(`of a script: ${script}`, () => expectDeeds(SCRIPT, status, false, script, RUN_SCRIPT));
    test(`without up: ${bare}`, () => expectDeeds(BARE, status, false, bare, ''));
    test(`of compose, with --recreate: ${recreate}`, () => expectDeeds(COMPOSE, status, true, recreate, RUN_COMPOSE));
    test(`of a script, with --recreate: ${recreate}`, () => expectDeeds(SCRIPT, status, true, recreate, RUN_SCRIPT));
    test('without up, with --recreate: refused', () => expectDeeds(BARE, status, true, 'refused', ''));
  });
}

describe('a process', () => {
  const ours = (running: boolean): Found => ({ kind: 'ours', id: '7', running, status: 'x', drift: [] });
  const cases: readonly (readonly [found: Found, recreate: boolean, deeds: readonly string[], did: string])[] = [
    [{ kind: 'absent' }, false, ['launch a'], 'started'],
    [ours(false), false, ['launch a'], 'started'],
    [ours(true), false, [], 'running'],
    [ours(true), true, ['end a', 'launch a'], 'recreated'],
    [{ kind: 'absent' }, true, ['launch a'], 'started'],
    [{ kind: 'stranger', what: 'port 1 is taken' }, false, [], 'refused'],
    [{ kind: 'stranger', what: 'port 1 is taken' }, true, [], 'refused'],
  ];
  for (const [found, recreate, deeds, did] of cases) {
    test(`${JSON.stringify(found)}${recreate ? ' with --recreate' : ''}: ${did}`, async () => {
      const machine = fakeMachine();
      machine.processes.set('a', found);
      const serve = processNamed('a');
      const [done] = await bringUp([serve], manifestOf(serve), { recreate, dryRun: false }, machine.world);
      expect<unknown>([machine.deeds, done?.did]).toEqual([deeds, did]);
    });
  }
});

describe('--dry-run', () => {
  for (const [status, ...expected] of TABLE) {
    for (const recreate of [false, true]) {
      test(`touches nothing that is ${status}${recreate ? ', with --recreate' : ''}, and tells the plan`, async () => {
        const machine = machineWith(status);
        const [done] = await bringUp([COMPOSE], manifestOf(COMPOSE), { recreate, dryRun: true }, machine.world);
        expect(machine.deeds).toEqual([]);
        const refused = expected[recreate ? 3 : 0] === 'refused';
        expect(done?.did).toBe(refused ? 'refused' : 'planned');
        if (!refused) expect(done?.message).toMatch(/^would /);
      });
    }
  }
});
