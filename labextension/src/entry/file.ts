// A value from a file that a person picks in the page. Pure.

/**
 * The value in a file's bytes, as `secret.without_line_end` in Python has it.
 *
 * A token in a file ends in a line break that editors put there and that is no part of it. A file of
 * several lines, such as a private key, is kept byte for byte: OpenSSH wants its last line break.
 */
export function withoutLineEnd(content: Uint8Array): Uint8Array {
  if (content.at(-1) !== LF) {
    return content;
  }
  const end = content.at(-2) === CR ? -2 : -1;
  const line = content.subarray(0, content.length + end);
  return line.includes(LF) ? content : line;
}

/** `id_ed25519, 411 bytes`: what is shown of it. */
export function describeFile(name: string, bytes: number): string {
  return `${name}, ${bytes === 1 ? '1 byte' : `${bytes.toLocaleString('en')} bytes`}`;
}

const LF = 10;
const CR = 13;
