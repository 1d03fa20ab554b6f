import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { OPEN_DESKTOP } from '../desktop/shapes.ts';
import { BLOCKED_MIME, IAgent, NAMESPACE } from '../tokens.ts';
import { BlockedBox } from './box.ts';
import { RanSources } from './ran.ts';

export const blockedPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAMESPACE}:blocked`,
  description: 'The box below a cell that was stopped, with the safer path.',
  autoStart: true,
  requires: [IAgent, IRenderMimeRegistry],
  optional: [INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    agent: IAgent,
    rendermime: IRenderMimeRegistry,
    tracker: INotebookTracker | null
  ) => {
    const ran = new RanSources();
    NotebookActions.executionScheduled.connect((_, { cell }) => ran.remember(cell.model));
    NotebookActions.executed.connect((_, { cell }) => ran.tidy(cell.model));
    const openDesktop = () => void app.commands.execute(OPEN_DESKTOP);
    rendermime.addFactory(
      {
        safe: true, // only text, set as text
        mimeTypes: [BLOCKED_MIME],
        createRenderer: () => new BlockedBox(agent.api, tracker, ran, openDesktop)
      },
      0
    );
  }
};
