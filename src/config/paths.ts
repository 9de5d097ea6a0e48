/** Where does a path written in a file lead? Text only, for POSIX and Windows spellings; nothing is looked up. */

/** True for `/x`, `\x`, `C:\x` and `C:/x`. */
export const isAbsolutePath = (path: string): boolean => /^(?:[/\\]|[A-Za-z]:[/\\])/.test(path);

/** `~` and `~/x` with the home folder in place; any other path, and all of them without a home, as they are. */
export const expandHome = (path: string, env: (name: string) => string | undefined): string => {
  if (path !== '~' && !/^~[/\\]/.test(path)) return path;
  const home = env('HOME') ?? env('USERPROFILE');
  return home === undefined ? path : home + path.slice(1);
};

/** The folder of a file: `/etc/anvil` for `/etc/anvil/config.toml`; empty for a bare name. */
export const folderOf = (path: string): string => {
  const end = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  return end === 0 ? path.slice(0, 1) : path.slice(0, Math.max(end, 0));
};

/** `path` as seen from `folder`; an absolute path, or an empty folder, leaves it as it is. */
export const pathFrom = (folder: string, path: string): string =>
  folder === '' || isAbsolutePath(path)
    ? path
    : `${folder.replace(/[/\\]+$/, '')}/${path.replace(/^(?:\.[/\\]+)+/, '')}`;
