/** Does the answer open like a refusal? Lowers the score; never fails an answer, since declining may be right. */
import type { StreamPart } from '#core/message';
import type { Verifier, VerifierRun } from '#core/verifier';

const REFUSAL_SCORE = 0.2;

const OPENERS = [
  "i can't help with",
  'i cannot help with',
  "i can't assist with",
  'i cannot assist with',
  "i'm not able to",
  'i am not able to',
  "i'm unable to",
  'i am unable to',
  "i won't be able to",
  'i will not be able to',
  'as an ai language model',
  "i'm sorry, but i can't",
  "i'm sorry, but i cannot",
] as const;

const OPENER_CHARS_MAX = Math.max(...OPENERS.map((opener) => opener.length));

class RefusalMarker implements VerifierRun {
  #opening = '';
  #refused = false;

  observe(part: StreamPart): undefined {
    if (part.type === 'refusal-delta') this.#refused = true;
    if (part.type !== 'text-delta' || this.#opening.length >= OPENER_CHARS_MAX) return;
    const text = this.#opening === '' ? part.text.trimStart() : part.text;
    this.#opening += text.slice(0, OPENER_CHARS_MAX - this.#opening.length);
  }

  finish(): undefined {
    const opening = this.#opening.toLowerCase().replaceAll('\u2019', "'");
    if (OPENERS.some((opener) => opening.startsWith(opener))) this.#refused = true;
  }

  score(): number {
    return this.#refused ? REFUSAL_SCORE : 1;
  }
}

export const refusal: Verifier = { name: 'refusal_marker', start: () => new RefusalMarker() };
