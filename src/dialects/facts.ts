/** What does a request say about itself at a glance? Collects the facts of one pass over a body. */
import type { Modality, RequestFacts } from '#core/message';
import { jsonSize } from '#dialects/json';

/** What a dialect's walk over the messages adds up; handed to `finishFacts` once. */
export interface FactsDraft {
  maxOutputTokens: number | undefined;
  readonly systemTexts: string[];
  /** Texts of the first and of the newest user message that carry any. */
  firstUserTexts: readonly string[];
  lastUserTexts: readonly string[];
  lastTurnIsToolResult: boolean;
  messageCount: number;
  messageChars: number;
  imageCount: number;
  readonly modalities: Set<Modality>;
  readonly toolNames: string[];
  /** Offered tools as sent, for their size. */
  tools: unknown;
  needsTools: boolean;
  thinkingEnabled: boolean;
  wantsJson: boolean;
  choices: number | undefined;
}

export const draftFacts = (): FactsDraft => ({
  maxOutputTokens: undefined,
  systemTexts: [],
  firstUserTexts: [],
  lastUserTexts: [],
  lastTurnIsToolResult: false,
  messageCount: 0,
  messageChars: 0,
  imageCount: 0,
  modalities: new Set(),
  toolNames: [],
  tools: undefined,
  needsTools: false,
  thinkingEnabled: false,
  wantsJson: false,
  choices: undefined,
});

/** Notes a user message's texts. One without any visible text is no instruction and leaves the last one standing. */
export const noteUserTexts = (draft: FactsDraft, texts: readonly string[]): void => {
  if (!texts.some((text) => text.trim() !== '')) return;
  if (draft.firstUserTexts.length === 0) draft.firstUserTexts = texts;
  draft.lastUserTexts = texts;
};

/** Counts a message of any role. @returns true for an instruction, whose texts stand apart from the messages' */
export const noteMessageTexts = (draft: FactsDraft, role: unknown, texts: readonly string[]): boolean => {
  draft.messageCount++;
  if (role === 'system' || role === 'developer') {
    draft.systemTexts.push(...texts);
    return true;
  }
  draft.messageChars += total(texts);
  return false;
};

export const noteMedia = (draft: FactsDraft, modality: Exclude<Modality, 'text'>): void => {
  draft.modalities.add(modality);
  if (modality === 'image') draft.imageCount++;
};

const total = (texts: readonly string[]): number => {
  let sum = 0;
  for (const text of texts) sum += text.length;
  return sum;
};

/** Facts whose larger texts are joined, and whose tools are measured, when somebody asks. */
export const finishFacts = (draft: FactsDraft): RequestFacts => {
  let chars: RequestFacts['chars'] | undefined;
  return {
    maxOutputTokens: draft.maxOutputTokens,
    lastTurnIsToolResult: draft.lastTurnIsToolResult,
    messageCount: draft.messageCount,
    imageCount: draft.imageCount,
    modalities: [...draft.modalities],
    toolNames: draft.toolNames,
    needsTools: draft.needsTools,
    thinkingEnabled: draft.thinkingEnabled,
    wantsJson: draft.wantsJson,
    ...(draft.choices === undefined ? {} : { choices: draft.choices }),
    get lastUserText() {
      return draft.lastUserTexts.join('\n');
    },
    get firstUserText() {
      return draft.firstUserTexts.join('\n');
    },
    get systemText() {
      return draft.systemTexts.join('\n');
    },
    get chars() {
      chars ??= {
        system: total(draft.systemTexts),
        messages: draft.messageChars,
        tools: Array.isArray(draft.tools) && draft.tools.length > 0 ? jsonSize(draft.tools) : 0,
      };
      return chars;
    },
  };
};
