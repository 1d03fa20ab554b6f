// Mask in an open notebook what its file has masked.

import type { ICodeCellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import { forgetAll, type SharedNotebook } from '../blocked/forget.ts';
import { comparable, type FileCell, maskedFields, maskedParts, sameCell } from './parts.ts';

interface FileContent {
  cells: FileCell[];
  metadata: Record<string, unknown>;
}

type Outputs = ICodeCellModel['outputs'];

/**
 * Take what is masked in the file over into the page, and make the document forget the rest.
 *
 * The file is brought up to date first, so nothing that was typed meanwhile is lost.
 */
export async function maskHere(panel: NotebookPanel, contents: Contents.IManager): Promise<void> {
  const { context } = panel;
  await context.save();
  const file = await contents.get(context.path, { type: 'notebook', content: true });
  const { cells, metadata } = file.content as FileContent;
  const model = panel.model;
  if (!model) {
    return; // closed meanwhile
  }
  const ids = Array.from({ length: model.cells.length }, (_, i) => model.cells.get(i).id);
  const filed = comparable(ids, cells);
  forgetAll(model.sharedModel as unknown as SharedNotebook, () => {
    for (const [name, value] of Object.entries(maskedFields(model.metadata, metadata))) {
      model.setMetadata(name, value);
    }
    for (let i = 0; i < model.cells.length; i += 1) {
      const cell = model.cells.get(i);
      const masked = sameCell(cell.id, i, filed);
      if (!masked) {
        continue;
      }
      const parts = maskedParts(cell.toJSON() as unknown as FileCell, masked);
      const { source } = parts;
      if (source !== undefined) {
        cell.sharedModel.transact(() => cell.sharedModel.setSource(source), false);
      }
      if (parts.outputs && cell.type === 'code') {
        const { outputs } = cell as ICodeCellModel;
        outputs.fromJSON(parts.outputs as Parameters<Outputs['fromJSON']>[0]);
      }
      for (const [name, value] of Object.entries(parts.metadata ?? {})) {
        cell.setMetadata(name, value);
      }
    }
  });
  await context.save();
}
