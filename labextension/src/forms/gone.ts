// A masked form lives as long as its kernel. In a notebook that is opened again only "model not found"
// would be left of it; its output also has a sentence that says what to do.

import type { ICodeCellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';

const VIEW = 'application/vnd.jupyter.widget-view+json';
/** In an output's metadata: `{"form": LABEL}`; entry_widget.py writes it. */
const OURS = 'jupyter-agent';

type Outputs = ICodeCellModel['outputs'];

interface Output {
  data?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
}

/** Show the sentence in place of each form that no kernel knows any more. */
export async function sayWhatIsGone(panel: NotebookPanel): Promise<void> {
  await panel.context.ready;
  await panel.sessionContext.ready;
  // Taken before the kernel is asked: a form that is shown meanwhile is none of them.
  const found = new Set([...forms(panel)].map(({ id }) => id));
  const kernel = panel.sessionContext.session?.kernel;
  if (found.size === 0 || !kernel) {
    return;
  }
  const alive = await widgets(kernel);
  const { model } = panel.context;
  const before = model.dirty;
  for (const { outputs, index, output, id } of forms(panel)) {
    if (found.has(id) && !alive.has(id)) {
      const { [VIEW]: _, ...data } = output.data ?? {};
      outputs.set(index, { ...output, data } as Parameters<Outputs['set']>[1]);
    }
  }
  // Whoever only looks at a notebook is not asked to save it: the next look says the same.
  model.dirty = before;
}

interface Form {
  outputs: Outputs;
  index: number;
  output: Output;
  id: string;
}

function* forms(panel: NotebookPanel): Generator<Form> {
  for (const cell of panel.model?.cells ?? []) {
    const { outputs } = cell as ICodeCellModel;
    for (let index = 0; index < (outputs?.length ?? 0); index += 1) {
      const output = outputs.get(index).toJSON() as Output;
      const view = output.data?.[VIEW] as { model_id?: string } | undefined;
      if (view?.model_id && output.metadata?.[OURS]) {
        yield { outputs, index, output, id: view.model_id };
      }
    }
  }
}

async function widgets(kernel: Kernel.IKernelConnection): Promise<Set<string>> {
  const { content } = await kernel.requestCommInfo({ target_name: 'jupyter.widget' });
  return new Set(content.status === 'ok' ? Object.keys(content.comms) : []);
}
