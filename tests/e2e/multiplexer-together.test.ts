/** Models that fit stay together on a real Docker Engine; one that does not sends away exactly what it must. */
import { describe, expect, test } from 'bun:test';
import { ask, gist, openStream, seenIn, streamed, wholeAnswer } from '#tests/e2e/multiplexer-callers';
import { watchEvents } from '#tests/e2e/multiplexer-events';
import { type ModelRow, startWorld } from '#tests/e2e/multiplexer-world';
import { dockerForTests, IMAGE_BUILD_MS } from '#tests/support/scripted-image';

const { engine, skip } = await dockerForTests('tests/e2e/multiplexer-together.test.ts');

const model = (name: string, vramMib: number, exclusive: readonly string[] = []): ModelRow => ({
  name,
  script: ['--script-tokens', '100000', '--script-token-ms', '20'],
  keys: { vram_mib: vramMib, exclusive },
});

describe.skipIf(skip)('on one GPU of 300 MiB', () => {
  test(
    'two small models answer at once, a third takes the room of the idle one only, and a group has one member',
    async () => {
      const models = [
        model('used', 100),
        model('idle', 100, ['pair']),
        model('large', 200),
        model('twin', 50, ['pair']),
      ];
      await using world = await startWorld({ engine }, { vramMib: 300, models });
      await using multiplexer = await world.start();
      const { url } = multiplexer;
      const residents = async (): Promise<readonly string[]> =>
        ((await (await fetch(`${url}/healthz`)).json()) as { residents: readonly string[] }).residents;
      const running = async (): Promise<readonly string[]> =>
        (await world.containers()).map(({ name }) => name).toSorted();

      // Together: the answers of both run at the same time.
      const both = await Promise.all(['used', 'idle'].map((name) => openStream(url, name, { tokens: 50 })));
      expect(await residents()).toEqual(['used', 'idle']);
      expect((await multiplexer.slots()).gpus).toEqual([{ id: '0', vram_mib: 300, taken_mib: 200 }]);
      for (const reader of both) expect(seenIn(await reader.rest()).terminal).toBe(true);

      // A twin fits beside them, but not beside its group.
      using events = watchEvents(engine, new Map(models.map(({ name }) => [world.container(name), name])));
      expect((await ask(url, 'twin', { tokens: 6 })).status).toBe(200);
      expect(await residents()).toEqual(['used', 'twin']);
      expect((await ask(url, 'idle', { tokens: 6 })).status).toBe(200);
      expect(await residents()).toEqual(['used', 'idle']);

      // Room for the large one: 100 MiB are free, and those of the model that nobody uses do.
      const kept = await openStream(url, 'used', { tokens: 200 });
      expect(await streamed(url, 'large', { tokens: 8 })).toEqual(wholeAnswer('large', 8));
      expect(await residents()).toEqual(['used', 'large']);
      expect(gist(seenIn(await kept.rest()))).toEqual(wholeAnswer('used', 200));
      expect(await running()).toEqual([world.container('large'), world.container('used')]);
      const { swaps, gpus } = await multiplexer.slots();
      expect(swaps.last.map((note) => [note.out, note.in])).toEqual([
        ['idle', 'large'],
        ['twin', 'idle'],
        ['idle', 'twin'],
        [null, expect.any(String)],
        [null, expect.any(String)],
      ]);
      expect([swaps.cut, gpus[0]?.taken_mib]).toEqual([0, 300]);
      await events.until('start large');
      expect(events.seen.filter((event) => !/^(create|destroy)/.test(event))).toEqual([
        'die idle',
        'start twin',
        'die twin',
        'start idle',
        'die idle',
        'start large',
      ]);
      expect(await multiplexer.end('SIGTERM')).toBe(0);
      expect(await running()).toEqual([]);
    },
    IMAGE_BUILD_MS,
  );
});
