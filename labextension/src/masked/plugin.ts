import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IAgent, NAMESPACE } from '../tokens.ts';
import { MaskedNotices } from './notices.ts';

export const maskedPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAMESPACE}:masked`,
  description: 'Says when a saved file is masked and the page is not, and masks the page.',
  autoStart: true,
  requires: [IAgent, INotebookTracker],
  activate: (app: JupyterFrontEnd, agent: IAgent, tracker: INotebookTracker) => {
    new MaskedNotices(agent.events, tracker, app.serviceManager.contents);
  }
};
