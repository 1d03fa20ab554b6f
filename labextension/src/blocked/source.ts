// Finding things in a cell's source. Pure.

/**
 * The variable that the text at `start` is assigned to, as in `API_KEY = "`, `export API_KEY=`,
 * `"api_key": "`, `environ["API_KEY"] = "` or `api_key="`; null when there is none.
 */
export function assignedName(source: string, start: number): string | null {
  const line = source.slice(source.lastIndexOf('\n', start - 1) + 1, start);
  const match =
    /([A-Za-z_][A-Za-z0-9_]*)["']?\]?\s*(?::\s*[A-Za-z_.[\], ]+)?\s*[:=]\s*[A-Za-z]{0,2}["'`]{0,3}$/.exec(
      line
    );
  return match?.[1] ?? null;
}

/** Where a finding's text stands now: its old place, else the only other one; -1 when unclear. */
export function locate(source: string, text: string, start: number): number {
  if (text === '') {
    return -1;
  }
  if (source.startsWith(text, start)) {
    return start;
  }
  const first = source.indexOf(text);
  return first >= 0 && source.indexOf(text, first + 1) < 0 ? first : -1;
}
