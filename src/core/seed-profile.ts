/** The verdicts that hold before anything was measured here: role priors for the three classic tier names. */
import { type ProfileRow, readProfileDocument } from '#core/profile-document';
import document from './data/seed-profile.json';

const readSeed = (): readonly ProfileRow[] => {
  const read = readProfileDocument(document);
  if (!read.ok) throw new Error(`built-in seed profile: ${read.problems.join('; ')}`);
  return read.document.rows;
};

export const SEED_ROWS: readonly ProfileRow[] = readSeed();
