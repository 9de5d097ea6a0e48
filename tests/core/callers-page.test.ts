// Does the page for callers name what the code reads: request classes with their hints, headers, and name prefixes?
import { expect, test } from 'bun:test';
import { PICKER_PREFIXES } from '#core/model-names';
import { hintOf, type RequestClass } from '#core/request-class';

const page = await Bun.file(new URL('../../docs/reference/callers.md', import.meta.url)).text();

const CLASSES: Record<RequestClass, true> = {
  main: true,
  subagent: true,
  workflow: true,
  compaction: true,
  auxiliary: true,
  'side-reply': true,
  title: true,
  memory: true,
  prewarm: true,
};

test('every request class stands beside what it is routed as', () => {
  for (const name of Object.keys(CLASSES) as RequestClass[]) {
    const row = page.split('\n').find((line) => line.startsWith('|') && line.split('|')[1]?.includes(`\`${name}\``));
    expect([name, row?.split('|')[2]?.trim()]).toEqual([
      name,
      hintOf(name) ? `\`${hintOf(name)?.workClass}\`` : 'as named',
    ]);
  }
});

test('every header and every source of a session is there', async () => {
  const sources = ['session', 'harness-table', 'anvil-headers'].map((name) =>
    Bun.file(new URL(`../../src/core/${name}.ts`, import.meta.url)).text(),
  );
  const read =
    (await Promise.all(sources)).join('\n').match(/'(?:x-[a-z-]+|session[-_]id|thread-id|traceparent)'/g) ?? [];
  expect(read.length).toBeGreaterThan(15);
  expect([...new Set(read)].map((name) => name.slice(1, -1)).filter((name) => !page.includes(`\`${name}\``))).toEqual(
    [],
  );
});

test('every prefix is there', () => {
  for (const prefix of [...PICKER_PREFIXES, 'anvil/', 'anvil:']) expect(page).toContain(`\`${prefix}\``);
});
