import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IAgent, NAMESPACE } from '../tokens.ts';
import { ApprovalQueue } from './queue.ts';

export const approvalPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAMESPACE}:approval`,
  description: 'Asks a person before a secret is used.',
  autoStart: true,
  requires: [IAgent],
  activate: (_app: JupyterFrontEnd, agent: IAgent) => {
    new ApprovalQueue(agent);
  }
};
