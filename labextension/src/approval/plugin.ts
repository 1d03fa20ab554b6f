import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { Widget } from '@lumino/widgets';
import { IAgent, NAMESPACE } from '../tokens.ts';
import { ApprovalQueue } from './queue.ts';

export const approvalPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAMESPACE}:approval`,
  description: 'Asks a person before a secret is used.',
  autoStart: true,
  requires: [IAgent],
  activate: (app: JupyterFrontEnd, agent: IAgent) => {
    const { contents } = app.serviceManager;
    const queue = new ApprovalQueue(agent, notebook =>
      [...app.shell.widgets('main')].some(widget => {
        const path = pathOf(widget);
        // The page knows paths below the server's folder only.
        return (
          !!path && widget.isVisible && `/${notebook}`.endsWith(`/${contents.localPath(path)}`)
        );
      })
    );
    app.shell.currentChanged?.connect(() => queue.show());
    document.addEventListener('visibilitychange', () => queue.show());
  }
};

function pathOf(widget: Widget): string | undefined {
  return (widget as Widget & { context?: { path: string } }).context?.path;
}
