// Showing a script so that it reads as it runs. Pure.

// Characters that change how text looks without being seen: controls, zero-width characters,
// direction overrides ("Trojan Source", CVE-2021-42574), tags and odd line breaks.
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]/gu;

/** The text with every unseen character spelled out, as in `⟨U+202E⟩`. */
export function visible(text: string): string {
  return text.replace(
    UNSEEN,
    character => `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`
  );
}

/** A command given as words, each quoted where it would fall apart otherwise. */
export function words(argv: readonly string[]): string {
  return argv
    .map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`))
    .join(' ');
}
