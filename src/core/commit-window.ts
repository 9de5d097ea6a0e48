/** What of an answer may leave now, and what waits for a verdict. A pure buffer: no clock, no I/O, no verifiers. */
import type { StreamPart } from '#core/message';
import type { HoldMode } from '#core/tier';

/** `released` leaves in order; `overflow` means the held bytes outgrew the limit and the attempt must be given up. */
export interface WindowStep<T> {
  readonly released: readonly T[];
  readonly overflow: boolean;
}

export interface CommitWindow<T> {
  /**
   * Takes one piece of the answer with its meaning, after the verifiers saw it without objecting.
   * @param bytes size of the piece, in bytes
   */
  push(piece: T, bytes: number, parts: readonly StreamPart[]): WindowStep<T>;
  /** The answer is whole and passed: everything held leaves. */
  release(): readonly T[];
  /** Bytes held now. */
  readonly heldBytes: number;
  /** Most bytes held at any time. */
  readonly heldBytesMax: number;
}

const NOTHING: readonly never[] = [];

/** True when the part is something a reader of the answer can see or act on. */
const isVisible = (part: StreamPart): boolean =>
  (part.type === 'text-delta' || part.type === 'thinking-delta' || part.type === 'refusal-delta') &&
  part.text.trim() !== '';

/**
 * Builds the window of one attempt.
 * - `all` holds everything until `release`.
 * - `block` lets prose and thinking through from the first visible character; a tool call is held from its start
 *   until every open call has ended, and everything from the finish on is held until `release`.
 * - `none` lets everything through from the first part that carries model output or a finish.
 */
export const createCommitWindow = <T>(mode: HoldMode, bytesMax: number): CommitWindow<T> => {
  let held: T[] = [];
  let heldBytes = 0;
  let heldBytesMax = 0;
  let begun = false;
  let openCalls = 0;
  let finishing = false;

  const takeHeld = (): readonly T[] => {
    const released = held;
    held = [];
    heldBytes = 0;
    return released;
  };

  const hold = (piece: T, bytes: number): WindowStep<T> => {
    held.push(piece);
    heldBytes += bytes;
    if (heldBytes > heldBytesMax) heldBytesMax = heldBytes;
    return { released: NOTHING, overflow: heldBytes > bytesMax };
  };

  const letThrough = (piece: T): WindowStep<T> => {
    if (held.length === 0) return { released: [piece], overflow: false };
    held.push(piece);
    return { released: takeHeld(), overflow: false };
  };

  const pushNone = (piece: T, bytes: number, parts: readonly StreamPart[]): WindowStep<T> => {
    begun ||= parts.some((part) => isVisible(part) || part.type === 'tool-start' || part.type === 'finish');
    return begun ? letThrough(piece) : hold(piece, bytes);
  };

  const pushBlock = (piece: T, bytes: number, parts: readonly StreamPart[]): WindowStep<T> => {
    const wasFinishing = finishing;
    let settled = false;
    for (const part of parts) {
      if (part.type === 'tool-start') openCalls++;
      else if (part.type === 'tool-end') {
        openCalls--;
        settled ||= openCalls === 0;
      } else if (part.type === 'finish') finishing = true;
      else begun ||= isVisible(part);
    }
    begun ||= settled;
    if (begun && !finishing && openCalls === 0) return letThrough(piece);
    const released = settled && !wasFinishing ? takeHeld() : NOTHING;
    return { released, overflow: hold(piece, bytes).overflow };
  };

  return {
    push(piece, bytes, parts) {
      if (mode === 'all') return hold(piece, bytes);
      return mode === 'none' ? pushNone(piece, bytes, parts) : pushBlock(piece, bytes, parts);
    },
    release: takeHeld,
    get heldBytes() {
      return heldBytes;
    },
    get heldBytesMax() {
      return heldBytesMax;
    },
  };
};
