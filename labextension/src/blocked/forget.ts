// Making a notebook document forget a text that was deleted from it.

import * as Y from 'yjs';

/** The part of @jupyter/ydoc's models used here; 4.4 and 4.6 differ elsewhere. */
export interface SharedCell {
  getSource(): string;
  updateSource(start: number, end: number, value?: string): void;
  clearUndoHistory(): void;
  transact(change: () => void, undoable?: boolean): void;
}

export interface SharedNotebook {
  readonly ydoc: Y.Doc;
  clearUndoHistory(): void;
}

/**
 * Replace a cell's source by another so that nothing of the first stays in the document.
 *
 * Undo managers keep what they could bring back, so their history goes first: text that is deleted
 * while nobody keeps it is collected by Yjs at the end of the transaction.
 */
export function replaceForGood(notebook: SharedNotebook, cell: SharedCell, source: string): void {
  cell.clearUndoHistory();
  notebook.clearUndoHistory();
  cell.transact(() => cell.updateSource(0, cell.getSource().length, source), false);
  collect(notebook.ydoc);
}

/**
 * Collect what was deleted earlier: fragments of the value from typing and correcting it were kept
 * for undo then, and letting go of them does not collect them by itself.
 */
export function collect(doc: Y.Doc): void {
  doc.transact(() => {
    Y.tryGc(Y.createDeleteSetFromStructStore(doc.store), doc.store, doc.gcFilter);
  });
}

/** Whether a text stands anywhere in the document, deleted parts included. */
export function holds(doc: Y.Doc, text: string): boolean {
  const needle = new TextEncoder().encode(text);
  const state = Y.encodeStateAsUpdate(doc);
  for (let at = state.indexOf(needle[0] ?? 0); at >= 0; at = state.indexOf(needle[0] ?? 0, at + 1)) {
    if (needle.every((byte, i) => state[at + i] === byte)) {
      return true;
    }
  }
  return false;
}
