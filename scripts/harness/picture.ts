/** A small valid picture for a model to look at: a PNG written by hand. */
import { deflateSync } from 'node:zlib';

/** Pixels on each side; enough that no client refuses it. */
const SIDE = 48;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Length, type, data and checksum, as PNG's chunks are laid out (W3C PNG, 5.3). */
const chunk = (type: string, data: Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(Bun.hash.crc32(body));
  return Buffer.concat([length, body, sum]);
};

/** A colour gradient in 8-bit RGB, each row without a filter. */
const pixels = (): Buffer => {
  const rows = Array.from({ length: SIDE }, (_, y) =>
    Buffer.from([0, ...Array.from({ length: SIDE }, (_, x) => [200, x * 5, y * 5]).flat()]),
  );
  return Buffer.concat(rows);
};

/** The bytes of the file. */
export const pngBytes = (): Uint8Array => {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIDE, 0);
  header.writeUInt32BE(SIDE, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels())),
    chunk('IEND', Buffer.alloc(0)),
  ]);
};
