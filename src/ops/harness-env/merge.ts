/** What would a harness's files say afterwards, and how are they put there: a backup first, then all at once? */

import { expandHome, pathFrom } from '#config/paths';
import { messageOf } from '#core/thrown';
import type { FileFormat, FilePlan } from '#ops/harness-env/plan';
import type { EditDocument } from '#platform/document-edit';
import type { Effects } from '#platform/effects';
import { editJsonc } from '#platform/jsonc-edit';
import { realPathOf } from '#platform/real-path';
import { editToml } from '#platform/toml-edit';
import { editYaml } from '#platform/yaml-edit';

const EDITORS: Readonly<Record<FileFormat, EditDocument>> = { json: editJsonc, toml: editToml, yaml: editYaml };

/** Characters of a file that is edited; real ones have a few thousand. */
const TEXT_MAX = 1024 * 1024;

/** What a file that does not exist yet would say. */
export const freshText = ({ format, edits, path }: FilePlan): string => {
  const edited = EDITORS[format]('', edits);
  if (!edited.ok) throw new Error(`harness env: the recipe for ${path} does not fit an empty file: ${edited.problem}`);
  return edited.text.endsWith('\n') ? edited.text : `${edited.text}\n`;
};

export interface MergedFile {
  /** Absolute, behind symbolic links. */
  readonly path: string;
  /** Undefined where there was no file. */
  readonly before: string | undefined;
  readonly after: string;
  readonly changed: boolean;
  /** Settings of the owner's that were left as they are although ours differ. */
  readonly kept: readonly string[];
}

export type Merge =
  | { readonly ok: true; readonly files: readonly MergedFile[] }
  | { readonly ok: false; readonly path: string; readonly problem: string };

/** Where the file is for this user; undefined when nothing says where home is. */
const placeOf = ({ path, moved }: FilePlan, env: Effects['env']): string | undefined => {
  const folder = moved === undefined ? undefined : env(moved.env);
  const named =
    moved === undefined || folder === undefined
      ? expandHome(`~/${path}`, env)
      : pathFrom(expandHome(folder, env), path.slice(moved.folder.length + 1));
  return named.startsWith('~') ? undefined : named;
};

const mergeOne = async (plan: FilePlan, effects: Pick<Effects, 'env' | 'files'>): Promise<MergedFile | string> => {
  const named = placeOf(plan, effects.env);
  if (named === undefined) return 'the home folder is not known; set HOME';
  let path: string;
  let before: string | undefined;
  try {
    path = await realPathOf(named);
    before = await effects.files.read(path);
  } catch (error) {
    return `cannot be read: ${messageOf(error)}`;
  }
  if (before === undefined) return { path, before, after: freshText(plan), changed: true, kept: [] };
  if (before.length > TEXT_MAX) return `has more than ${TEXT_MAX} characters`;
  const edited = EDITORS[plan.format](before, plan.edits);
  if (!edited.ok) return edited.problem;
  return { path, before, after: edited.text, changed: edited.text !== before, kept: edited.kept };
};

/** Reads every file and works out what it would say. Writes nothing; the first file that cannot be edited ends it. */
export const mergeFiles = async (
  plans: readonly FilePlan[],
  effects: Pick<Effects, 'env' | 'files'>,
): Promise<Merge> => {
  const files: MergedFile[] = [];
  for (const plan of plans) {
    const merged = await mergeOne(plan, effects);
    if (typeof merged === 'string') return { ok: false, path: `~/${plan.path}`, problem: merged };
    files.push(merged);
  }
  return { ok: true, files };
};

export interface WrittenFile {
  readonly path: string;
  /** Absent where there was no file before. */
  readonly backup?: string;
}

/** 20261121T101530Z: sorts by time, and is a file name everywhere. */
const stampOf = (wall: number): string =>
  new Date(wall).toISOString().replace(/\.\d+/, '').replaceAll('-', '').replaceAll(':', '');

/**
 * Writes what has changed, each file whole or not at all, with a copy of what was there beside it.
 * @throws Error naming the file that could not be written
 */
export const writeFiles = async (
  files: readonly MergedFile[],
  effects: Pick<Effects, 'clock' | 'files'>,
): Promise<readonly WrittenFile[]> => {
  const written: WrittenFile[] = [];
  for (const { path, before, after, changed } of files) {
    if (!changed) continue;
    const backup = before === undefined ? undefined : `${path}.anvil-backup-${stampOf(effects.clock.wall())}`;
    try {
      if (backup !== undefined && before !== undefined) await effects.files.replace(backup, before);
      await effects.files.replace(path, after);
    } catch (error) {
      throw new Error(`${path} cannot be written: ${messageOf(error)} — check the rights of its folder`);
    }
    written.push(backup === undefined ? { path } : { path, backup });
  }
  return written;
};
