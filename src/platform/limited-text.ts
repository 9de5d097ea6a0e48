/** How is the text of a reply read without reading more than a limit? */

/** Undefined when there is more of it than `bytesMax`; the rest is given up. Rejects when the connection breaks. */
export const readLimited = async (response: Response, bytesMax: number): Promise<string | undefined> => {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let text = '';
  for (let bytes = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > bytesMax) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
};
