// Which parts of a notebook its file has masked while the page still shows them. Pure.

/** A cell as nbformat 4 writes it; only what is compared here. */
export interface FileCell {
  id?: string;
  source: string | string[];
  outputs?: unknown[];
  metadata?: Record<string, unknown>;
}

/** What has to change in the page; a part that is as in the file is absent. */
export interface MaskedParts {
  source?: string;
  outputs?: unknown[];
  metadata?: Record<string, unknown>;
}

const MARK = '[secret:';

/**
 * Compare one cell of the page with the same cell of the file.
 *
 * Only what holds a mask in the file is taken from there: everything else in the page may be newer.
 */
export function maskedParts(live: FileCell, file: FileCell): MaskedParts {
  const parts: MaskedParts = {};
  const source = joined(file.source);
  if (isMasked(joined(live.source), source)) {
    parts.source = source;
  }
  if (file.outputs && isMasked(live.outputs, file.outputs)) {
    parts.outputs = file.outputs;
  }
  const metadata = maskedFields(live.metadata, file.metadata);
  if (Object.keys(metadata).length > 0) {
    parts.metadata = metadata;
  }
  return parts;
}

/** The fields of some metadata that the file has masked and the page has not. */
export function maskedFields(
  live: Record<string, unknown> | undefined,
  file: Record<string, unknown> | undefined
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(file ?? {}).filter(([name, value]) => isMasked(live?.[name], value))
  );
}

/**
 * The file's cells as `sameCell` may look through them.
 *
 * Scripts that are notebooks (jupytext) keep no ids: each reading makes up others, which say nothing.
 */
export function comparable(ids: readonly string[], cells: readonly FileCell[]): FileCell[] {
  const known = new Set(ids);
  const areMadeUp = ids.length === cells.length && !cells.some(({ id }) => id && known.has(id));
  return areMadeUp ? cells.map(({ id: _, ...cell }) => cell) : [...cells];
}

/** The file's cell for a cell of the page: by its id, or by its place where there are no ids. */
export function sameCell(id: string, index: number, cells: readonly FileCell[]): FileCell | null {
  return cells.find(cell => cell.id === id) ?? (cells[index]?.id ? null : (cells[index] ?? null));
}

function joined(source: string | string[]): string {
  return Array.isArray(source) ? source.join('') : source;
}

function isMasked(live: unknown, file: unknown): boolean {
  const masked = canonical(file);
  return masked.includes(MARK) && masked !== canonical(live);
}

/** JSON in which neither the order of fields nor the cutting of lines makes a difference. */
function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_, part: unknown) => {
    if (Array.isArray(part) && part.length > 0 && part.every(one => typeof one === 'string')) {
      return part.join('');
    }
    if (part && typeof part === 'object' && !Array.isArray(part)) {
      return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
    }
    return part;
  });
}
