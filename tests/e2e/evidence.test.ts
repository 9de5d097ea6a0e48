/** Is what happened still known after the process has ended, and can it be asked for in plain words? */

import { expect, test } from 'bun:test';
import { stat } from 'node:fs/promises';
import { run, serve } from '#tests/e2e/program';
import { startWorld } from '#tests/e2e/world';
import { BAD_ANSWERS, plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { chatRequest } from '#tests/support/two-tiers';

const TABLES = '[router.store]\npath = "evidence/decisions.sqlite"\n[router.hold]\nallow = "all"\n';

test('decisions outlive the process: private file, same records, explained in words', async () => {
  await using world = await startWorld({ config: { tables: TABLES }, files: { 'evidence/.keep': '' } });
  world.fast.always(answerSteps('openai-chat', true, BAD_ANSWERS.truncated.answer));
  world.heavy.always(answerSteps('openai-chat', true, plainAnswer('Hello!')));
  const response = await fetch(`${world.serving.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(chatRequest()),
  });
  await response.text();
  const id = response.headers.get('x-anvil-decision') ?? '';
  const before = await (await fetch(`${world.serving.url}/v1/decisions/${id}`)).json();
  world.serving.signal('SIGTERM');
  expect(await world.serving.exited).toBe(0);

  const file = world.folder.file('evidence/decisions.sqlite');
  expect((await stat(file)).size).toBeGreaterThan(1_000);
  if (process.platform !== 'win32') expect((await stat(file)).mode & 0o077).toBe(0);

  await using explained = await run(['explain', id, '--config', world.path]);
  expect(await explained.exited).toBe(0);
  for (const word of ['fast-local', 'heavy-local', 'not_truncated']) expect(explained.out()).toContain(word);

  await using listed = await run(['decisions', '--json', '--config', world.path]);
  expect(await listed.exited).toBe(0);
  expect(listed.out()).toContain(id);

  await using again = await serve(['--config', world.path]);
  expect(await (await fetch(`${again.url}/v1/decisions/${id}`)).json()).toEqual(before);
}, 60_000);
