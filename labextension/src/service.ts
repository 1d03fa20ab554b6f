import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { Api } from './api.ts';
import { OpenApprovals } from './approval/open.ts';
import { Events } from './events.ts';
import { IAgent, NAMESPACE } from './tokens.ts';

export const servicePlugin: JupyterFrontEndPlugin<IAgent> = {
  id: `${NAMESPACE}:service`,
  description: 'The way to the jupyter_agent server extension.',
  autoStart: true,
  provides: IAgent,
  activate: (app: JupyterFrontEnd): IAgent => {
    const api = new Api(app.serviceManager.serverSettings);
    const events = new Events(api);
    // A server without our extension has no websocket to keep knocking at; the panel starts it later.
    void api.status().then(
      () => events.start(),
      error => {
        if (error.code !== 'server_absent') {
          events.start();
        }
      }
    );
    events.match.connect((_, { state, why }) => {
      if (state === 'off') {
        Notification.warning(`Exact match off: cells are screened by the rules only. ${why}`, {
          autoClose: 8000
        });
      }
    });
    return { api, events, approvals: new OpenApprovals(api, events) };
  }
};
