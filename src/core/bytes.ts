/** Small byte helpers that several rings need. */

/** The chunks as one array; a single chunk is returned as it is. */
export const joinBytes = (chunks: readonly Uint8Array[]): Uint8Array => {
  const [first] = chunks;
  if (first && chunks.length === 1) return first;
  let size = 0;
  for (const chunk of chunks) size += chunk.length;
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
};
