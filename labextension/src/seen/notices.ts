// One notice for each value that a kernel said and that was replaced on its way here.

import { Notification } from '@jupyterlab/apputils';
import type { Events, Exposed } from '../events.ts';

export class SeenNotices {
  constructor(events: Events, openPanel: () => void) {
    events.exposed.connect((_, exposed) => show(exposed, openPanel));
  }
}

/** Only pages of vendors, as the rules name them: whatever else the server says is no link. */
function vendorPage(address: string): string | null {
  return address.startsWith('https://') ? address : null;
}

function show({ label, notebook, revoke }: Exposed, openPanel: () => void): void {
  const place = notebook.split('/').pop() || 'a kernel';
  const page = vendorPage(revoke);
  const actions: Notification.IAction[] = [
    { label: 'Open Secrets', caption: 'Replace the value there', callback: openPanel }
  ];
  if (page) {
    actions.unshift({
      label: 'Revoke it',
      caption: page,
      displayType: 'accent',
      callback: () => void window.open(page, '_blank', 'noopener,noreferrer')
    });
  }
  Notification.warning(
    // JupyterLab shows 140 characters.
    `${place} printed the value of ${label}. It was replaced here, but the kernel has it: rotate it.`,
    { autoClose: false, actions }
  );
}
