// What happens to the text in a chat's box. Pure.

/** How a message names a secret. */
export function reference(label: string): string {
  return `{{${label}}}`;
}

/**
 * The text as it was sent, where the box shows that with one line break more; else the text.
 *
 * A chat sends with Enter, and takes the key for itself only when nobody it asks needs time. So while
 * a message is screened, the line break that Enter makes gets into the box.
 */
export function withoutTheEnter(now: string, sent: string): string {
  if (now.length !== sent.length + 1) {
    return now;
  }
  let at = 0;
  while (at < sent.length && now[at] === sent[at]) {
    at += 1;
  }
  // The same line break among others: where they differ first is behind all of them.
  return now[at] === '\n' && now.slice(at + 1) === sent.slice(at) ? sent : now;
}

/** The words that the current word of a box may become: labels, once it has two braces. */
export function completions(word: string | null, labels: readonly string[]): string[] {
  const match = /^(.*)\{\{([A-Za-z0-9_]*)$/s.exec(word ?? '');
  if (!match) {
    return [];
  }
  const [, before = '', begun = ''] = match;
  return labels
    .filter(label => label.startsWith(begun.toUpperCase()))
    .map(label => before + reference(label));
}
