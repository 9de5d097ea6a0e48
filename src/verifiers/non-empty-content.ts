/** Did the answer say anything at all: visible text, a refusal, or a tool call? */
import type { FinishReason, StreamPart } from '#core/message';
import type { Finding, Verifier, VerifierRun } from '#core/verifier';

const VISIBLE = /\S/;

/** Reasons that explain an empty answer by themselves: it was declined, paused, or cut by the caller's own stop string. */
const EXPLAINED: ReadonlySet<FinishReason> = new Set(['refusal', 'content-filter', 'pause', 'stop-sequence']);

class NonEmptyContent implements VerifierRun {
  #content = false;
  #thinking = false;
  #reason: FinishReason | undefined;

  observe(part: StreamPart): undefined {
    switch (part.type) {
      case 'text-delta':
      case 'refusal-delta':
        if (!this.#content) this.#content = VISIBLE.test(part.text);
        return;
      case 'tool-start':
        this.#content = true;
        return;
      case 'thinking-delta':
      case 'thinking-redacted':
        this.#thinking = true;
        return;
      case 'finish':
        this.#reason = part.reason;
        return;
      default:
        return;
    }
  }

  finish(): Finding | undefined {
    if (this.#content) return undefined;
    if (this.#reason !== undefined && EXPLAINED.has(this.#reason)) return undefined;
    return this.#thinking
      ? { code: 'empty-after-thinking', detail: 'the answer holds thinking but no text and no tool call' }
      : { code: 'empty', detail: 'the answer holds no text and no tool call' };
  }
}

export const nonEmptyContent: Verifier = { name: 'non_empty_content', start: () => new NonEmptyContent() };
