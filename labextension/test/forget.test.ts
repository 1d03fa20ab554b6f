import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Y from 'yjs';
import { forgetAll, holds, replaceForGood } from '../src/blocked/forget.ts';

const VALUE = `zq${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`;

/** A notebook with undo managers on its cells and on itself, as @jupyter/ydoc has them. */
class Notebook {
  readonly ydoc = new Y.Doc();
  readonly cells: Cell[] = [];
  readonly origin = {};
  private readonly ycells = this.ydoc.getArray<Y.Map<unknown>>('cells');
  private readonly undo = new Y.UndoManager([this.ycells], {
    trackedOrigins: new Set([this.origin]),
    doc: this.ydoc
  });

  add(source: string): Cell {
    const ymodel = new Y.Map<unknown>();
    ymodel.set('source', new Y.Text(source));
    this.ydoc.transact(() => this.ycells.push([ymodel]), this.origin);
    const cell = new Cell(this, ymodel);
    this.cells.push(cell);
    return cell;
  }

  clearUndoHistory() {
    this.undo.clear();
  }
}

class Cell {
  readonly ymodel: Y.Map<unknown>;
  readonly undo: Y.UndoManager;
  private readonly notebook: Notebook;

  constructor(notebook: Notebook, ymodel: Y.Map<unknown>) {
    this.notebook = notebook;
    this.ymodel = ymodel;
    this.undo = new Y.UndoManager([ymodel], {
      trackedOrigins: new Set([this]),
      doc: notebook.ydoc,
      captureTimeout: 0
    });
  }

  getSource() {
    return String(this.ymodel.get('source'));
  }

  updateSource(start: number, end: number, value = '') {
    const source = this.ymodel.get('source') as Y.Text;
    source.insert(start, value);
    source.delete(start + value.length, end - start);
  }

  edit(start: number, end: number, value: string) {
    this.transact(() => this.updateSource(start, end, value));
  }

  clearUndoHistory() {
    this.undo.clear();
  }

  transact(change: () => void, undoable = true) {
    this.notebook.ydoc.transact(change, undoable ? this : null);
  }
}

test('a value that was typed, corrected, undone and redone is gone after the replacement', () => {
  const notebook = new Notebook();
  const cell = notebook.add('key = ""');
  for (const [i, character] of [...VALUE].entries()) {
    cell.edit(7 + i, 7 + i, character);
  }
  cell.edit(7, 7 + VALUE.length, ''); // cut,
  cell.edit(7, 7, VALUE); // and pasted again
  cell.undo.undo();
  cell.undo.redo();
  assert.ok(holds(notebook.ydoc, VALUE));

  assert.ok(replaceForGood(notebook, cell, 'key = "[secret:A]"', VALUE));

  assert.equal(cell.getSource(), 'key = "[secret:A]"');
  for (let at = 0; at + 6 <= VALUE.length; at += 1) {
    assert.ok(!holds(notebook.ydoc, VALUE.slice(at, at + 6)), 'a piece of it is left');
  }
  cell.undo.undo();
  assert.equal(cell.getSource(), 'key = "[secret:A]"');
});

test('another cell that never saw the value keeps its undo history', () => {
  const notebook = new Notebook();
  const cell = notebook.add(`a ${VALUE}`);
  const other = notebook.add('x = 1');
  other.edit(4, 5, '2');
  assert.ok(replaceForGood(notebook, cell, 'a', VALUE));
  other.undo.undo();
  assert.equal(other.getSource(), 'x = 1');
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(notebook.ydoc));
  assert.deepEqual(copy.getArray('cells').toJSON(), [{ source: 'a' }, { source: 'x = 1' }]);
});

test('a value that was cut out of another cell is gone from there too', () => {
  const notebook = new Notebook();
  const other = notebook.add(`x = ${VALUE}`);
  other.edit(4, 4 + VALUE.length, '1');
  const cell = notebook.add(VALUE);
  assert.ok(replaceForGood(notebook, cell, 'A', VALUE));
  other.undo.undo();
  assert.equal(other.getSource(), 'x = 1');
});

test('a value that another cell still shows is reported', () => {
  const notebook = new Notebook();
  notebook.add(`x = ${VALUE}`);
  const cell = notebook.add(VALUE);
  assert.equal(replaceForGood(notebook, cell, 'A', VALUE), false);
});

test('what a change takes away from several cells is gone, undo histories and all', () => {
  const notebook = new Notebook();
  const cells = [notebook.add('a = ""'), notebook.add('b = ""'), notebook.add('c = 1')];
  for (const cell of cells.slice(0, 2)) {
    cell.edit(5, 5, VALUE);
    cell.undo.undo();
    cell.undo.redo();
  }
  forgetAll(notebook, () => {
    for (const cell of cells.slice(0, 2)) {
      cell.transact(() => cell.updateSource(5, 5 + VALUE.length, 'mask'), false);
    }
  });
  assert.equal(holds(notebook.ydoc, VALUE), false);
  for (const cell of cells) {
    cell.undo.undo();
  }
  assert.deepEqual(
    cells.map(cell => cell.getSource()),
    ['a = "mask"', 'b = "mask"', 'c = 1']
  );
});
