/** What is a request for in its harness's own workings, and which class of work does that suggest? */
import type { WorkClass } from '#core/work-class';

/** Closed list; the harness's own words are mapped onto it. */
export type RequestClass =
  | 'main'
  | 'subagent'
  | 'workflow'
  | 'compaction'
  | 'auxiliary'
  | 'side-reply'
  | 'title'
  | 'memory'
  | 'prewarm';

/** What a request class suggests for routing. */
export interface ClassHint {
  readonly workClass: WorkClass;
  /** `presets`: may take the place of a canonical preset that asks for harder work; else only of inference. */
  readonly over: 'presets' | 'inference';
  /**
   * Holds for requests that offer no tools: nothing acts on the answer. Their text is the material of a title or
   * summary, not an instruction, so it does not make the gate stricter either.
   */
  readonly toolless: boolean;
}

/**
 * Classes without a row leave routing to the model name: a sub-agent or side reply does real work, and a compaction on
 * another tier than the turns before it would read the whole conversation anew.
 */
const HINTS: Readonly<Partial<Record<RequestClass, ClassHint>>> = {
  title: { workClass: 'chat', over: 'presets', toolless: true },
  auxiliary: { workClass: 'chat', over: 'presets', toolless: true },
  memory: { workClass: 'bounded-edit', over: 'presets', toolless: false },
  compaction: { workClass: 'long-context', over: 'inference', toolless: false },
};

/** Requests beside the conversation, whose prompts share no prefix with it. */
const ASIDE: ReadonlySet<RequestClass> = new Set(['title', 'auxiliary', 'memory', 'side-reply']);

/** True for a request that is no turn of the conversation it belongs to. */
export const isAside = (requestClass: RequestClass | undefined): boolean =>
  requestClass !== undefined && ASIDE.has(requestClass);

export const hintOf = (requestClass: RequestClass): ClassHint | undefined => HINTS[requestClass];
