/** The lines that people paste are the lines that CI runs, and what pages point at is there. */
import { describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string): Promise<string> => Bun.file(new URL(path, ROOT)).text();
const manifest: {
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
} = await Bun.file(new URL('package.json', ROOT)).json();

const INSTALL = `npx --yes --allow-scripts=bun bun@${manifest.devDependencies.bun} install --frozen-lockfile`;
const TEST_LINE = `${INSTALL} && npx bun run check`;

describe('the lines to paste', () => {
  test('start the demo and run the checks in the README, with the locked version of Bun', async () => {
    const readme = (await read('README.md')).split('\n');
    expect(readme).toContain(`${INSTALL} && npx bun run serve --demo`);
    expect(readme).toContain(TEST_LINE);
  });

  test('are what CI runs', async () => {
    expect(await read('.ci/run')).toContain(TEST_LINE);
    expect(await read('.github/workflows/ci.yml')).toContain(TEST_LINE);
    expect(await read('CONTRIBUTING.md')).toContain(INSTALL);
  });

  test('name scripts that exist', async () => {
    for (const page of ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'Dockerfile']) {
      for (const [, script = ''] of (await read(page)).matchAll(/\bbun run ([a-z:]+)/g)) {
        expect({ page, script, known: script in manifest.scripts }).toEqual({ page, script, known: true });
      }
    }
  });
});

const PAGES = ['*.md', 'docs/**/*.md', 'machines/*.md', 'examples/**/*.md', 'bench/**/*.md'];

describe('links between pages', () => {
  test('lead to files that exist', async () => {
    const pages = PAGES.flatMap((glob) => [...new Bun.Glob(glob).scanSync(Bun.fileURLToPath(ROOT))]);
    expect(pages.length).toBeGreaterThan(5);
    const broken: string[] = [];
    for (const page of pages) {
      for (const [, target = ''] of (await read(page)).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
        if (!existsSync(new URL(target, new URL(page, ROOT)))) broken.push(`${page} → ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });
});

describe('dependencies', () => {
  test('are pinned exactly', () => {
    const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    );
    expect(loose).toEqual([]);
  });

  test('are each defended in the decision about the stack', async () => {
    const page = await read('docs/adr/0001-stack-and-packages.md');
    const undefended = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      (name) => !page.includes(`| ${name} |`) && !page.includes(`\`${name}\``),
    );
    expect(undefended).toEqual([]);
  });
});
