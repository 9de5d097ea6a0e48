/** Does a running process take a changed file, by signal and by itself, and keep the old one when the new one is wrong? */

import { describe, expect, test } from 'bun:test';
import { rename, writeFile } from 'node:fs/promises';
import { PROGRAMS } from '#tests/e2e/program';
import { startWorld, type World } from '#tests/e2e/world';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps, eventsFor } from '#tests/support/answers';
import { sseHead } from '#tests/support/fake-tier-steps';
import { chatSeen, readerOf } from '#tests/support/sse';
import { chatRequest } from '#tests/support/two-tiers';

const TEXT = 'The answer, whole.';
const ANSWER = plainAnswer(TEXT);
const RELOADED = /"configuration reloaded"/;
const REFUSED = /"configuration refused; the one in force stays"/;

const post = ({ serving }: World, fields: Record<string, unknown> = {}): Promise<Response> =>
  fetch(`${serving.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(chatRequest({ stream: false, ...fields })),
  });
const mappingOf = async (world: World): Promise<string | null> => {
  const response = await post(world);
  expect(response.status).toBe(200);
  return response.headers.get('x-anvil-mapping');
};
/** Replaces the file as editors do: a new one under the old name. */
const replace = async (world: World, text: string): Promise<void> => {
  await writeFile(`${world.path}.new`, text);
  await rename(`${world.path}.new`, world.path);
};

for (const program of PROGRAMS) {
  describe(`the ${program.name}`, () => {
    test('takes a file that was replaced, without a signal; a stream under way is not disturbed', async () => {
      await using world = await startWorld({ program, config: { tables: '[router.hold]\nallow = "none"\n' } });
      const events = eventsFor('openai-chat', ANSWER);
      world.fast.reply([
        sseHead(),
        { chunk: events.slice(0, 3).join('') },
        { waitFor: 'reloaded' },
        ...events.slice(3).map((chunk) => ({ chunk })),
      ]);
      world.fast.always(answerSteps('openai-chat', false, ANSWER));
      const reader = readerOf(await post(world, { stream: true }));
      await reader.until('The answer');
      await replace(world, world.toml.replace('test.1', 'test.2'));
      await world.serving.logged(RELOADED);
      expect(await mappingOf(world)).toBe('test.2');
      world.fast.release('reloaded');
      expect(chatSeen(await reader.rest())).toMatchObject({ text: TEXT, terminal: true });
    }, 60_000);

    test('takes a file on SIGHUP', async () => {
      await using world = await startWorld({ program });
      world.fast.always(answerSteps('openai-chat', false, ANSWER));
      await writeFile(world.path, world.toml.replace('test.1', 'test.3'));
      world.serving.signal('SIGHUP');
      await world.serving.logged(RELOADED);
      expect(await mappingOf(world)).toBe('test.3');
      world.serving.signal('SIGTERM');
      expect(await world.serving.exited).toBe(0);
    }, 60_000);
  });
}

test('a wrong file is refused with file, line and remedy; the next right one is taken', async () => {
  await using world = await startWorld();
  world.fast.always(answerSteps('openai-chat', false, ANSWER));
  await replace(world, world.toml.replace('mapping_version', 'maping_version'));
  world.serving.signal('SIGHUP');
  await world.serving.logged(REFUSED);
  expect(world.serving.err()).toContain('maping_version');
  expect(world.serving.err()).toContain('mapping_version');
  expect(await mappingOf(world)).toBe('test.1');
  const metrics = await (await fetch(`${world.serving.url}/metrics`)).text();
  expect(metrics).toContain('anvil_config_up_to_date 0');
  await replace(world, world.toml.replace('test.1', 'test.4'));
  await world.serving.logged(RELOADED);
  expect(await mappingOf(world)).toBe('test.4');
}, 60_000);

test('a file that cannot be read is refused, and reloading still works afterwards', async () => {
  await using world = await startWorld();
  world.fast.always(answerSteps('openai-chat', false, ANSWER));
  await rename(world.path, `${world.path}.away`);
  world.serving.signal('SIGHUP');
  await world.serving.logged(REFUSED);
  expect(await mappingOf(world)).toBe('test.1');
  await rename(`${world.path}.away`, world.path);
  await writeFile(world.path, world.toml.replace('test.1', 'test.5'));
  world.serving.signal('SIGHUP');
  await world.serving.logged(RELOADED);
  expect(await mappingOf(world)).toBe('test.5');
}, 60_000);

/** A measured profile with one row; without a fingerprint an allow counts as allow-with-verify, which serves. */
const profile = (decision: 'allow' | 'deny'): string => {
  const row = { tier_id: 'heavy-local', work_class: 'planning', decision, quality_score: 0.9, sample_n: 20 };
  return JSON.stringify({ schema: 'anvil-serving.router.profile_bootstrap/v2', mode: 'live', entries: [row] });
};

test('SIGHUP reads the profile again although the configuration is the same', async () => {
  await using world = await startWorld({
    config: { router: 'profile_path = "profile.json"' },
    files: { 'profile.json': profile('deny') },
  });
  world.heavy.always(answerSteps('openai-chat', true, ANSWER));
  expect((await post(world, { model: 'planning' })).status).toBe(503);
  await world.folder.write('profile.json', profile('allow'));
  world.serving.signal('SIGHUP');
  await world.serving.logged(RELOADED);
  expect((await post(world, { model: 'planning' })).status).toBe(200);
}, 60_000);
