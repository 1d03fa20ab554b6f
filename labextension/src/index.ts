import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { approvalPlugin } from './approval/plugin.ts';
import { blockedPlugin } from './blocked/plugin.ts';
import { secretsPlugin } from './secrets/plugin.ts';
import { servicePlugin } from './service.ts';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  servicePlugin,
  secretsPlugin,
  blockedPlugin,
  approvalPlugin
];

export default plugins;
