/** On which line does a valid TOML text mention each key? One pass over the text; used for messages only. */

/** Keys and array indexes from the top of the document. */
export type KeyPath = readonly (string | number)[];

interface Place {
  readonly line: number;
  readonly children: Map<string | number, Place>;
  /** Entries of an array of tables so far; a header below it means its last entry. */
  entries: number;
}

const place = (line: number): Place => ({ line, children: new Map(), entries: 0 });

/**
 * Reads the lines of every key: headers, dotted keys, arrays of tables, arrays and inline tables.
 * Answers with the line of the nearest ancestor when the path itself is not in the text.
 */
export const tomlLines = (text: string): ((path: KeyPath) => number | undefined) => {
  const root = new Scan(text).document();
  return (path) => {
    let at = root;
    for (const step of path) {
      const next = at.children.get(step);
      if (next === undefined) break;
      at = next;
    }
    return at === root ? undefined : at.line;
  };
};

/** The cursor. Every method leaves it behind what it read and always moves forward, so the pass is linear. */
class Scan {
  readonly text: string;
  position = 0;
  line = 1;

  constructor(text: string) {
    this.text = text;
    if (text.startsWith('\ufeff')) this.position = 1;
  }

  document(): Place {
    const root = place(1);
    let table = root;
    for (this.blank(); this.position < this.text.length; this.blank()) {
      if (this.peek() === '[') table = this.header(root);
      else this.member(table);
    }
    return root;
  }

  /** `[a.b]` opens a table, `[[a.b]]` a new entry of an array of tables. */
  private header(root: Place): Place {
    const { line } = this;
    this.position++;
    const isArray = this.peek() === '[';
    if (isArray) this.position++;
    const keys = this.keys(']');
    this.position += isArray ? 2 : 1;
    const last = keys.pop() ?? '';
    let at = root;
    for (const key of keys) at = lastEntry(child(at, key, line));
    if (!isArray) return child(at, last, line);
    const array = child(at, last, line);
    return child(array, array.entries++, line);
  }

  private member(table: Place): void {
    const { line } = this;
    let at = table;
    for (const key of this.keys('=')) at = child(at, key, line);
    this.position++;
    this.value(at);
  }

  private value(at: Place): void {
    this.blank();
    const first = this.peek();
    if (first === '[') this.array(at);
    else if (first === '{') this.inlineTable(at);
    else if (first === '"' || first === "'") this.string();
    else this.bareValue();
  }

  /** A number, boolean or date; blanks do not end it, because a date may have one before its time. */
  private bareValue(): void {
    do this.position++;
    while (this.position < this.text.length && !/[\n,\]}#]/.test(this.peek()));
  }

  private array(at: Place): void {
    this.position++;
    for (this.blank(); this.position < this.text.length && this.peek() !== ']'; this.blank()) {
      if (this.peek() === ',') this.position++;
      else this.value(child(at, at.entries++, this.line));
    }
    this.position++;
  }

  private inlineTable(at: Place): void {
    this.position++;
    for (this.blank(); this.position < this.text.length && this.peek() !== '}'; this.blank()) {
      if (this.peek() === ',') this.position++;
      else this.member(at);
    }
    this.position++;
  }

  /** The parts of a dotted key, up to and without `end`. */
  private keys(end: string): string[] {
    const keys: string[] = [];
    while (this.position < this.text.length) {
      this.blank();
      const first = this.peek();
      if (first === end) break;
      if (first === '.') this.position++;
      else keys.push(first === '"' || first === "'" ? this.string() : this.bareKey());
    }
    return keys;
  }

  private bareKey(): string {
    const from = this.position++;
    while (/[A-Za-z0-9_-]/.test(this.peek())) this.position++;
    return this.text.slice(from, this.position);
  }

  /** Any of the four kinds of string; escapes are decoded, which matters for keys only. */
  private string(): string {
    const quote = this.peek();
    const long = this.text.startsWith(quote.repeat(3), this.position);
    const fence = long ? quote.repeat(3) : quote;
    const from = this.position + fence.length;
    this.position = from;
    while (this.position < this.text.length && !this.text.startsWith(fence, this.position)) {
      if (quote === '"' && this.peek() === '\\') this.position++;
      if (this.peek() === '\n') this.line++;
      this.position++;
    }
    const inner = this.text.slice(from, this.position);
    this.position += fence.length;
    // Up to two quotes may precede the closing fence and belong to the text.
    while (long && this.peek() === quote) this.position++;
    return quote === '"' ? unescaped(inner) : inner;
  }

  /** White space, line ends and comments. */
  private blank(): void {
    for (; this.position < this.text.length; this.position++) {
      const character = this.peek();
      if (character === '#') {
        const end = this.text.indexOf('\n', this.position);
        this.position = end === -1 ? this.text.length - 1 : end;
        if (end !== -1) this.line++;
      } else if (character === '\n') this.line++;
      else if (character !== ' ' && character !== '\t' && character !== '\r') return;
    }
  }

  private peek(): string {
    return this.text.charAt(this.position);
  }
}

/** The place of a key below another; the first mention decides its line. */
const child = (parent: Place, key: string | number, line: number): Place => {
  const known = parent.children.get(key);
  if (known !== undefined) return known;
  const created = place(line);
  parent.children.set(key, created);
  return created;
};

const lastEntry = (at: Place): Place => (at.entries > 0 ? (at.children.get(at.entries - 1) ?? at) : at);

const SHORT_ESCAPES: Record<string, string> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', e: '\x1b' };

const unescaped = (text: string): string =>
  text.replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))/g,
    (_match, four, eight, two, short) => {
      const digits = four ?? eight ?? two;
      if (digits !== undefined) return String.fromCodePoint(Number.parseInt(digits, 16));
      return SHORT_ESCAPES[short] ?? short;
    },
  );
