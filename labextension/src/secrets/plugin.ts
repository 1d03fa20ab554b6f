import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { secretsIcon } from '../icons.ts';
import { IAgent, NAMESPACE, OPEN_SECRETS } from '../tokens.ts';
import { SecretsPanel } from './panel.ts';
import { SECTIONS } from './sections.ts';

export const secretsPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAMESPACE}:secrets`,
  description: 'The Secrets side panel.',
  autoStart: true,
  requires: [IAgent],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    agent: IAgent,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ) => {
    const panel = new SecretsPanel(agent, SECTIONS);
    app.shell.add(panel, 'left', { rank: 350, type: 'Secrets' });
    restorer?.add(panel, panel.id);
    app.commands.addCommand(OPEN_SECRETS, {
      label: 'Open Secrets',
      caption: 'Keep API keys, tokens and passwords; use them by label',
      icon: secretsIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => {
        app.shell.activateById(panel.id);
        void panel.refresh();
      }
    });
    palette?.addItem({ command: OPEN_SECRETS, category: 'Secrets' });
  }
};
