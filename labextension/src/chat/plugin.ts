// Jupyter AI's chat, where there is one. Nothing here is loaded, or missed, where there is none.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { ChatRefused } from '../events.ts';
import { IAgent, NAMESPACE } from '../tokens.ts';
import { ChatGuard } from './guard.ts';

const CHAT = 'jupyterlab-chat-extension:';

export const chatPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAMESPACE}:chat`,
  description: 'Screens messages in Jupyter AI’s chat before they are sent.',
  autoStart: true,
  requires: [IAgent],
  // Lab waits for it before it shows any chat, so that there is none without its guard.
  activate: async (app: JupyterFrontEnd, agent: IAgent): Promise<void> => {
    if (!app.listPlugins().some(id => id.startsWith(CHAT))) {
      return;
    }
    agent.events.chatRefused.connect((_, refused) => tell(refused));
    // Its token is an object in a module that only the chat brings, so it can't stand in `optional`.
    await guard(app, agent).catch(() => {
      Notification.warning(
        'Messages in this chat are not screened in the page: this version of it is not known. See “jupyter agent doctor”.',
        { autoClose: false }
      );
    });
  }
};

async function guard(app: JupyterFrontEnd, agent: IAgent): Promise<void> {
  const { IChatCommandRegistry } = await import('@jupyter/chat');
  const registry = await app.resolveRequiredService(IChatCommandRegistry);
  const say = (text: string) => void Notification.success(text, { autoClose: 6000 });
  registry.addProvider(new ChatGuard(agent.api, agent.events, say));
}

function tell({ path, findings }: ChatRefused): void {
  const what = findings[0]
    ? `it holds a secret (${findings[0].title})`
    : 'it could not be screened';
  Notification.error(`Not stored in ${path}: ${what}. Nothing went to the model.`, {
    autoClose: false
  });
}
