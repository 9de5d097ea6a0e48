/** Which part of a user message is the caller's own instruction, without pasted code, diffs, logs, quotes or injected
 * context blocks. */
import { type DiffState, diffAfter, OUTSIDE_DIFF } from '#core/pasted-diff';
import { type Fence, fenceAfter, fenceOf, openFenceAt } from '#core/pasted-fence';
import { looksLikeCode, looksLikeLog } from '#core/pasted-line';

/** Characters read at either end of a long message: the middle of a paste holds no instruction. */
const WINDOW_CHARS = 8_192;

/**
 * Elements that harnesses put into user turns and that are not the user's words: reminders, environment, command
 * output, attached files, transcripts. Names are lower case.
 */
const CONTEXT_TAGS: ReadonlySet<string> = new Set([
  'attached_files',
  'available_skills',
  'bash-stderr',
  'bash-stdout',
  'context',
  'diff',
  'document',
  'documents',
  'environment_context',
  'environment_details',
  'file',
  'file_content',
  'files',
  'function_results',
  'ide_opened_file',
  'ide_selection',
  'local-command-caveat',
  'local-command-stderr',
  'local-command-stdout',
  'log',
  'logs',
  'new-diagnostics',
  'output',
  'session',
  'stderr',
  'stdout',
  'system-reminder',
  'system_reminder',
  'tool-output',
  'tool-result',
  'tool_output',
  'tool_result',
  'transcript',
  'user_instructions',
]);

/** Context blocks between plain markers. */
const CONTEXT_MARKERS: readonly (readonly [open: string, close: string])[] = [
  ['BEGIN_OPENCLAW_INTERNAL_CONTEXT', 'END_OPENCLAW_INTERNAL_CONTEXT'],
];

const TAG_NAME = /<([A-Za-z][A-Za-z_-]{1,39})(?=[\s>])/y;
const INLINE_CODE = /`[^`\n]*`/g;
const QUOTED = /"[^"\n]{0,200}"|“[^”\n]{0,200}”|«[^»\n]{0,200}»/g;
const TAG = /<\/?[A-Za-z][^<>\n]{0,200}>/g;
const LIST_ITEM = /^\s*(?:[-*+•]|\d{1,3}[.)])\s/;

/** Removes marker-delimited blocks with the angle brackets around them; an unclosed one runs to the end. */
const dropMarked = (text: string): string => {
  let rest = text;
  for (const [open, close] of CONTEXT_MARKERS) {
    const kept: string[] = [];
    let from = 0;
    for (let at = rest.indexOf(open); at !== -1; at = rest.indexOf(open, from)) {
      kept.push(rest.slice(from, at).replace(/<{1,8}$/, ''));
      const end = rest.indexOf(close, at);
      from = end === -1 ? rest.length : end + close.length;
      for (let brackets = 0; brackets < 8 && rest[from] === '>'; brackets += 1) from += 1;
    }
    if (from > 0) rest = [...kept, rest.slice(from)].join('\n');
  }
  return rest;
};

/** Removes context elements. One without a closing tag loses the rest only when the text is `cut` there. */
const dropElements = (text: string, cut: boolean): string => {
  const kept: string[] = [];
  const unclosed = new Set<string>();
  let from = 0;
  for (let at = text.indexOf('<'); at !== -1; at = text.indexOf('<', Math.max(at + 1, from))) {
    TAG_NAME.lastIndex = at;
    const name = TAG_NAME.exec(text)?.[1];
    if (name === undefined || unclosed.has(name) || !CONTEXT_TAGS.has(name.toLowerCase())) continue;
    const close = `</${name}>`;
    const end = text.indexOf(close, at);
    if (end === -1 && !cut) {
      unclosed.add(name);
      continue;
    }
    kept.push(text.slice(from, at));
    from = end === -1 ? text.length : end + close.length;
  }
  return from === 0 ? text : [...kept, text.slice(from)].join('\n');
};

/** Drops what precedes a closing tag whose opening lies in the unread middle. */
const dropStrayEnd = (tail: string): string => {
  let from = 0;
  for (const name of CONTEXT_TAGS) {
    const close = tail.indexOf(`</${name}>`);
    if (close === -1) continue;
    const open = tail.indexOf(`<${name}`);
    if (open === -1 || open > close) from = Math.max(from, close + name.length + 3);
  }
  return tail.slice(from);
};

const isIndentedCode = (line: string, isAfterBlank: boolean): boolean =>
  isAfterBlank && (line.startsWith('    ') || line.startsWith('\t')) && !LIST_ITEM.test(line);

const withoutTags = (line: string): string => (line.includes('<') ? line.replace(TAG, ' ') : line);

const isPasted = (line: string): boolean =>
  line.trimStart().startsWith('>') || looksLikeCode(withoutTags(line)) || looksLikeLog(line);

const withoutInlinePastes = (line: string): string => {
  let rest = withoutTags(line);
  if (rest.includes('`')) rest = rest.replace(INLINE_CODE, ' ');
  if (rest.includes('"') || rest.includes('“') || rest.includes('«')) rest = rest.replace(QUOTED, ' ');
  return rest;
};

/** The lines of `text` that are the user's own prose; `open` is a fence that began before the text. */
const ownLines = (text: string, open: Fence | undefined, indentIsCode: boolean): string[] => {
  const kept: string[] = [];
  const lines = text.split('\n');
  let fence = open;
  let diff: DiffState = OUTSIDE_DIFF;
  let isAfterBlank = true;
  for (const [index, line] of lines.entries()) {
    const isInside = fence !== undefined;
    const isMarker = fenceOf(line) !== undefined;
    fence = fenceAfter(fence, line);
    if (isInside || isMarker) {
      isAfterBlank = true;
      continue;
    }
    const diffState: DiffState | undefined = diffAfter(diff, line, lines[index + 1]);
    diff = diffState ?? OUTSIDE_DIFF;
    const isIndented: boolean = indentIsCode && isIndentedCode(line, isAfterBlank);
    const isDropped: boolean = diffState !== undefined || isIndented || isPasted(line);
    if (!isDropped) kept.push(withoutInlinePastes(line));
    isAfterBlank = isDropped || line.trim() === '';
  }
  return kept;
};

/** A message indented as a whole (a prompt inside a source file) is prose after all, hence the second try. */
const ownText = (text: string, cut: boolean, fence: Fence | undefined): string => {
  const candidate = dropElements(dropMarked(text), cut);
  const own = ownLines(candidate, fence, true).join('\n').trim();
  return own === '' ? ownLines(candidate, fence, false).join('\n').trim() : own;
};

/**
 * The instruction inside one user message; '' when it holds pasted or injected material only. Linear in the length of
 * the message; of one longer than 16 Ki characters only both ends are read.
 */
export const instructionIn = (text: string): string => {
  if (text.length <= 2 * WINDOW_CHARS) return ownText(text, false, undefined);
  const tailStart = text.length - WINDOW_CHARS;
  const head = ownText(text.slice(0, WINDOW_CHARS), true, undefined);
  const tail = ownText(dropStrayEnd(text.slice(tailStart)), false, openFenceAt(text, tailStart));
  return `${head}\n${tail}`.trim();
};
