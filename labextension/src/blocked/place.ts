// The cell and the notebook that a box stands in.

import type { Cell, ICodeCellModel } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

export interface Place {
  panel: NotebookPanel;
  cell: Cell<ICodeCellModel>;
}

/** Find them from a node inside the cell's output; null outside notebooks. */
export function placeOf(node: Node, tracker: INotebookTracker | null): Place | null {
  const panel = tracker?.find(candidate => candidate.content.node.contains(node));
  const cell = panel?.content.widgets.find(candidate => candidate.node.contains(node));
  return panel && cell?.model.type === 'code'
    ? { panel, cell: cell as Cell<ICodeCellModel> }
    : null;
}
