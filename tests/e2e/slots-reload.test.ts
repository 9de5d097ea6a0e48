/** What becomes of models on the GPU when configuration or registry change, are wrong, or the router is started again? */
import { describe, expect, test } from 'bun:test';
import { writeFile } from 'node:fs/promises';
import { run, serve } from '#tests/e2e/program';
import { askerOf, endWith, type SlotsWorld, startSlotsWorld } from '#tests/e2e/slots-world';
import { chatSeen, readerOf } from '#tests/support/sse';

const LIMIT_MS = 60_000;
const SLOW = ['--script-tokens', '40', '--script-token-ms', '50'];
const RELOADED = /"configuration reloaded"/;
const REFUSED = /"configuration refused; the one in force stays"/;
const GROUP = /\[\[router\.swap_groups\]\]\nname = "gpu0"\nregistry = "multiplexer\.toml"\n/;

const warm = async (world: Pick<SlotsWorld, 'chat'>, tier: string): Promise<void> => {
  const response = await world.chat(tier, { max_tokens: 2 });
  expect([tier, response.status]).toEqual([tier, 200]);
  await response.body?.cancel();
};

const pidOf = async (world: Pick<SlotsWorld, 'slot'>): Promise<number> => Number((await world.slot('alpha')).serve);

const reload = async (world: SlotsWorld, text: string, outcome = RELOADED): Promise<string> => {
  const before = world.serving.err().length;
  await writeFile(world.path, text);
  world.serving.signal('SIGHUP');
  await world.serving.logged(outcome, before);
  return world.serving.err().slice(before);
};

describe('a reload', () => {
  test(
    'keeps the models of a group that stays, stops those of one that goes, and brings it back',
    async () => {
      await using world = await startSlotsWorld({ script: { alpha: SLOW } });
      await warm(world, 'a');
      const pid = await pidOf(world);
      const reader = readerOf(await world.chat('a', { stream: true }));
      await reader.until('alpha');
      await reload(world, world.toml.replace('slots.1', 'slots.2'));
      expect(await pidOf(world)).toBe(pid);
      const without = world.toml.replace(GROUP, '').replaceAll('swap_group = "gpu0"\n', '');
      expect(without).not.toContain('gpu0');
      await reload(world, without);
      // The answer that runs ends first; then its server goes.
      expect(chatSeen(await reader.rest())).toMatchObject({ terminal: true, error: undefined });
      await world.serving.logged(/"why":"leaving"/);
      expect(await world.slots()).toBeNull();
      await reload(world, world.toml);
      await warm(world, 'a');
      expect(await pidOf(world)).not.toBe(pid);
      expect(await world.left()).toHaveLength(1);
    },
    LIMIT_MS,
  );

  test(
    'says that a changed registry waits for a restart, and which one is in force',
    async () => {
      await using world = await startSlotsWorld();
      await warm(world, 'a');
      const { registry } = (await world.slots()) ?? {};
      expect(registry).toMatch(/^[0-9a-f]{16}$/);
      expect(await reload(world, world.toml)).not.toContain('in force');
      await writeFile(world.registryPath, world.registry.replace('retry_seconds = 0.2', 'retry_seconds = 0.3'));
      const said = await reload(world, world.toml);
      expect(said).toContain(`the one in force (digest ${registry}) stays although the file has changed`);
      expect(said).toContain('restart to take it over');
      await writeFile(world.registryPath, 'nonsense = 1\n');
      expect(await reload(world, world.toml)).toContain('the file as it is now would be refused');
      expect((await world.slots())?.registry).toBe(registry ?? '');
      await warm(world, 'b');
    },
    LIMIT_MS,
  );

  test(
    'to a registry that is wrong is refused, and the models stay',
    async () => {
      await using world = await startSlotsWorld();
      await warm(world, 'a');
      const pid = await pidOf(world);
      await world.folder.write('wrong.toml', '[[models]]\nname = "alpha"\n');
      const said = await reload(world, world.toml.replace('"multiplexer.toml"', '"wrong.toml"'), REFUSED);
      expect(said).toContain('wrong.toml');
      await warm(world, 'a');
      expect(await pidOf(world)).toBe(pid);
    },
    LIMIT_MS,
  );
});

describe('a start', () => {
  test(
    'with a registry that is wrong is refused, and says all that is wrong',
    async () => {
      await using world = await startSlotsWorld();
      for (const [text, said] of [
        ['[[models]]\nname = "alpha"\nport = 1\nmodle_path = "x"\n', 'modle_path'],
        ['', 'wrong.toml'],
        ['[[models]\n', 'wrong.toml:'],
      ] as const) {
        await world.folder.write('wrong.toml', text);
        const path = await world.folder.write('other.toml', world.toml.replace('"multiplexer.toml"', '"wrong.toml"'));
        await using running = await run(['serve', '--config', path, '--port', '0']);
        expect([text, await running.exited]).toEqual([text, 2]);
        expect(running.err()).toContain(said);
      }
    },
    LIMIT_MS,
  );

  test(
    'of a second router with the same registry is refused',
    async () => {
      await using world = await startSlotsWorld();
      await using second = await run(['serve', '--config', world.path, '--port', '0']);
      expect(await second.exited).toBe(2);
      expect(second.err()).toContain('another multiplexer holds this registry');
    },
    LIMIT_MS,
  );

  test(
    'tells each warning about the registry once',
    async () => {
      await using world = await startSlotsWorld({ policy: 'wait_bound_seconds = 1\n' });
      expect(world.serving.err().match(/multiplexer\.wait_bound_seconds/g)).toHaveLength(1);
    },
    LIMIT_MS,
  );
});

describe('servers', () => {
  test(
    'run on over a restart with keep_serves, and are taken over without a load',
    async () => {
      await using world = await startSlotsWorld({ group: 'keep_serves = true' });
      await warm(world, 'a');
      const pid = await pidOf(world);
      world.serving.signal('SIGTERM');
      expect(await world.serving.exited).toBe(0);
      expect(await world.left()).toEqual([pid]);
      const again = await serve(['--config', world.path]);
      const asker = askerOf(again);
      await asker.until(({ slots }) => slots.some(({ state }) => state === 'ready'));
      expect([await pidOf(asker), (await asker.slot('alpha')).loads]).toEqual([pid, 1]);
      await warm(asker, 'a');
      await writeFile(world.path, world.toml.replace('keep_serves = true', ''));
      again.signal('SIGHUP');
      await again.logged(RELOADED);
      await endWith(again, world.folder);
      expect(await again.exited).toBe(0);
      expect(await world.left()).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'of a router killed with SIGKILL are taken over by the next one',
    async () => {
      await using world = await startSlotsWorld();
      await warm(world, 'a');
      const pid = await pidOf(world);
      world.serving.signal('SIGKILL');
      await world.serving.exited;
      const again = await serve(['--config', world.path]);
      const asker = askerOf(again);
      await asker.until(({ slots }) => slots.some(({ state }) => state === 'ready'));
      expect(await pidOf(asker)).toBe(pid);
      await warm(asker, 'b');
      await endWith(again, world.folder);
      expect(await world.left()).toEqual([]);
    },
    LIMIT_MS,
  );
});
