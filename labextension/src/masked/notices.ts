// One notice for each open notebook whose file was masked while the page still shows the secret.

import { Notification } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import type { Events, Masked } from '../events.ts';
import { maskHere } from './here.ts';

const DONE =
  'Masked here too, and undo can’t bring it back. It stood in a notebook, so treat it as exposed: rotate or revoke it.';
const FAILED = 'It could not be masked here. Save the notebook, then try again.';

export class MaskedNotices {
  private readonly tracker: INotebookTracker;
  private readonly contents: Contents.IManager;
  /** Notices by notebook. One that a person has closed does not come back with each autosave. */
  private readonly shown = new WeakMap<NotebookPanel, string>();

  constructor(events: Events, tracker: INotebookTracker, contents: Contents.IManager) {
    this.tracker = tracker;
    this.contents = contents;
    events.masked.connect((_, masked) => this.saved(masked));
  }

  private saved({ path, count }: Masked): void {
    this.tracker.forEach(panel => {
      if (this.contents.localPath(panel.context.path) !== path) {
        return;
      }
      if (count > 0) {
        this.show(panel);
      } else {
        this.dismiss(panel);
      }
    });
  }

  private show(panel: NotebookPanel): void {
    if (this.shown.has(panel)) {
      return;
    }
    const name = panel.title.label;
    const notice = Notification.warning(
      `${name} was saved with a secret masked. This page still shows it.`,
      {
        autoClose: false,
        actions: [
          {
            label: 'Mask it here too',
            caption: 'Put the masks of the file into this page and clear its undo history',
            displayType: 'accent',
            callback: () => void this.mask(panel)
          }
        ]
      }
    );
    this.shown.set(panel, notice);
    panel.disposed.connect(() => this.dismiss(panel));
  }

  private async mask(panel: NotebookPanel): Promise<void> {
    try {
      await maskHere(panel, this.contents);
    } catch {
      // The reason may quote the notebook; the next save brings the notice back.
      this.dismiss(panel);
      Notification.error(FAILED, { autoClose: 8000 });
      return;
    }
    Notification.success(DONE, { autoClose: 8000 });
  }

  private dismiss(panel: NotebookPanel): void {
    const notice = this.shown.get(panel);
    if (notice !== undefined) {
      this.shown.delete(panel);
      Notification.dismiss(notice);
    }
  }
}
