import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, Notification, WidgetTracker } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { desktopIcon } from '../icons.ts';
import { IAgent, NAMESPACE } from '../tokens.ts';
import { DesktopPanel, TITLE } from './panel.ts';
import { MOVE_DESKTOP, OPEN_DESKTOP } from './shapes.ts';
import { ended } from './words.ts';

export const desktopPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAMESPACE}:desktop`,
  description: 'The panel with the secure desktop.',
  autoStart: true,
  requires: [IAgent],
  optional: [ICommandPalette, ILayoutRestorer, ILabShell, INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    agent: IAgent,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    lab: ILabShell | null,
    notebooks: INotebookTracker | null
  ) => {
    // Beside the notebook that was used last; before there is one, at the top.
    const folder = (): string => {
      const path = notebooks?.currentWidget?.context.path ?? '';
      return PathExt.dirname(app.serviceManager.contents.localPath(path));
    };
    const tracker = new WidgetTracker<DesktopPanel>({ namespace: 'jupyter-agent-desktop' });
    const show = (): DesktopPanel => {
      let panel = tracker.currentWidget;
      if (!panel || panel.isDisposed) {
        panel = new DesktopPanel(agent, folder);
        void tracker.add(panel);
      }
      if (!panel.isAttached) {
        // Beside the notebook; Notebook 7 has room for one document only, so there in the side bar.
        app.shell.add(panel, lab ? 'main' : 'right', { mode: 'split-right', type: 'Desktop' });
      }
      app.shell.activateById(panel.id);
      return panel;
    };
    app.commands.addCommand(OPEN_DESKTOP, {
      label: 'Secure desktop',
      caption: 'Sign in to a website in a browser that no notebook and no agent sees into',
      icon: desktopIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            desktop: { type: 'string', description: 'The desktop to look at' },
            url: { type: 'string', description: 'An address for a new one' }
          }
        }
      },
      execute: args => {
        const panel = show();
        if (typeof args.desktop === 'string') {
          panel.choose(args.desktop);
        } else if (typeof args.url === 'string') {
          panel.choose(null, args.url);
        } else {
          void panel.refresh();
        }
      }
    });
    palette?.addItem({ command: OPEN_DESKTOP, category: 'Secrets' });
    if (lab) {
      app.commands.addCommand(MOVE_DESKTOP, {
        label: 'Move the Secure Desktop to the Side, or Back',
        caption: 'Beside the notebook, or in the side bar on the right',
        describedBy: { args: { type: 'object', properties: {} } },
        execute: () => {
          const panel = show();
          const aside = [...app.shell.widgets('right')].includes(panel);
          panel.title.label = aside ? TITLE : ''; // a side bar shows icons
          app.shell.add(
            panel,
            aside ? 'main' : 'right',
            aside ? { mode: 'split-right', type: 'Desktop' } : { type: 'Desktop' }
          );
          app.shell.activateById(panel.id);
        }
      });
      palette?.addItem({ command: MOVE_DESKTOP, category: 'Secrets' });
    }
    void restorer?.restore(tracker, { command: OPEN_DESKTOP, name: () => 'desktop' });
    agent.events.desktop.connect((_, news) => {
      if (news.show !== undefined) {
        show().choose(news.show);
      }
      const panel = tracker.currentWidget;
      if (news.closed !== undefined && panel && !panel.isDisposed) {
        panel.ended(news);
      } else if (news.closed !== undefined) {
        Notification.info(ended(news.why), { autoClose: 8000 });
      }
    });
  }
};
