/** Where may a relayed event stream be ended with an event of our own, without spoiling one of the server's? */
import { joinBytes } from '#core/bytes';

/** Bytes of one unfinished event that are held back; a longer one passes as it comes. */
const HELD_BYTES_MAX = 1024 * 1024;

export interface WholeFrames {
  /** What of the stream so far ends with a whole event and has not been returned yet; empty while there is none. */
  feed(chunk: Uint8Array): Uint8Array;
  /** What is held, whole or not. */
  rest(): Uint8Array;
  /** False once a part of an event has passed: an event appended now would become part of it. */
  readonly clean: boolean;
}

const LF = 10;
const CR = 13;
/** Bytes of a blank line that an earlier chunk may have ended with. */
const SEAM_BYTES = 3;
const NONE = new Uint8Array(0);

/** Index behind the last blank line: LF LF, LF CR LF or CR CR; 0 when there is none. */
const endOfLastFrame = (bytes: Uint8Array): number => {
  for (let at = bytes.length - 1; at > 0; at--) {
    const byte = bytes[at];
    const before = bytes[at - 1];
    if (byte === LF && (before === LF || (before === CR && bytes[at - 2] === LF))) return at + 1;
    if (byte === CR && before === CR) return at + 1;
  }
  return 0;
};

/**
 * Holds back the beginning of an event until the rest of it is there. No reader could use it earlier, and all bytes pass
 * in their order; but what has passed always ends between two events.
 */
export const createWholeFrames = (): WholeFrames => {
  let held: Uint8Array[] = [];
  let size = 0;
  let seam = NONE as Uint8Array;
  let clean = true;

  const hold = (bytes: Uint8Array): void => {
    if (bytes.length === 0) return;
    held.push(bytes);
    size += bytes.length;
    seam = bytes.length >= SEAM_BYTES ? bytes.subarray(-SEAM_BYTES) : joinBytes([seam, bytes]).subarray(-SEAM_BYTES);
  };
  const take = (): Uint8Array => {
    const bytes = held.length === 0 ? NONE : joinBytes(held);
    held = [];
    size = 0;
    seam = NONE;
    return bytes;
  };
  return {
    feed(chunk) {
      const end = endOfLastFrame(size === 0 ? chunk : joinBytes([seam, chunk])) - (size === 0 ? 0 : seam.length);
      if (end <= 0) {
        hold(chunk);
        if (size <= HELD_BYTES_MAX) return NONE;
        clean = false;
        return take();
      }
      hold(chunk.subarray(0, end));
      const whole = take();
      hold(chunk.subarray(end));
      clean = true;
      return whole;
    },
    rest: take,
    get clean() {
      return clean;
    },
  };
};
