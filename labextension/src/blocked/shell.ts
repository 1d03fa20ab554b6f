// Where in a bash script a text stands: which quoting surrounds each character.
//
// Not a shell parser. It follows quotes, comments, here-documents and substitutions, and calls every
// place that it is not sure of `FIXED`: the caller then says that it can't, and never guesses.
// What the states mean is the "Shell Grammar" and "QUOTING" sections of bash(1).

/** How bash reads a character. In all but FIXED it is taken literally, and an expansion would work. */
export const FIXED = 0;
export const BARE = 1;
export const DOUBLE = 2;
export const SINGLE = 3;
export const HEREDOC = 4;
export type Place = typeof FIXED | typeof BARE | typeof DOUBLE | typeof SINGLE | typeof HEREDOC;

const WORD_BREAK = /[ \t\n;&|()<>]/;
// Outside quotes only these are certain to mean themselves in every position.
const LITERAL = /[\p{L}\p{N}_@%+=:,./^!#~-]/u;

/** Mark each UTF-16 unit of a bash script with its place. */
export function placesOf(script: string): Uint8Array {
  const scanner = new Scanner(script);
  scanner.code(0, false);
  return scanner.places;
}

interface PendingHeredoc {
  delimiter: string;
  quoted: boolean;
  stripTabs: boolean;
}

class Scanner {
  readonly places: Uint8Array;
  private readonly text: string;
  private pending: PendingHeredoc[] = [];

  constructor(text: string) {
    this.text = text;
    this.places = new Uint8Array(text.length); // FIXED until something better is known
  }

  /**
   * Read commands from `at`; return the offset behind them.
   *
   * @param nested - Whether this is the inside of `$(`, which ends at its `)`.
   */
  code(at: number, nested: boolean): number {
    const { text } = this;
    let depth = 0;
    let wordStart = at;
    let i = at;
    while (i < text.length) {
      const c = text[i] as string;
      if (nested && WORD_BREAK.test(c) && text.slice(wordStart, i) === 'case') {
        return text.length; // its patterns hold unpaired parentheses
      }
      if (c === '#' && i === wordStart) {
        i = this.lineEnd(i);
      } else if (c === '\n') {
        i = this.heredocs(i + 1);
        wordStart = i;
      } else if (text.startsWith('<<<', i)) {
        i += 3;
        wordStart = i;
      } else if (text.startsWith('<<', i)) {
        i = this.heredocStart(i + 2);
        wordStart = i;
      } else if (text.startsWith('((', i)) {
        i = this.balanced(i);
        wordStart = i;
      } else if (WORD_BREAK.test(c)) {
        depth += c === '(' ? 1 : c === ')' ? -1 : 0;
        i += 1;
        wordStart = i;
        if (nested && depth < 0) {
          return this.pending.length > 0 ? text.length : i;
        }
      } else if (text.startsWith('\\\n', i)) {
        if (i !== wordStart) {
          return text.length; // the next line goes on inside this word, whatever the word is
        }
        i += 2;
        wordStart = i;
      } else if (c === '\\') {
        i += 2;
      } else if (c === "'") {
        i = this.single(i + 1);
      } else if (c === '"') {
        i = this.double(i + 1);
      } else if (c === '`') {
        i = this.backticks(i + 1);
      } else if (c === '$') {
        i = this.expansion(i, false);
      } else {
        const tilde = c === '~' && (i === wordStart || /[=:]/.test(text[i - 1] ?? ''));
        if (LITERAL.test(c) && !tilde) {
          this.places[i] = BARE;
        }
        i += 1;
      }
    }
    return i;
  }

  private single(at: number): number {
    const end = this.text.indexOf("'", at);
    if (end < 0) {
      return this.text.length;
    }
    this.places.fill(SINGLE, at, end);
    return end + 1;
  }

  private double(at: number): number {
    const { text } = this;
    let i = at;
    while (i < text.length) {
      const c = text[i];
      if (c === '"') {
        return i + 1;
      }
      if (text.startsWith('\\\n', i)) {
        break;
      }
      if (c === '\\') {
        i += 2;
      } else if (c === '`') {
        i = this.backticks(i + 1);
      } else if (c === '$') {
        i = this.expansion(i, true);
      } else {
        this.places[i] = DOUBLE;
        i += 1;
      }
    }
    // A quote that never closes, or a line that goes on in the next one: nothing in it is certain.
    this.places.fill(FIXED, at);
    return text.length;
  }

  /** Read what starts with the `$` at `at`. */
  private expansion(at: number, inDouble: boolean): number {
    const { text } = this;
    if (text.startsWith('$((', at)) {
      return this.balanced(at + 1);
    }
    if (text.startsWith('$(', at)) {
      return this.code(at + 2, true);
    }
    if (text.startsWith('${', at) || text.startsWith('$[', at)) {
      return this.balanced(at + 1);
    }
    if (!inDouble && text.startsWith("$'", at)) {
      return this.ansi(at + 2);
    }
    const name = /^\$(?:[A-Za-z_]\w*|[\d@*#?$!-])/.exec(text.slice(at, at + 200));
    return at + (name ? name[0].length : 1);
  }

  private ansi(at: number): number {
    let i = at;
    while (i < this.text.length && this.text[i] !== "'") {
      i += this.text[i] === '\\' ? 2 : 1;
    }
    return i + 1;
  }

  private backticks(at: number): number {
    let i = at;
    while (i < this.text.length && this.text[i] !== '`') {
      i += this.text[i] === '\\' ? 2 : 1;
    }
    return i + 1;
  }

  /** Skip from the bracket at `at` to behind its partner, quotes minded. All of it stays FIXED. */
  private balanced(at: number): number {
    const { text } = this;
    const open = text[at] as string;
    const close = { '(': ')', '{': '}', '[': ']' }[open];
    let depth = 0;
    let i = at;
    while (i < text.length) {
      const c = text[i];
      if (c === '\\') {
        i += 1;
      } else if (c === "'" || c === '"' || c === '`') {
        // What a quote means in here depends on what surrounds it (`"${x:-'}"`).
        return text.length;
      } else if (c === open) {
        depth += 1;
      } else if (c === close) {
        depth -= 1;
        if (depth === 0) {
          return i + 1;
        }
      }
      i += 1;
    }
    return text.length;
  }

  /** Read the delimiter behind `<<`; its body starts after this line. */
  private heredocStart(at: number): number {
    const { text } = this;
    const stripTabs = text[at] === '-';
    let i = at + (stripTabs ? 1 : 0);
    while (text[i] === ' ' || text[i] === '\t') {
      i += 1;
    }
    let delimiter = '';
    let quoted = false;
    while (i < text.length && !WORD_BREAK.test(text[i] as string)) {
      const c = text[i] as string;
      if (c === "'" || c === '"') {
        const end = text.indexOf(c, i + 1);
        if (end < 0) {
          return text.length;
        }
        quoted = true;
        delimiter += text.slice(i + 1, end);
        i = end + 1;
      } else if (c === '\\') {
        quoted = true;
        delimiter += text[i + 1] ?? '';
        i += 2;
      } else {
        delimiter += c;
        i += 1;
      }
    }
    this.pending.push({ delimiter, quoted, stripTabs });
    return i;
  }

  /** Read the bodies that are due after a line. */
  private heredocs(at: number): number {
    let i = at;
    for (const { delimiter, quoted, stripTabs } of this.pending.splice(0)) {
      const bodyStart = i;
      let bodyEnd = this.text.length;
      while (i < this.text.length) {
        const end = this.lineEnd(i);
        const line = this.text.slice(i, end);
        const lineStart = i;
        i = end + 1;
        if ((stripTabs ? line.replace(/^\t+/, '') : line) === delimiter) {
          bodyEnd = lineStart;
          break;
        }
      }
      if (!quoted) {
        this.heredocBody(bodyStart, bodyEnd);
      }
    }
    return i;
  }

  private heredocBody(at: number, end: number): void {
    const body = this.text.slice(at, end);
    if (/`|\$\(|\$\{|\$\[|\\\n/.test(body)) {
      return; // quoting starts anew in there, or a line goes on in the next one
    }
    for (let i = 0; i < body.length; ) {
      if (body[i] === '\\') {
        i += 2;
      } else if (body[i] === '$') {
        i += (/^\$(?:[A-Za-z_]\w*|[\d@*#?$!-])/.exec(body.slice(i, i + 200)) ?? ['$'])[0].length;
      } else {
        this.places[at + i] = HEREDOC;
        i += 1;
      }
    }
  }

  private lineEnd(at: number): number {
    const end = this.text.indexOf('\n', at);
    return end < 0 ? this.text.length : end;
  }
}
