import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { approvalPlugin } from './approval/plugin.ts';
import { blockedPlugin } from './blocked/plugin.ts';
import { chatPlugin } from './chat/plugin.ts';
import { desktopPlugin } from './desktop/plugin.ts';
import { formsPlugin } from './forms/plugin.ts';
import { maskedPlugin } from './masked/plugin.ts';
import { secretsPlugin } from './secrets/plugin.ts';
import { seenPlugin } from './seen/plugin.ts';
import { servicePlugin } from './service.ts';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  servicePlugin,
  secretsPlugin,
  blockedPlugin,
  chatPlugin,
  desktopPlugin,
  approvalPlugin,
  maskedPlugin,
  formsPlugin,
  seenPlugin
];

export default plugins;
