/** How is a warning that comes again and again told once? */

/** Different ones that are remembered; then all are forgotten, and may be told again. */
const TOLD_MAX = 200;

export const tellOnce = (tell: (message: string) => void): ((message: string) => void) => {
  const told = new Set<string>();
  return (message) => {
    if (told.has(message)) return;
    if (told.size >= TOLD_MAX) told.clear();
    told.add(message);
    tell(message);
  };
};
