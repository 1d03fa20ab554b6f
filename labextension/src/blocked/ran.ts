// What a cell said when it was run. Findings count into that text, not into what stands there now.

import type { ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import { BLOCKED_MIME } from '../tokens.ts';

export class RanSources {
  // Weak, and emptied as soon as a cell turns out not to be blocked: this may hold a value.
  private readonly sources = new WeakMap<ICellModel, string>();

  remember(model: ICellModel): void {
    this.sources.set(model, model.sharedModel.getSource());
  }

  /** The remembered source; undefined for a box that came with the notebook's file. */
  get(model: ICellModel): string | undefined {
    return this.sources.get(model);
  }

  forget(model: ICellModel): void {
    this.sources.delete(model);
  }

  /** A cell is done: forget it unless it was blocked. */
  tidy(model: ICellModel): void {
    const outputs = model.type === 'code' ? (model as ICodeCellModel).outputs : null;
    for (let i = 0; outputs && i < outputs.length; i += 1) {
      if (BLOCKED_MIME in outputs.get(i).data) {
        return;
      }
    }
    this.forget(model);
  }
}
