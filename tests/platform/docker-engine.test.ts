/** The client on a real Docker Engine: logs with and without a TTY, followed and not, waits, lists, and what is missing. */
import { beforeAll, describe, expect, test } from 'bun:test';
import type { LogLine, LogWish } from '#platform/docker-engine';
import { rejectionOf } from '#tests/support/rejection';
import { dockerForTests, IMAGE_BUILD_MS, scriptedEngineImage } from '#tests/support/scripted-image';

const { engine, skip } = await dockerForTests('tests/platform/docker-engine.test.ts');
const TEST_MS = 20_000;
const LABEL = `anvil-engine-test-${process.pid}`;

let image = '';
let made = 0;

/** A container of the scripted server that is gone afterwards, in whatever state. */
const withContainer = async (
  body: Readonly<Record<string, unknown>>,
  work: (name: string, id: string) => Promise<void>,
): Promise<void> => {
  const name = `${LABEL}-${made++}`;
  try {
    await work(name, await engine.create(name, { Image: image, Labels: { [LABEL]: '1' }, ...body }));
  } finally {
    await engine.remove(name);
  }
};

const linesOf = async (name: string, wish: LogWish): Promise<readonly LogLine[]> => {
  const lines: LogLine[] = [];
  for await (const line of engine.logs(name, wish)) lines.push(line);
  return lines;
};

const textsOf = async (name: string, wish: LogWish): Promise<readonly string[]> =>
  (await linesOf(name, wish)).map(({ text }) => text);

/** Dies on its own after some lines on both streams. */
const DYING = ['--served-model-name', 'm', '--script-load-ms', '9000', '--script-load-lines', '0'].concat([
  ...['--script-crash-loading-ms', '50', '--script-crash-code', '5', '--script-crash-lines', 'größer|Ende'],
]);

describe.skipIf(skip)('a real engine', () => {
  beforeAll(async () => {
    image = await scriptedEngineImage();
  }, IMAGE_BUILD_MS);

  for (const tty of [false, true]) {
    test(
      `gives the log of a container ${tty ? 'with a TTY' : 'without a TTY'}, as it comes and afterwards`,
      () =>
        withContainer({ Cmd: DYING, Tty: tty }, async (name) => {
          await engine.start(name);
          const followed = await linesOf(name, { follow: true });
          expect(await engine.wait(name)).toBe(5);
          const texts = followed.map(({ text }) => text);
          expect(texts).toHaveLength(4);
          expect(texts.slice(1)).toEqual(['m: crashes while loading', 'größer', 'Ende']);
          expect(followed.every(({ at = '' }) => /^20\d\d-.*\.\d{9}Z$/.test(at))).toBe(true);
          expect(followed.map(({ stream }) => stream)).toEqual(
            tty ? ['out', 'out', 'out', 'out'] : ['out', 'err', 'err', 'err'],
          );
          expect(await linesOf(name, { follow: false })).toEqual(followed);
          expect(await textsOf(name, { follow: false, tail: 1 })).toEqual(['Ende']);
          const after = Date.parse(followed[3]?.at ?? '') / 1000 + 1;
          expect(await textsOf(name, { follow: false, since: after })).toEqual([]);
        }),
      TEST_MS,
    );
  }

  test(
    'describes a container from its making to its end',
    () =>
      withContainer({ Cmd: ['--alias', 'm'], Env: ['A=1'], Entrypoint: ['/bin/llama-server'] }, async (name, id) => {
        const created = await engine.inspect(name);
        expect(created).toMatchObject({
          id,
          name,
          image,
          status: 'created',
          startedAt: undefined,
          entrypoint: ['/bin/llama-server'],
          args: ['--alias', 'm'],
          imageId: (await engine.imageId(image)) ?? '',
        });
        expect(created?.env).toContain('A=1');
        expect((await engine.list(LABEL)).map((facts) => facts.name)).toContain(name);
        expect(await engine.list(`${LABEL}=2`)).toEqual([]);
        await engine.start(name);
        // Starting what runs is no error, nor is stopping what has stopped.
        await engine.start(name);
        expect((await engine.inspect(name))?.status).toBe('running');
        const ended = engine.wait(name);
        await engine.stop(name, 5_000);
        await engine.stop(name, 5_000);
        expect(await engine.inspect(name)).toMatchObject({ status: 'exited', exitCode: await ended, oomKilled: false });
      }),
    TEST_MS,
  );

  test(
    'ends a follower when its reader has had enough',
    () =>
      withContainer({}, async (name) => {
        await engine.start(name);
        const enough = new AbortController();
        const seen: string[] = [];
        for await (const { text } of engine.logs(name, { follow: true }, enough.signal)) {
          seen.push(text);
          if (text.includes('serves on')) enough.abort();
        }
        expect(seen.at(-1)).toContain('serves on');
      }),
    TEST_MS,
  );

  test('says that there is no such container, image or volume', async () => {
    const none = `${LABEL}-none`;
    expect(await engine.inspect(none)).toBeUndefined();
    expect(await engine.imageId(`${none}:1`)).toBeUndefined();
    expect(await engine.hasVolume(none)).toBe(false);
    expect(await rejectionOf(engine.start(none))).toMatchObject({ fault: 'missing' });
    expect(await rejectionOf(linesOf(none, { follow: false }))).toMatchObject({ fault: 'missing' });
    expect(await rejectionOf(engine.create(none, { Image: `${none}:1` }))).toMatchObject({ fault: 'missing' });
  });

  test(
    'does not give one name twice',
    () =>
      withContainer({}, async (name) => {
        const refused = await rejectionOf(engine.create(name, { Image: image }));
        expect(refused).toMatchObject({ fault: 'conflict', message: expect.stringContaining('docker rm -f') });
      }),
    TEST_MS,
  );
});
