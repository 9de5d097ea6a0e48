/** How a quality profile is read from disk and written back without surprises. */

import {
  PROFILE_SCHEMA,
  type ProfileDocument,
  type ProfileRead,
  readProfileDocument,
  writeProfileDocument,
} from '#core/profile-document';
import { messageOf } from '#core/thrown';
import type { Files } from '#platform/effects';

/** A profile of 10,000 rows has about this many characters. */
const PROFILE_CHARS_MAX = 8 * 1024 * 1024;

const inFile = (path: string, problem: string): string => `profile ${path}: ${problem}`;

const parse = (text: string, path: string): ProfileRead => {
  if (text.length > PROFILE_CHARS_MAX) {
    return { ok: false, problems: [inFile(path, `${text.length} characters, at most ${PROFILE_CHARS_MAX} are read`)] };
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    const reason = messageOf(error);
    return { ok: false, problems: [inFile(path, `not JSON (${reason}); expected an ${PROFILE_SCHEMA} document`)] };
  }
  const read = readProfileDocument(document);
  return read.ok ? read : { ok: false, problems: read.problems.map((problem) => inFile(path, problem)) };
};

/** Reads a v1 or v2 profile. Every problem names the file, and where it lies in a row, the row and the key. */
export const loadProfileFile = async (path: string, files: Pick<Files, 'read'>): Promise<ProfileRead> => {
  try {
    const text = await files.read(path);
    if (text !== undefined) return parse(text, path);
    return { ok: false, problems: [inFile(path, 'no such file; correct [router] profile_path or remove it')] };
  } catch (error) {
    const reason = messageOf(error);
    return { ok: false, problems: [inFile(path, `cannot be read (${reason})`)] };
  }
};

/** Replaces the file by the v2 form of the document, atomically. Rejects when the disk refuses. */
export const saveProfileFile = (
  path: string,
  document: ProfileDocument,
  files: Pick<Files, 'replace'>,
): Promise<void> => files.replace(path, writeProfileDocument(document));
