// Making a notebook document forget a text that was deleted from it.

import * as Y from 'yjs';

/** The part of @jupyter/ydoc's models used here. */
export interface SharedCell {
  readonly ymodel: Y.Map<unknown>;
  getSource(): string;
  updateSource(start: number, end: number, value?: string): void;
  clearUndoHistory(): void;
  transact(change: () => void, undoable?: boolean): void;
}

export interface SharedNotebook {
  readonly ydoc: Y.Doc;
  readonly cells: readonly SharedCell[];
  clearUndoHistory(): void;
}

/**
 * Replace a cell's source by another so that nothing of a value stays in the document.
 *
 * Undo managers keep what they could bring back, so their history goes first: text that is deleted
 * while nobody keeps it is collected by Yjs at the end of the transaction.
 *
 * @returns Whether the value is gone; if not, another cell or an output shows it.
 */
export function replaceForGood(
  notebook: SharedNotebook,
  cell: SharedCell,
  source: string,
  value: string
): boolean {
  cell.clearUndoHistory();
  notebook.clearUndoHistory();
  cell.transact(() => cell.updateSource(0, cell.getSource().length, source), false);
  collect(
    notebook.ydoc,
    notebook.cells.filter(other => other !== cell)
  );
  if (holds(notebook.ydoc, value)) {
    // It went through another cell once. That costs the others their undo history too.
    for (const other of notebook.cells) {
      other.clearUndoHistory();
    }
    collect(notebook.ydoc, []);
  }
  return !holds(notebook.ydoc, value);
}

/**
 * Change a notebook so that nothing of what the change takes away stays in the document.
 *
 * What went through which cell is not known here, so every undo history goes.
 */
export function forgetAll(notebook: SharedNotebook, change: () => void): void {
  const clear = () => {
    notebook.clearUndoHistory();
    for (const cell of notebook.cells) {
      cell.clearUndoHistory();
    }
  };
  clear();
  change();
  clear(); // metadata goes through undo managers, too
  collect(notebook.ydoc, []);
}

/**
 * Collect what was deleted earlier, but in cells whose undo history goes on.
 *
 * Letting go of kept items does not collect them by itself, and what an undo brought back stays
 * marked as kept for ever; both may be pieces of a value that was typed and corrected.
 */
function collect(doc: Y.Doc, spared: readonly SharedCell[]): void {
  const sparedTypes = new Set<unknown>(spared.map(cell => cell.ymodel));
  doc.transact(transaction => {
    const deleted = Y.createDeleteSetFromStructStore(doc.store);
    Y.iterateDeletedStructs(transaction, deleted, item => {
      if (item instanceof Y.Item && !isInside(item, sparedTypes)) {
        item.keep = false;
      }
    });
    Y.tryGc(deleted, doc.store, doc.gcFilter);
  });
}

function isInside(item: Y.Item, types: Set<unknown>): boolean {
  for (
    let at: Y.Item | null = item;
    at;
    at = (at.parent as Y.AbstractType<unknown> | null)?._item ?? null
  ) {
    if (types.has(at.parent)) {
      return true;
    }
  }
  return false;
}

/** Whether a text stands anywhere in the document, deleted parts included. */
export function holds(doc: Y.Doc, text: string): boolean {
  const needle = new TextEncoder().encode(text);
  const state = Y.encodeStateAsUpdate(doc);
  for (
    let at = state.indexOf(needle[0] ?? 0);
    at >= 0;
    at = state.indexOf(needle[0] ?? 0, at + 1)
  ) {
    if (needle.every((byte, i) => state[at + i] === byte)) {
      return true;
    }
  }
  return false;
}
