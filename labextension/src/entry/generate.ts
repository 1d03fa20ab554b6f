// Passwords that a page makes itself, from the browser's random numbers. Pure but for those.

export interface Alphabet {
  id: string;
  title: string;
  characters: string;
}

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';
// No quotes, backslash, $ or blank: what is generated survives shells, URLs' userinfo and .env files.
const SIGNS = '!#%*+,-.:=?@^_~';

export const ALPHABETS: readonly Alphabet[] = [
  { id: 'letters', title: 'Letters and digits', characters: LOWER + UPPER + DIGITS },
  { id: 'signs', title: 'Letters, digits and signs', characters: LOWER + UPPER + DIGITS + SIGNS },
  {
    id: 'clear',
    title: 'Without look-alikes (0O 1lI)',
    characters: (LOWER + UPPER + DIGITS).replace(/[0O1lIo]/g, '')
  },
  { id: 'hex', title: 'Hexadecimal', characters: '0123456789abcdef' },
  { id: 'digits', title: 'Digits only (PIN)', characters: DIGITS }
];

export const SHORTEST = 4;
export const LONGEST = 256;
export const USUAL = 32;

/**
 * A random text.
 *
 * @param characters - Each as likely as any other; at most 256 of them, none twice.
 * @param random - Fills bytes; `crypto.getRandomValues`, which plain-http pages have too.
 */
export function generate(
  length: number,
  characters: string,
  random: (bytes: Uint8Array<ArrayBuffer>) => void = bytes => crypto.getRandomValues(bytes)
): string {
  // Bytes from the last, incomplete round are thrown away: `% n` alone would prefer the first ones.
  const fair = 256 - (256 % characters.length);
  const bytes = new Uint8Array(64);
  let made = '';
  while (made.length < length) {
    random(bytes);
    for (const byte of bytes) {
      if (byte < fair && made.length < length) {
        made += characters[byte % characters.length];
      }
    }
  }
  bytes.fill(0);
  return made;
}

/** How many bits a guess has to get right, rounded down. */
export function bits(length: number, characters: string): number {
  return Math.floor(length * Math.log2(characters.length));
}
