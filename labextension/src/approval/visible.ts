// Showing a script so that it reads as it runs. Pure.

// Characters that change how text looks or splits without being seen: controls, direction overrides
// ("Trojan Source", CVE-2021-42574), zero-width characters, tags, spaces that are no space, and the
// braille cell without a dot.
const UNSEEN = /(?![\t\n ])[\p{Cc}\p{Cf}\p{Z}\u2800\p{Default_Ignorable_Code_Point}]/gu;

/** The text with every unseen character spelled out, as in `⟨U+202E⟩`. */
export function visible(text: string): string {
  return text.replace(
    UNSEEN,
    character =>
      `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`
  );
}

/** A command given as words, each quoted where it would fall apart otherwise. */
export function words(argv: readonly string[]): string {
  return argv
    .map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`))
    .join(' ');
}
