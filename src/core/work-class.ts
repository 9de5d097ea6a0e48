/** Which kinds of work exist, and which presets name them on the wire. Closed sets, in their canonical order. */

/** Keys of the quality profile, in canonical order. */
export const WORK_CLASSES = [
  'chat',
  'bounded-edit',
  'multi-file-refactor',
  'planning',
  'review',
  'long-context',
] as const;
export type WorkClass = (typeof WORK_CLASSES)[number];

/** The canonical wire vocabulary of the `model` field, in canonical order. */
export const PRESET_NAMES = ['planning', 'quick-edit', 'review', 'chat', 'long-context'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

const CLASS_OF_PRESET: Record<PresetName, WorkClass> = {
  planning: 'planning',
  'quick-edit': 'bounded-edit',
  review: 'review',
  chat: 'chat',
  'long-context': 'long-context',
};

const PRESET_OF_CLASS: Record<WorkClass, PresetName> = {
  chat: 'chat',
  'bounded-edit': 'quick-edit',
  'multi-file-refactor': 'review',
  planning: 'planning',
  review: 'review',
  'long-context': 'long-context',
};

export const isWorkClass = (name: string): name is WorkClass => (WORK_CLASSES as readonly string[]).includes(name);
export const isPresetName = (name: string): name is PresetName => (PRESET_NAMES as readonly string[]).includes(name);

/** The work class a canonical preset stands for; undefined for a custom preset, which has no gate of its own. */
export const workClassOfPreset = (preset: string): WorkClass | undefined =>
  isPresetName(preset) ? CLASS_OF_PRESET[preset] : undefined;

/** The preset whose pool serves a work class. */
export const presetOfWorkClass = (workClass: WorkClass): PresetName => PRESET_OF_CLASS[workClass];
