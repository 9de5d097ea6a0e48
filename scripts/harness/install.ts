/** How do the real clients get onto this machine? Each at its exact version into a folder of its own, kept between runs. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChild } from '#scripts/harness/child';
import type { Client } from '#scripts/harness/client';

/** The runtime for all of them: OpenClaw needs at least 24.16, the others take it. */
const NODE_VERSION = '24.18.0';
const NODE_PACKAGE = `node-${process.platform}-${process.arch}`;

const INSTALL_MS_MAX = 15 * 60_000;
/** Shown of a failed installation. */
const REASON_CHARS_MAX = 300;
const HERE = Bun.fileURLToPath(new URL('.', import.meta.url));

export type Installed =
  | {
      readonly ok: true;
      /** Folders for PATH: the client's programs, then Node's. */
      readonly path: readonly string[];
      readonly program: (name: string) => string;
    }
  | { readonly ok: false; readonly reason: string };

/** What an installer may see: the way to the registry, and no more of this process's variables. */
const installerEnv = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined &&
        /^(?:PATH|HOME|PIP_|npm_config_|https?_proxy|no_proxy|SSL_CERT|NODE_EXTRA)/i.test(entry[0]),
    ),
  );

/** What the installer calls an error, its first lines; without any, the end of what it said. */
const reasonIn = (text: string): string => {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^npm warn|^npm error\s+at |complete log/.test(line));
  const errors = lines.filter((line) => /error/i.test(line)).map((line) => line.replace(/^npm error /, ''));
  return errors.length > 0 ? errors.join('; ').slice(0, REASON_CHARS_MAX) : lines.join(' ').slice(-REASON_CHARS_MAX);
};

/** Runs an installer once per folder; a folder that holds the mark is complete. */
const once = async (folder: string, steps: readonly (readonly string[])[]): Promise<string | undefined> => {
  const mark = join(folder, '.installed');
  if (await Bun.file(mark).exists()) return undefined;
  await mkdir(folder, { recursive: true });
  for (const command of steps) {
    const ran = await runChild({ command, cwd: folder, env: installerEnv(), limitMs: INSTALL_MS_MAX });
    if (ran.timedOut) return `${command[0]}: nothing within ${INSTALL_MS_MAX / 60_000} minutes`;
    if (ran.exit !== 0) return `${command[0]}: ${reasonIn(ran.err || ran.out)}`;
  }
  await writeFile(mark, '');
  return undefined;
};

const npmInstall = async (folder: string, packages: Readonly<Record<string, string>>): Promise<string | undefined> => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  const specs = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  return once(folder, [['npm', 'install', '--prefix', folder, '--no-audit', '--no-fund', '--save-exact', ...specs]]);
};

/** @returns the folder of the `node` program, or why there is none */
export const installNode = async (cache: string): Promise<Installed> => {
  const folder = join(cache, `node-${NODE_VERSION}`);
  const reason = await npmInstall(folder, { [NODE_PACKAGE]: NODE_VERSION });
  if (reason !== undefined) return { ok: false, reason: `Node ${NODE_VERSION}: ${reason}` };
  const bin = join(folder, 'node_modules', NODE_PACKAGE, 'bin');
  return { ok: true, path: [bin], program: (name) => join(bin, name) };
};

const installPython = async (client: Client, folder: string): Promise<Installed> => {
  const specs = Object.entries(client.packages).map(([name, version]) => `${name}==${version}`);
  const reason = await once(folder, [
    ['python3', '-m', 'venv', folder],
    [join(folder, 'bin', 'pip'), 'install', '--quiet', ...specs],
  ]);
  if (reason !== undefined) return { ok: false, reason };
  const bin = join(folder, 'bin');
  return { ok: true, path: [bin], program: (name) => join(bin, name) };
};

/** Installs a client, or finds it installed by an earlier run. Never rejects because a registry says no. */
export const install = async (client: Client, cache: string): Promise<Installed> => {
  const folder = join(cache, `${client.name}-${client.version}`);
  if (client.registry === 'pypi') return installPython(client, folder);
  const node = await installNode(cache);
  if (!node.ok) return node;
  const reason = await npmInstall(folder, client.packages);
  if (reason !== undefined) return { ok: false, reason };
  const drivers = client.drivers ?? [];
  await Promise.all(drivers.map((file) => copyFile(join(HERE, file), join(folder, file))));
  const bin = join(folder, 'node_modules', '.bin');
  return {
    ok: true,
    path: [bin, ...node.path],
    program: (name) => join(drivers.includes(name) ? folder : bin, name),
  };
};
