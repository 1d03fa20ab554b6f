import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { NAMESPACE } from '../tokens.ts';
import { sayWhatIsGone } from './gone.ts';

export const formsPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAMESPACE}:forms`,
  description: 'Says how to get a masked form again whose kernel is gone.',
  autoStart: true,
  requires: [INotebookTracker],
  activate: (_app: JupyterFrontEnd, tracker: INotebookTracker) => {
    tracker.widgetAdded.connect((_, panel) => {
      // A notebook that is closed meanwhile, or a kernel that ends, leaves everything as it is.
      sayWhatIsGone(panel).catch(() => undefined);
    });
  }
};
