/** Our source files as the architecture tests read them: paths, text, imports, code without comments and strings. */

export interface SourceFile {
  /** From the root of the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Comments and the insides of strings and regular expressions are blank; line breaks stay. */
  readonly code: string;
  /** Specifiers of static, re-exporting and dynamic imports, type-only ones included. */
  readonly imports: readonly string[];
}

const ROOT = new URL('../../', import.meta.url);

/** What may stand before a slash that begins a regular expression rather than divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\breturn|\btypeof|\bcase|\bin|\bof|=>)\s*$/;

const TOKEN = {
  comment: /\/\/[^\n]*|\/\*[\s\S]*?\*\//y,
  string: /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y,
  regex: /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y,
} as const;

const matchAt = (pattern: RegExp, text: string, index: number): string | undefined => {
  pattern.lastIndex = index;
  return pattern.exec(text)?.[0];
};

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');
const hollow = (text: string): string => `${text.slice(0, 1)}${blank(text.slice(1, -1))}${text.slice(-1)}`;

/** Blanks comments; with `strings` also what is inside quotes, templates and regular expressions. */
export const stripped = (text: string, strings: boolean): string => {
  let out = '';
  let index = 0;
  /** Depth of braces at which each open template placeholder began. */
  const templates: number[] = [];
  let depth = 0;
  const take = (piece: string, shown: string): void => {
    out += shown;
    index += piece.length;
  };
  const template = (): void => {
    const end = /`|\$\{/g;
    let from = index;
    for (;;) {
      end.lastIndex = from;
      const found = end.exec(text);
      const stop = found === null ? text.length : found.index + found[0].length;
      const escaped = found !== null && /(?:^|[^\\])(?:\\\\)*\\$/.test(text.slice(index, found.index));
      if (escaped) {
        from = stop;
        continue;
      }
      const piece = text.slice(index, stop);
      if (found?.[0] === '${') templates.push(depth);
      take(piece, strings ? `${blank(piece.slice(0, -1))}${found?.[0] === '${' ? '{' : '`'}` : piece);
      if (found?.[0] === '${') depth += 1;
      return;
    }
  };
  while (index < text.length) {
    const character = text[index] ?? '';
    const comment = character === '/' ? matchAt(TOKEN.comment, text, index) : undefined;
    if (comment !== undefined) {
      take(comment, blank(comment));
      continue;
    }
    const quote = character === "'" || character === '"' ? matchAt(TOKEN.string, text, index) : undefined;
    const regex =
      character === '/' && BEFORE_REGEX.test(out.slice(-40)) ? matchAt(TOKEN.regex, text, index) : undefined;
    const literal = quote ?? regex;
    if (literal !== undefined) take(literal, strings ? hollow(literal) : literal);
    else if (character === '`') {
      take('`', '`');
      template();
    } else if (character === '}' && templates.at(-1) === depth - 1) {
      templates.pop();
      depth -= 1;
      take('}', '}');
      template();
    } else {
      if (character === '{') depth += 1;
      if (character === '}') depth -= 1;
      take(character, character);
    }
  }
  return out;
};

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)(['"])([^'"\n]+)\1/g;

export const importsOf = (text: string): readonly string[] =>
  [...stripped(text, false).matchAll(IMPORT)].map((match) => match[2] ?? '');

/** Every TypeScript file of the given folders, in order of path. */
export const sourceFiles = async (...folders: readonly string[]): Promise<readonly SourceFile[]> => {
  const glob = new Bun.Glob('**/*.ts');
  const paths: string[] = [];
  for (const folder of folders) {
    for await (const path of glob.scan({ cwd: Bun.fileURLToPath(new URL(folder, ROOT)) })) {
      paths.push(`${folder}/${path.replaceAll('\\', '/')}`);
    }
  }
  return Promise.all(
    paths.sort().map(async (path) => {
      const text = await Bun.file(new URL(path, ROOT)).text();
      return { path, text, code: stripped(text, true), imports: importsOf(text) };
    }),
  );
};

/** The project file behind a specifier: through the `#` table of package.json, or relative. Undefined for a package. */
export const resolveImport = (
  from: string,
  specifier: string,
  table: Readonly<Record<string, string>>,
): string | undefined => {
  if (specifier.startsWith('.')) {
    const path = new URL(specifier, `file:///${from}`).pathname.slice(1);
    return path.endsWith('.ts') || path.endsWith('.json') ? path : `${path}.ts`;
  }
  for (const [pattern, target] of Object.entries(table)) {
    const [prefix = '', suffix] = pattern.split('*');
    if (suffix === undefined ? specifier !== pattern : !specifier.startsWith(prefix)) continue;
    return target.replace('*', specifier.slice(prefix.length)).replace(/^\.\//, '');
  }
  return undefined;
};

export const importTable = async (): Promise<Readonly<Record<string, string>>> => {
  const manifest: { readonly imports: Readonly<Record<string, string>> } = await Bun.file(
    new URL('package.json', ROOT),
  ).json();
  return manifest.imports;
};
