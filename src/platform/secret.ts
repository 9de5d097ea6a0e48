/** Comparing secrets without telling, by timing, how much of them was right. */
import { timingSafeEqual } from 'node:crypto';

/** SHA-256 of a secret; what is kept and compared instead of the secret itself. */
export const secretDigest = (secret: string): Uint8Array => new Bun.CryptoHasher('sha256').update(secret).digest();

/** Constant-time equality of two digests of equal length. */
export const sameDigest = (left: Uint8Array, right: Uint8Array): boolean => timingSafeEqual(left, right);
