import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IAgent, NAMESPACE, OPEN_SECRETS } from '../tokens.ts';
import { SeenNotices } from './notices.ts';

export const seenPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAMESPACE}:seen`,
  description: 'Says when a kernel printed a stored value.',
  autoStart: true,
  requires: [IAgent],
  activate: (app: JupyterFrontEnd, agent: IAgent) => {
    new SeenNotices(agent.events, () => void app.commands.execute(OPEN_SECRETS));
  }
};
