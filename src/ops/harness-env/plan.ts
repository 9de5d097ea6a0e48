/** What does configuring a harness consist of: files and what goes into them, variables, the line to run, facts to know? */
import type { Edit } from '#platform/document-edit';

export type FileFormat = 'json' | 'toml' | 'yaml';

export interface FilePlan {
  /** Below the home folder, with forward slashes. */
  readonly path: string;
  /** The variable that moves the harness's folder elsewhere, and the start of `path` that it stands for. */
  readonly moved?: { readonly env: string; readonly folder: string };
  readonly format: FileFormat;
  readonly edits: readonly Edit[];
}

export interface HarnessPlan {
  readonly title: string;
  readonly files: readonly FilePlan[];
  /** Lines for a shell. A key appears as a reference to its variable, never as its value. */
  readonly shell: readonly string[];
  /** How it is started then. */
  readonly run: string;
  /** What its user must know. */
  readonly notes: readonly string[];
  /** Set where its file would hold the key itself: then nothing is written, and this says what to do. */
  readonly notWritten?: string;
}
